import { useState } from "preact/hooks";
import { call, useDeed, useLoad, type Loaded } from "../../call.js";
import { Button } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Facts } from "../../kit/facts.js";
import { Choice, faultOf, Text } from "../../kit/field.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { go, to } from "../../route.js";
import { session } from "../../session.js";
import { fill, moment } from "../../words.js";
import { listOf } from "../knowledge/groups.js";
import { Standing, type User } from "../people.js";
import { OneUser } from "../usage/each.js";
import { InviteDialog } from "./invite.js";

/** One of the organisation's people. */
export const PersonScreen = ({ id }: { id: string }) => {
  const t = useTexts();
  const loaded = useLoad<User>(`/admin/users/${encodeURIComponent(id)}`);
  const { data, error, again } = loaded;
  return (
    <Screen title={data ? data.full_name || data.email : t.people.person} up={{ href: to("people"), label: t.people.title }}>
      <Trouble error={error} again={again} />
      {!data && !error && <Loading lines={6} />}
      {data && (
        <>
          <Account user={data} loaded={loaded} />
          <Details user={data} loaded={loaded} />
          <OneUser id={data.id} />
        </>
      )}
    </Screen>
  );
};

const Account = ({ user, loaded }: { user: User; loaded: Loaded<User> }) => {
  const t = useTexts();
  const [asked, ask] = useState<"off" | "delete" | "invite">();
  const close = () => ask(undefined);
  const path = `/admin/users/${user.id}`;
  const isSelf = user.id === session.value?.me.user.id;
  const name = user.full_name || user.email;
  const activate = useDeed(async () => {
    await loaded.change({ is_active: true });
    say(fill(t.people.activated, { name }));
  });
  return (
    <Card title={user.email} actions={<Standing user={user} />}>
      <Facts
        of={[
          [t.people.since, moment(user.created_at)],
          [t.people.last, user.last_login_at ? moment(user.last_login_at) : t.people.never],
        ]}
      />
      {!isSelf && (
        <div class="buttons">
          {user.is_invited && <Button press={() => ask("invite")}>{t.people.inviteAgain}</Button>}
          {user.is_active ? (
            <Button press={() => ask("off")}>{t.people.deactivate}</Button>
          ) : (
            <Button press={() => void activate.run()} isBusy={activate.isBusy}>
              {t.people.activate}
            </Button>
          )}
          <Button icon="trash" press={() => ask("delete")}>
            {t.delete}
          </Button>
        </div>
      )}
      <Trouble error={activate.error} reread={loaded.again} />
      {asked === "invite" && <InviteDialog user={user} close={close} done={loaded.again} />}
      {asked === "off" && (
        <FormDialog
          title={fill(t.people.deactivateOf, { name })}
          kind="danger"
          action={t.people.deactivate}
          close={close}
          reread={loaded.again}
          send={async () => {
            await loaded.change({ is_active: false });
            say(fill(t.people.deactivated, { name }));
          }}
        >
          <p class="lead">{t.people.deactivateLead}</p>
        </FormDialog>
      )}
      {asked === "delete" && (
        <FormDialog
          title={fill(t.people.deleteOf, { name })}
          kind="danger"
          action={t.delete}
          close={close}
          send={async () => {
            await call("DELETE", path);
            say(fill(t.people.deleted, { name }));
            go(to("people"));
          }}
        >
          <p class="lead">{t.people.deleteLead}</p>
        </FormDialog>
      )}
    </Card>
  );
};

const Details = ({ user, loaded }: { user: User; loaded: Loaded<User> }) => {
  const t = useTexts();
  const form = useForm({ full_name: user.full_name, role: user.role, groups: user.groups.join(", ") });
  const { now, saved: before, set } = form;
  const isSelf = user.id === session.value?.me.user.id;
  const body = {
    ...(now.full_name !== before.full_name && { full_name: now.full_name }),
    ...(now.role !== before.role && { role: now.role }),
    ...(now.groups !== before.groups && { groups: listOf(now.groups) }),
  };
  const save = useDeed(async () => {
    await loaded.change(body);
    form.discard();
    say(t.saved);
  });
  return (
    <Card title={t.people.details}>
      <SaveForm save={save} form={form} labels={{ ...t.people, full_name: t.people.name }} reread={loaded.again}>
        <div class="pair">
          <Text label={t.people.name} value={now.full_name} set={set("full_name")} fault={faultOf(save.error, "full_name")} />
          <Choice
            label={t.people.role}
            hint={isSelf ? t.people.self : t.people.roleHints[now.role]}
            isOff={isSelf}
            value={now.role}
            set={set("role")}
            options={[
              ["member", t.people.roles.member],
              ["admin", t.people.roles.admin],
            ]}
          />
        </div>
        <Text label={t.people.groups} hint={t.people.groupsHint} value={now.groups} set={set("groups")} fault={faultOf(save.error, "groups")} />
      </SaveForm>
    </Card>
  );
};
