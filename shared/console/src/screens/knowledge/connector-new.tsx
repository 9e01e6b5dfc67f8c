import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call } from "../../call.js";
import { FormDialog } from "../../kit/dialog.js";
import { Check, Choice, Text } from "../../kit/field.js";
import { useTexts } from "../../preferences.js";
import { go, to } from "../../route.js";
import { everyOptions, type Connector } from "./connectors.js";

type Settings = components["schemas"]["ConnectorSettings"];
type GitHost = components["schemas"]["RepositorySettings"]["server"];

const KINDS = ["site", "bucket", "repository"] as const;
type Kind = (typeof KINDS)[number];
const SERVERS = ["github", "gitlab", "forgejo"] as const satisfies readonly GitHost[];

const EMPTY = {
  name: "",
  url: "",
  hours: "24",
  bucket: "",
  region: "",
  prefix: "",
  accessKey: "",
  secretKey: "",
  virtualHost: false,
  publicUrl: "",
  server: undefined as GitHost | undefined,
  branch: "",
  folder: "",
  token: "",
};

type Form = typeof EMPTY;

/** Whose software a server of that address has, as far as its name tells. */
const serverOf = (url: string): GitHost => {
  if (/\/\/[^/]*gitlab/i.test(url)) return "gitlab";
  return /\/\/[^/]*(codeberg|gitea|forgejo)/i.test(url) ? "forgejo" : "github";
};

/** What is filled in, without what is empty. */
const filled = <T extends Record<string, string | boolean>>(all: T): Partial<T> => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "" && value !== false)) as Partial<T>;

const bodyOf = (kind: Kind, form: Form): Settings => ({
  name: form.name.trim(),
  url: form.url.trim(),
  ...(form.hours && { every_hours: Number(form.hours) }),
  ...(kind === "bucket" && {
    bucket: {
      name: form.bucket.trim(),
      access_key_id: form.accessKey.trim(),
      ...filled({
        region: form.region.trim(),
        prefix: form.prefix.trim(),
        secret_access_key: form.secretKey.trim(),
        virtual_host: form.virtualHost,
        public_url: form.publicUrl.trim(),
      }),
    },
  }),
  ...(kind === "repository" && {
    repository: {
      server: form.server ?? serverOf(form.url),
      ...filled({ branch: form.branch.trim(), folder: form.folder.trim(), token: form.token.trim() }),
    },
  }),
});

/** Names a source: a website, a bucket, or a repository. */
export const NewConnectorDialog = ({ close }: { close: () => void }) => {
  const t = useTexts();
  const [kind, setKind] = useState<Kind>("site");
  const [form, setForm] = useState(EMPTY);
  const set = <N extends keyof Form>(name: N) => (value: Form[N]) => setForm({ ...form, [name]: value });
  const send = async () => {
    const made = await call<Connector>("POST", "/documents/connectors", { body: bodyOf(kind, form) });
    go(to("knowledge", "connectors", made.id));
  };
  const needed = [form.name, form.url, ...(kind === "bucket" ? [form.bucket, form.accessKey, form.secretKey] : [])];
  const of = { site: [t.connectors.url, t.connectors.urlHint], bucket: [t.connectors.store, t.connectors.storeHint], repository: [t.connectors.repository, t.connectors.repositoryHint] }[kind] as [string, string];
  return (
    <FormDialog title={t.connectors.make} close={close} action={t.connectors.make} send={send} isReady={needed.every((one) => one.trim() !== "")}>
      <Choice label={t.connectors.kind} value={kind} set={setKind} options={KINDS.map((one) => [one, t.connectors.kinds[one]] as const)} />
      <Text label={t.connectors.name} hint={t.connectors.nameHint} value={form.name} set={set("name")} hasFocus isRequired />
      <Text label={of[0]} hint={of[1]} type="url" value={form.url} set={set("url")} isRequired isCode />
      {kind === "bucket" && <BucketFields form={form} set={set} />}
      {kind === "repository" && <RepositoryFields form={form} set={set} />}
      <Choice label={t.connectors.every} value={form.hours} set={set("hours")} options={everyOptions(form.hours, t.connectors)} />
    </FormDialog>
  );
};

interface FieldsProps {
  form: Form;
  set: <N extends keyof Form>(name: N) => (value: Form[N]) => void;
}

const BucketFields = ({ form, set }: FieldsProps) => {
  const t = useTexts();
  return (
    <>
      <div class="pair">
        <Text label={t.connectors.bucket} value={form.bucket} set={set("bucket")} isRequired isCode />
        <Text label={t.connectors.region} value={form.region} set={set("region")} isCode placeholder="us-east-1" />
        <Text label={t.connectors.accessKey} value={form.accessKey} set={set("accessKey")} isRequired isCode />
        <Text label={t.connectors.secretKey} hint={t.connectors.secretHint} type="password" value={form.secretKey} set={set("secretKey")} isRequired isCode />
        <Text label={t.connectors.prefix} hint={t.connectors.prefixHint} value={form.prefix} set={set("prefix")} isCode />
        <Text label={t.connectors.publicUrl} hint={t.connectors.publicUrlHint} type="url" value={form.publicUrl} set={set("publicUrl")} isCode />
      </div>
      <Check label={t.connectors.virtualHost} isOn={form.virtualHost} set={set("virtualHost")} />
    </>
  );
};

const RepositoryFields = ({ form, set }: FieldsProps) => {
  const t = useTexts();
  return (
    <div class="pair">
      <Choice label={t.connectors.server} value={form.server ?? serverOf(form.url)} set={(server: GitHost) => set("server")(server)} options={SERVERS.map((one) => [one, t.connectors.serverOf[one]] as const)} />
      <Text label={t.connectors.branch} hint={t.connectors.branchHint} value={form.branch} set={set("branch")} isCode />
      <Text label={t.connectors.folder} hint={t.connectors.folderHint} value={form.folder} set={set("folder")} isCode />
      <Text label={t.connectors.token} hint={t.connectors.tokenHint} type="password" value={form.token} set={set("token")} isCode />
    </div>
  );
};
