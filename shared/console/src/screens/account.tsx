import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, useLoad, usePages } from "../call.js";
import { Button } from "../kit/button.js";
import { FormDialog } from "../kit/dialog.js";
import { faultOf, Text } from "../kit/field.js";
import { useForm } from "../kit/form.js";
import { SaveForm } from "../kit/save.js";
import { Card, Loading, Screen } from "../kit/screen.js";
import { say } from "../kit/say.js";
import { Badge, Listed } from "../kit/table.js";
import { Trouble } from "../kit/trouble.js";
import { useTexts } from "../preferences.js";
import { reread, session } from "../session.js";
import { ago, moment } from "../words.js";
import type { ScreenProps } from "./index.js";

type Login = components["schemas"]["LoginSession"];

/** One's own name, password and logins. */
export const Account = (_: ScreenProps) => {
  const t = useTexts();
  return (
    <Screen title={t.account.title} lead={t.account.lead}>
      <Name />
      <Password />
      <Logins />
    </Screen>
  );
};

const Name = () => {
  const t = useTexts();
  const me = useLoad<components["schemas"]["Me"]>("/login/me");
  const user = me.data?.user;
  const form = useForm({ fullName: user?.full_name ?? "" });
  const save = useDeed(async () => {
    await me.change({ full_name: form.now.fullName });
    await reread();
    form.discard();
    say(t.saved);
  });
  return (
    <Card title={t.account.name} lead={user?.email}>
      <Trouble error={me.error} again={me.again} />
      {!user && !me.error && <Loading lines={2} />}
      {user && (
        <SaveForm save={save} form={form} labels={t.account} reread={me.again}>
          <Text label={t.account.fullName} value={form.now.fullName} set={form.set("fullName")} autocomplete="name" fault={faultOf(save.error, "full_name")} />
        </SaveForm>
      )}
    </Card>
  );
};

const Password = () => {
  const t = useTexts();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const save = useDeed(async () => {
    await call("POST", "/login/password", { body: { current_password: current, new_password: next } });
    setCurrent("");
    setNext("");
    say(t.account.changed);
  });
  return (
    <Card title={t.account.password} lead={t.account.passwordLead}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <input class="hidden" type="text" autocomplete="username" value={session.value?.me.user.email} readOnly tabIndex={-1} aria-hidden="true" />
        <div class="pair">
          <Text label={t.account.current} type="password" autocomplete="current-password" value={current} set={setCurrent} fault={faultOf(save.error, "current_password")} />
          <Text label={t.account.next} hint={t.passwordHint} type="password" autocomplete="new-password" value={next} set={setNext} fault={faultOf(save.error, "new_password")} />
        </div>
        <Trouble error={save.error} />
        <div class="buttons">
          <Button kind="strong" isSubmit isBusy={save.isBusy} isOff={!current || !next}>
            {t.account.change}
          </Button>
        </div>
      </form>
    </Card>
  );
};

const Logins = () => {
  const t = useTexts();
  const pages = usePages<Login>("/login/sessions");
  const [asked, ask] = useState<Login>();
  return (
    <Card title={t.account.logins} lead={t.account.loginsLead}>
      <Listed
        pages={pages}
        label={t.account.logins}
        keyOf={({ id }) => id}
        empty={null}
        columns={[
          { head: t.account.where, cell: (one) => <span dir="auto">{one.user_agent ?? t.account.unknown}</span> },
          { head: t.account.used, cell: (one) => <span title={moment(one.refreshed_at)}>{ago(one.refreshed_at)}</span> },
          { head: t.account.since, kind: "extra", cell: (one) => moment(one.created_at) },
          {
            head: t.account.end,
            kind: "actions",
            cell: (one) =>
              one.current ? (
                <Badge tone="accent">{t.account.this}</Badge>
              ) : (
                <Button kind="quiet" press={() => ask(one)}>
                  {t.account.end}
                  <span class="hidden"> {one.user_agent ?? t.account.unknown}</span>
                </Button>
              ),
          },
        ]}
      />
      {asked && (
        <FormDialog
          title={t.account.endTitle}
          kind="danger"
          action={t.account.end}
          close={() => ask(undefined)}
          send={async () => {
            await call("DELETE", `/login/sessions/${asked.id}`);
            pages.change((items) => items.filter(({ id }) => id !== asked.id));
            say(t.account.ended);
          }}
        >
          <p class="lead">{t.account.endLead}</p>
          <p dir="auto">
            {asked.user_agent ?? t.account.unknown} <span class="small">{ago(asked.refreshed_at)}</span>
          </p>
        </FormDialog>
      )}
    </Card>
  );
};
