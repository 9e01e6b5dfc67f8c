import type { components } from "parlance-client";
import { useLoad, usePages } from "../call.js";
import { LinkButton } from "../kit/button.js";
import { Card, Empty, Screen } from "../kit/screen.js";
import { Badge, Listed } from "../kit/table.js";
import { useTexts } from "../preferences.js";
import { to } from "../route.js";
import { moment, money, number } from "../words.js";
import type { ScreenProps } from "./index.js";
import { NewRehearsal } from "./rehearsals/new.js";
import { RehearsalScreen } from "./rehearsals/rehearsal.js";
import { Sharing } from "./unanswered/sharing.js";

type Schemas = components["schemas"];
export type Rehearsal = Schemas["Rehearsal"];
export const PATH = "/tenants/current/rehearsals";

/** Changes of the prompt, the model or the search, tried on questions that were asked, before they count. */
export const Rehearsals = ({ path: [id] }: ScreenProps) => {
  if (id === "new") return <NewRehearsal />;
  return id ? <RehearsalScreen key={id} id={id} /> : <All />;
};

const All = () => {
  const t = useTexts();
  const pages = usePages<Rehearsal>(PATH, { limit: 20 });
  const tenant = useLoad<Schemas["Tenant"]>("/tenants/current");
  const isShared = tenant.data && (tenant.data.share_unanswered || tenant.data.share_conversations);
  const begin = (
    <LinkButton href={to("rehearsals", "new")} icon="add" kind="strong">
      {t.rehearsals.begin}
    </LinkButton>
  );
  return (
    <Screen title={t.rehearsals.title} lead={t.rehearsals.lead} actions={isShared && begin}>
      {isShared === false && <Sharing setting="share_unanswered" texts={t.unanswered.sharing} changed={tenant.again} />}
      <Card>
        <Listed
          pages={pages}
          label={t.rehearsals.title}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="compare" title={t.rehearsals.emptyTitle} action={isShared && begin}>
              {isShared === false ? t.rehearsals.notShared : t.rehearsals.empty}
            </Empty>
          }
          columns={[
            { head: t.rehearsals.begun, cell: (one) => <a href={to("rehearsals", one.id)}>{moment(one.created_at)}</a> },
            { head: t.rehearsals.sample, cell: (one) => t.rehearsals.samples[one.sample] },
            { head: t.rehearsals.questions, kind: "number", cell: (one) => number(one.questions) },
            { head: t.rehearsals.spent, kind: "number", cell: (one) => money(one.spent) },
            { head: t.rehearsals.state, cell: (one) => <State of={one} /> },
          ]}
        />
      </Card>
    </Screen>
  );
};

/** How it stands, or what became of what it tried. */
export const State = ({ of: { status, decision } }: { of: Rehearsal }) => {
  const t = useTexts();
  if (decision) return <Badge tone={decision === "published" ? "good" : "plain"}>{t.rehearsals.decisions[decision]}</Badge>;
  const tones = { running: "accent", done: "good", stopped: "warn", cancelled: "plain" } as const;
  return <Badge tone={tones[status]}>{t.rehearsals.states[status]}</Badge>;
};
