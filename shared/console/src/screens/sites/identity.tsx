import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, useLoad, type Loaded } from "../../call.js";
import { Button, IconButton } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Area, Choice } from "../../kit/field.js";
import { MadeDialog } from "../../kit/made.js";
import { say } from "../../kit/say.js";
import { Card, Loading } from "../../kit/screen.js";
import { Badge } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { fill, moment } from "../../words.js";
import type { Site } from "../sites.js";

type Schemas = components["schemas"];
type Key = Schemas["IdentityKey"];
type Algorithm = Schemas["IdentityAlgorithm"];

const WAYS = ["off", "optional", "required"] as const;
const ALGORITHMS: Algorithm[] = ["HS256", "ES256", "EdDSA"];

/** Whether visitors say who they are, and the keys by which the organisation's own server signs that. */
export const Identity = ({ site, loaded }: { site: Site; loaded: Loaded<Site> }) => {
  const t = useTexts();
  const path = `/tenants/current/sites/${site.id}/identity-keys`;
  const keys = useLoad<Key[]>(path);
  const [isMaking, make] = useState(false);
  const [deleted, remove] = useState<Key>();
  const choose = useDeed(async (identity: Site["identity"]) => {
    await loaded.change({ identity });
    say(t.saved);
  });
  return (
    <Card
      title={t.identity.title}
      lead={t.identity.lead}
      actions={
        <Button icon="add" press={() => make(true)}>
          {t.identity.add}
        </Button>
      }
    >
      <Choice
        label={t.identity.visitors}
        value={site.identity}
        set={(identity) => void choose.run(identity)}
        options={WAYS.map((way) => [way, t.identity.ways[way]])}
      />
      <Trouble error={choose.error} reread={() => (choose.clear(), loaded.again())} />
      <Trouble error={keys.error} again={keys.again} />
      {!keys.data && !keys.error && <Loading lines={2} />}
      {keys.data?.length === 0 && <p class="hint">{t.identity.none}</p>}
      <ul class="rows">
        {keys.data?.map((key) => (
          <li key={key.id}>
            <strong>{key.algorithm}</strong>
            <code>{key.hint}</code>
            {key.readable ? <Badge tone="good">{t.keys.good}</Badge> : <Badge tone="bad">{t.keys.unreadable}</Badge>}
            <span class="small">{fill(t.keys.setAt, { when: moment(key.created_at) })}</span>
            <span class="rest">
              <IconButton icon="trash" label={fill(t.keys.deleteOf, { name: key.hint })} press={() => remove(key)} />
            </span>
          </li>
        ))}
      </ul>
      {isMaking && <AddKey path={path} close={() => make(false)} done={keys.again} />}
      {deleted && (
        <FormDialog
          title={fill(t.keys.deleteOf, { name: deleted.hint })}
          kind="danger"
          action={t.delete}
          close={() => remove(undefined)}
          send={async () => {
            await call("DELETE", `${path}/${deleted.id}`);
            keys.again();
            say(fill(t.keys.deleted, { name: deleted.hint }));
          }}
        >
          <p class="lead">{t.identity.deleteLead}</p>
        </FormDialog>
      )}
    </Card>
  );
};

const AddKey = ({ path, close, done }: { path: string; close: () => void; done: () => void }) => {
  const t = useTexts();
  const [algorithm, setAlgorithm] = useState<Algorithm>("HS256");
  const [pem, setPem] = useState("");
  const [secret, show] = useState<string>();
  const hasOwn = algorithm !== "HS256";
  const send = async () => {
    const made = await call<Schemas["CreatedIdentityKey"]>("POST", path, { body: { algorithm, ...(hasOwn && { public_key: pem.trim() }) } });
    done();
    if (made.secret) return show(made.secret);
    say(fill(t.keys.added, { name: made.identity_key.hint }));
    close();
  };
  if (secret !== undefined) return <MadeDialog title={t.identity.madeTitle} lead={t.identity.madeLead} label={t.identity.secret} value={secret} close={close} />;
  return (
    <FormDialog
      title={t.identity.add}
      close={close}
      stays
      action={t.identity.add}
      send={send}
      isReady={!hasOwn || pem.trim() !== ""}
    >
      <Choice label={t.identity.algorithm} value={algorithm} set={setAlgorithm} options={ALGORITHMS.map((one) => [one, t.identity.algorithms[one]])} />
      {hasOwn && <Area label={t.identity.publicKey} hint={t.identity.publicKeyHint} value={pem} set={setPem} rows={5} isCode />}
    </FormDialog>
  );
};
