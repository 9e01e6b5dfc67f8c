import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, useLoad } from "../../call.js";
import { Button, IconButton } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Text } from "../../kit/field.js";
import { Card, Loading } from "../../kit/screen.js";
import { say } from "../../kit/say.js";
import { Badge } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { fill, moment } from "../../words.js";

type Schemas = components["schemas"];
type Secret = Schemas["TenantSecret"];

/** The tenant's own keys for providers. They can be replaced and forgotten, and never read. */
export const Keys = ({ changed }: { changed: () => void }) => {
  const t = useTexts();
  const keys = useLoad<Secret[] | { items: Secret[] }>("/tenants/current/secrets");
  const [added, add] = useState<string>();
  const [deleted, remove] = useState<Secret>();
  const items = Array.isArray(keys.data) ? keys.data : keys.data?.items;
  const again = () => {
    keys.again();
    changed();
  };
  return (
    <Card
      title={t.keys.title}
      lead={t.keys.lead}
      actions={
        <Button icon="add" press={() => add("")}>
          {t.keys.add}
        </Button>
      }
    >
      <Trouble error={keys.error} again={keys.again} />
      {!items && !keys.error && <Loading lines={2} />}
      {items?.length === 0 && <p class="hint">{t.keys.none}</p>}
      <ul class="rows">
        {items?.map((key) => (
          <KeyRow key={key.provider} secret={key} tested={keys.again} replace={() => add(key.provider)} remove={() => remove(key)} />
        ))}
      </ul>
      {added !== undefined && <AddKey provider={added} close={() => add(undefined)} done={again} />}
      {deleted && (
        <FormDialog
          title={fill(t.keys.deleteOf, { name: deleted.provider })}
          kind="danger"
          action={t.delete}
          close={() => remove(undefined)}
          send={async () => {
            await call("DELETE", `/tenants/current/secrets/${encodeURIComponent(deleted.provider)}`);
            again();
            say(fill(t.keys.deleted, { name: deleted.provider }));
          }}
        >
          <p class="lead">{t.keys.deleteLead}</p>
        </FormDialog>
      )}
    </Card>
  );
};

/** How a key stands, and a way to find out. */
const KeyRow = ({ secret, tested, replace, remove }: { secret: Secret; tested: () => void; replace: () => void; remove: () => void }) => {
  const t = useTexts();
  const { provider, checked_at, failure } = secret;
  const test = useDeed(async () => {
    const { works, model, failure } = await call<Schemas["KeyTest"]>("POST", `/tenants/current/secrets/${encodeURIComponent(provider)}/test`);
    tested();
    say(works ? fill(model ? t.keys.worksWith : t.keys.works, { name: provider, model: model ?? "" }) : fill(t.keys.worksNot, { name: provider, why: failure?.detail ?? "" }));
  });
  return (
    <li>
      <strong>{provider}</strong>
      <code>…{secret.last4}</code>
      <Health secret={secret} />
      <span class="small">
        {fill(t.keys.setAt, { when: moment(secret.set_at) })}
        {checked_at && ` · ${fill(t.keys.checkedAt, { when: moment(checked_at) })}`}
      </span>
      <span class="rest">
        <button type="button" class="link" onClick={() => void test.run()} disabled={test.isBusy}>
          {test.isBusy ? t.keys.testing : t.keys.test}
          <span class="hidden"> {provider}</span>
        </button>
        <button type="button" class="link" onClick={replace}>
          {t.keys.replace}
          <span class="hidden"> {provider}</span>
        </button>
        <IconButton icon="trash" label={fill(t.keys.deleteOf, { name: provider })} press={remove} />
      </span>
      {failure && (
        <p class="said whole" dir="auto">
          {failure.detail} <code>{failure.code}</code>
        </p>
      )}
      <Trouble error={test.error} />
    </li>
  );
};

const Health = ({ secret: { readable, checked_at, failure } }: { secret: Secret }) => {
  const t = useTexts();
  if (!readable) return <Badge tone="bad">{t.keys.unreadable}</Badge>;
  if (failure) return <Badge tone="bad">{t.keys.bad}</Badge>;
  return checked_at ? <Badge tone="good">{t.keys.good}</Badge> : <Badge>{t.keys.untried}</Badge>;
};

const AddKey = ({ provider, close, done }: { provider: string; close: () => void; done: () => void }) => {
  const t = useTexts();
  const [name, setName] = useState(provider || "openai");
  const [key, setKey] = useState("");
  const send = async () => {
    await call("PUT", `/tenants/current/secrets/${encodeURIComponent(name.trim())}`, { body: { api_key: key.trim() } });
    done();
    say(fill(t.keys.added, { name: name.trim() }));
  };
  return (
    <FormDialog title={t.keys.add} close={close} action={t.save} send={send} isReady={name.trim() !== "" && key.trim() !== ""}>
      <Text label={t.keys.provider} hint={t.keys.providerHint} value={name} set={setName} isCode isOff={provider !== ""} />
      <Text label={t.keys.key} hint={t.keys.keyHint} type="password" value={key} set={setKey} hasFocus isCode />
    </FormDialog>
  );
};
