import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useLoad } from "../../call.js";
import { Button, IconButton } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Text } from "../../kit/field.js";
import { Card, Loading } from "../../kit/screen.js";
import { say } from "../../kit/say.js";
import { Badge } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { fill, moment } from "../../words.js";

type Secret = components["schemas"]["TenantSecret"];

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
          <li key={key.provider}>
            <strong>{key.provider}</strong>
            <code>…{key.last4}</code>
            {key.readable ? <Badge tone="good">{t.keys.good}</Badge> : <Badge tone="bad">{t.keys.unreadable}</Badge>}
            <span class="small">{fill(t.keys.setAt, { when: moment(key.set_at) })}</span>
            <span class="rest">
              <button type="button" class="link" onClick={() => add(key.provider)}>
                {t.keys.replace}
              </button>
              <IconButton icon="trash" label={fill(t.keys.deleteOf, { name: key.provider })} press={() => remove(key)} />
            </span>
          </li>
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
