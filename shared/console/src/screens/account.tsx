import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, usePages } from "../call.js";
import { useCell } from "../cell.js";
import { Button } from "../kit/button.js";
import { faultOf, Text } from "../kit/field.js";
import { Card, Screen } from "../kit/screen.js";
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
  const user = useCell(session)?.me.user;
  const [typed, type] = useState<string>();
  const name = typed ?? user?.full_name ?? "";
  const save = useDeed(async () => {
    await call("PATCH", "/login/me", { body: { full_name: name } });
    await reread();
    type(undefined);
    say(t.saved);
  });
  return (
    <Card title={t.account.name} lead={user?.email}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Text label={t.account.fullName} value={name} set={type} autocomplete="name" fault={faultOf(save.error, "full_name")} />
        <Trouble error={save.error} />
        <div class="buttons">
          <Button kind="strong" isSubmit isBusy={save.isBusy} isOff={name === user?.full_name}>
            {t.save}
          </Button>
        </div>
      </form>
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
  const end = useDeed(async (login: Login) => {
    await call("DELETE", `/login/sessions/${login.id}`);
    pages.change((items) => items.filter(({ id }) => id !== login.id));
    say(t.account.ended);
  });
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
                <Button kind="quiet" press={() => void end.run(one)} isBusy={end.isBusy}>
                  {t.account.end}
                </Button>
              ),
          },
        ]}
      />
      <Trouble error={end.error} />
    </Card>
  );
};
