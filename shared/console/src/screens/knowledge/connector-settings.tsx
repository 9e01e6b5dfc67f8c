import type { components } from "parlance-client";
import { useDeed, type Loaded } from "../../call.js";
import { Area, Check, Choice, faultOf, Text } from "../../kit/field.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Card } from "../../kit/screen.js";
import { useTexts } from "../../preferences.js";
import { everyOptions, type Connector } from "./connectors.js";
import { listOf } from "./groups.js";

type Settings = components["schemas"]["ConnectorSettings"];

const formOf = (connector: Connector) => ({
  name: connector.name,
  url: connector.url,
  every: connector.every_hours?.toString() ?? "",
  is_on: connector.is_on,
  listed: connector.listed,
  include: connector.include.join("\n"),
  exclude: connector.exclude.join("\n"),
  pages: `${connector.max_pages}`,
  depth: `${connector.max_depth}`,
  groups: connector.groups.join(", "),
});

type Form = ReturnType<typeof formOf>;

const linesOf = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter(Boolean);

const isSite = ({ bucket, repository }: Connector): boolean => !bucket && !repository;

/** What only one kind of source has. A secret that is not sent stays. */
const ofItsKind = (form: Form, { bucket, repository, sitemap_url }: Connector): Partial<Settings> => {
  if (bucket) {
    const { name, region, prefix, access_key_id, virtual_host, public_url } = bucket;
    return { bucket: { name, region, prefix, access_key_id, virtual_host, public_url: public_url ?? null } };
  }
  if (repository) return { repository: { server: repository.server, branch: repository.branch ?? null, folder: repository.folder } };
  return { listed: form.listed, max_depth: Number(form.depth), sitemap_url: sitemap_url ?? null };
};

/** It is set as a whole: what has no field here stays as it is. */
const settingsOf = (form: Form, connector: Connector): Settings => ({
  ...ofItsKind(form, connector),
  name: form.name.trim(),
  url: form.url.trim(),
  every_hours: form.every === "" ? null : Number(form.every),
  is_on: form.is_on,
  include: linesOf(form.include),
  exclude: linesOf(form.exclude),
  max_pages: Number(form.pages),
  groups: listOf(form.groups),
  language: connector.language ?? null,
  metadata: connector.metadata,
});

/** What is read of a source, how often, and for whom. */
export const ConnectorSettings = ({ connector, loaded }: { connector: Connector; loaded: Loaded<Connector> }) => {
  const t = useTexts();
  const form = useForm<Form>(formOf(connector));
  const { now, set } = form;
  const save = useDeed(async () => {
    await loaded.change(settingsOf(now, connector), { method: "PUT" });
    form.discard();
    say(t.saved);
  });
  const labels = { ...t.connectors, is_on: t.connectors.isOn, groups: t.knowledge.groups, language: t.knowledge.language, metadata: t.facts.metadata };
  return (
    <Card title={t.connectors.settings}>
      <SaveForm save={save} form={form} labels={labels} reread={loaded.again}>
        <Text label={t.connectors.name} value={now.name} set={set("name")} fault={faultOf(save.error, "name")} />
        <Text label={t.connectors.url} hint={t.connectors.urlHint} type="url" isCode value={now.url} set={set("url")} fault={faultOf(save.error, "url")} />
        <Choice label={t.connectors.every} value={now.every} set={set("every")} options={everyOptions(now.every, t.connectors)} />
        <Check label={t.connectors.isOn} hint={t.connectors.isOnHint} isOn={now.is_on} set={set("is_on")} />
        <details class="more-of">
          <summary>{t.connectors.more}</summary>
          {isSite(connector) && <Check label={t.connectors.listed} isOn={now.listed} set={set("listed")} />}
          <div class="pair">
            <Area label={t.connectors.include} hint={t.connectors.pathsHint} rows={3} isCode value={now.include} set={set("include")} fault={faultOf(save.error, "include")} />
            <Area label={t.connectors.exclude} hint={t.connectors.pathsHint} rows={3} isCode value={now.exclude} set={set("exclude")} fault={faultOf(save.error, "exclude")} />
            <Text label={t.connectors.pages} type="number" min={1} max={5000} value={now.pages} set={set("pages")} fault={faultOf(save.error, "max_pages")} />
            {isSite(connector) && <Text label={t.connectors.depth} type="number" min={0} max={20} value={now.depth} set={set("depth")} fault={faultOf(save.error, "max_depth")} />}
          </div>
          <Text label={t.knowledge.groups} hint={t.knowledge.groupsHint} value={now.groups} set={set("groups")} fault={faultOf(save.error, "groups")} />
        </details>
      </SaveForm>
    </Card>
  );
};
