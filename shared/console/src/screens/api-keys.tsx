import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, usePages } from "../call.js";
import { Button } from "../kit/button.js";
import { FormDialog } from "../kit/dialog.js";
import { Check, Choice, Text } from "../kit/field.js";
import { MadeDialog } from "../kit/made.js";
import { say } from "../kit/say.js";
import { Card, Empty, Screen } from "../kit/screen.js";
import { Badge, Listed } from "../kit/table.js";
import { useTexts } from "../preferences.js";
import { ago, day, fill, moment } from "../words.js";
import type { ScreenProps } from "./index.js";

type Schemas = components["schemas"];
type Key = Schemas["ApiKey"];
type Scope = Schemas["ApiKeyScope"];

const SCOPES: Scope[] = ["chat", "documents", "usage"];

/** Keys by which servers use the assistant. */
export const ApiKeys = (_: ScreenProps) => {
  const t = useTexts();
  const pages = usePages<Key>("/admin/api-keys", { limit: 50 });
  const [isMaking, make] = useState(false);
  const [revoked, revoke] = useState<Key>();
  const button = (
    <Button kind="strong" icon="add" press={() => make(true)}>
      {t.apiKeys.make}
    </Button>
  );
  return (
    <Screen title={t.apiKeys.title} lead={t.apiKeys.lead} actions={button}>
      <Card>
        <Listed
          pages={pages}
          label={t.apiKeys.title}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="key" title={t.apiKeys.emptyTitle} action={button}>
              {t.apiKeys.empty}
            </Empty>
          }
          columns={[
            {
              head: t.apiKeys.name,
              cell: (key) => (
                <span dir="auto">
                  {key.name} <code class="small">{key.hint}</code>
                </span>
              ),
            },
            { head: t.apiKeys.scopes, cell: (key) => key.scopes.map((scope) => t.apiKeys.of[scope]).join(", ") },
            { head: t.apiKeys.used, cell: (key) => (key.last_used_at ? <span title={moment(key.last_used_at)}>{ago(key.last_used_at)}</span> : t.apiKeys.never) },
            { head: t.apiKeys.ends, kind: "extra", cell: (key) => <Ends at={key.expires_at} /> },
            {
              head: t.apiKeys.revoke,
              kind: "actions",
              cell: (key) => (
                <Button kind="quiet" press={() => revoke(key)}>
                  {t.apiKeys.revoke}
                  <span class="hidden"> {key.name}</span>
                </Button>
              ),
            },
          ]}
        />
      </Card>
      {isMaking && <NewKeyDialog close={() => make(false)} done={pages.again} />}
      {revoked && (
        <FormDialog
          title={fill(t.apiKeys.revokeOf, { name: revoked.name })}
          kind="danger"
          action={t.apiKeys.revoke}
          close={() => revoke(undefined)}
          send={async () => {
            await call("DELETE", `/admin/api-keys/${revoked.id}`);
            pages.change((items) => items.filter(({ id }) => id !== revoked.id));
            say(fill(t.apiKeys.revoked, { name: revoked.name }));
          }}
        >
          <p class="lead">{t.apiKeys.revokeLead}</p>
        </FormDialog>
      )}
    </Screen>
  );
};

const Ends = ({ at }: { at: string | null | undefined }) => {
  const t = useTexts();
  if (!at) return <>{t.apiKeys.noEnd}</>;
  return Date.parse(at) < Date.now() ? <Badge tone="bad">{t.apiKeys.ended}</Badge> : <>{day(at)}</>;
};

const NewKeyDialog = ({ close, done }: { close: () => void; done: () => void }) => {
  const t = useTexts();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(["chat"]);
  const [days, setDays] = useState("365");
  const [made, show] = useState<Schemas["CreatedApiKey"]>();
  if (made) {
    return <MadeDialog title={fill(t.apiKeys.madeTitle, { name: made.api_key.name })} lead={t.apiKeys.madeLead} label={t.apiKeys.key} value={made.key} close={close} />;
  }
  const send = async () => {
    const body = { name: name.trim(), scopes, ...(days && { expires_in_days: Number(days) }) };
    const created = await call<Schemas["CreatedApiKey"]>("POST", "/admin/api-keys", { body });
    done();
    show(created);
  };
  return (
    <FormDialog title={t.apiKeys.make} close={close} stays action={t.apiKeys.make} send={send} isReady={name.trim() !== "" && scopes.length > 0}>
      <Text label={t.apiKeys.name} hint={t.apiKeys.nameHint} value={name} set={setName} hasFocus isRequired />
      <fieldset>
        <legend>{t.apiKeys.scopes}</legend>
        {SCOPES.map((scope) => (
          <Check
            key={scope}
            label={t.apiKeys.of[scope]}
            hint={t.apiKeys.hints[scope]}
            isOn={scopes.includes(scope)}
            set={(isOn) => setScopes(SCOPES.filter((one) => (one === scope ? isOn : scopes.includes(one))))}
          />
        ))}
      </fieldset>
      <Choice
        label={t.apiKeys.ends}
        value={days}
        set={setDays}
        options={[
          ["30", fill(t.apiKeys.inDays, { n: 30 })],
          ["90", fill(t.apiKeys.inDays, { n: 90 })],
          ["365", fill(t.apiKeys.inDays, { n: 365 })],
          ["", t.apiKeys.noEnd],
        ]}
      />
    </FormDialog>
  );
};
