import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { usePages } from "../call.js";
import { useCell } from "../cell.js";
import { Button } from "../kit/button.js";
import { Choice } from "../kit/field.js";
import { Card, Empty, Screen } from "../kit/screen.js";
import { Badge, Listed } from "../kit/table.js";
import { Typed } from "../kit/typed.js";
import { useTexts } from "../preferences.js";
import { route, setQuery, to } from "../route.js";
import { ago, moment } from "../words.js";
import type { ScreenProps } from "./index.js";
import { InviteDialog } from "./people/invite.js";
import { PersonScreen } from "./people/person.js";

export type User = components["schemas"]["User"];

export const People = ({ path: [id] }: ScreenProps) => (id === undefined ? <List /> : <PersonScreen key={id} id={id} />);

/** How somebody stands, in a word and a colour. */
export const Standing = ({ user }: { user: User }) => {
  const t = useTexts();
  if (!user.is_active) return <Badge tone="bad">{t.people.inactive}</Badge>;
  if (user.is_invited) return <Badge tone="warn">{t.people.invited}</Badge>;
  return <Badge tone="good">{t.people.active}</Badge>;
};

const List = () => {
  const t = useTexts();
  const { query } = useCell(route);
  const asked = { search: query.get("search") ?? "", role: query.get("role") ?? "", is_active: query.get("active") ?? "" };
  const [isInviting, invite] = useState(false);
  const pages = usePages<User>("/admin/users", { limit: 50, search: asked.search || undefined, role: asked.role || undefined, is_active: asked.is_active || undefined });
  const isFiltered = Boolean(asked.search || asked.role || asked.is_active);
  const inviteButton = (
    <Button kind="strong" icon="add" press={() => invite(true)}>
      {t.people.invite}
    </Button>
  );
  return (
    <Screen title={t.people.title} lead={t.people.lead} actions={inviteButton}>
      <Card>
        <div class="line filters" role="search">
          <Typed name="search" label={t.people.search} />
          <Choice
            label={t.people.role}
            value={asked.role}
            set={(role) => setQuery({ role })}
            options={[
              ["", t.people.all],
              ["admin", t.people.roles.admin],
              ["member", t.people.roles.member],
            ]}
          />
          <Choice
            label={t.people.stands}
            value={asked.is_active}
            set={(active) => setQuery({ active })}
            options={[
              ["", t.people.all],
              ["true", t.people.mayEnter],
              ["false", t.people.inactive],
            ]}
          />
        </div>
        <Listed
          pages={pages}
          label={t.people.title}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="people" title={isFiltered ? t.people.noneTitle : t.people.emptyTitle} action={!isFiltered && inviteButton}>
              {isFiltered ? t.people.none : t.people.empty}
            </Empty>
          }
          columns={[
            {
              head: t.people.name,
              cell: (user) => (
                <a href={to("people", user.id)} dir="auto">
                  {user.full_name || user.email}
                </a>
              ),
            },
            { head: t.people.email, kind: "extra", cell: (user) => user.email },
            { head: t.people.role, cell: (user) => t.people.roles[user.role] },
            { head: t.people.stands, cell: (user) => <Standing user={user} /> },
            { head: t.people.last, kind: "extra", cell: (user) => (user.last_login_at ? <span title={moment(user.last_login_at)}>{ago(user.last_login_at)}</span> : "–") },
          ]}
        />
      </Card>
      {isInviting && <InviteDialog close={() => invite(false)} done={pages.again} />}
    </Screen>
  );
};
