import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { usePages } from "../../call.js";
import { Button } from "../../kit/button.js";
import { Card, Empty, Screen } from "../../kit/screen.js";
import { Badge, Listed } from "../../kit/table.js";
import { useTexts } from "../../preferences.js";
import { to } from "../../route.js";
import { ago, fill, moment, number } from "../../words.js";
import { NewConnectorDialog } from "./connector-new.js";

export type Connector = components["schemas"]["Connector"];
type Run = components["schemas"]["ConnectorRun"];

const TONES = { running: "warn", done: "good", partial: "warn", failed: "bad", cancelled: "plain" } as const;

/** How it went, in a word and a colour. */
export const RunState = ({ run }: { run: Run }) => {
  const t = useTexts();
  return <Badge tone={TONES[run.status]}>{t.connectors.of[run.status]}</Badge>;
};

export const ConnectorState = ({ connector: { is_on, last_run } }: { connector: Connector }) => {
  const t = useTexts();
  if (!is_on) return <Badge>{t.connectors.of.off}</Badge>;
  return last_run ? <RunState run={last_run} /> : <Badge tone="warn">{t.connectors.of.waiting}</Badge>;
};

/** In hours, how often a source can be read; empty: only when somebody asks. */
export const everyOptions = (now: string, { everyOf }: ReturnType<typeof useTexts>["connectors"]): [string, string][] => {
  const usual: [string, string][] = [["1", everyOf.hour], ["24", everyOf.day], ["168", everyOf.week], ["", everyOf.never]];
  return usual.some(([hours]) => hours === now) ? usual : [[now, fill(everyOf.other, { n: now })], ...usual];
};

/** The sources that documents follow. */
export const Connectors = () => {
  const t = useTexts();
  const pages = usePages<Connector>("/documents/connectors");
  const [isMaking, make] = useState(false);
  const button = (
    <Button kind="strong" icon="add" press={() => make(true)}>
      {t.connectors.make}
    </Button>
  );
  return (
    <Screen title={t.connectors.title} lead={t.connectors.lead} up={{ href: to("knowledge"), label: t.knowledge.title }} actions={button}>
      <Card>
        <Listed
          pages={pages}
          label={t.connectors.title}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="globe" title={t.connectors.emptyTitle} action={button}>
              {t.connectors.empty}
            </Empty>
          }
          columns={[
            {
              head: t.connectors.name,
              cell: (one) => (
                <a href={to("knowledge", "connectors", one.id)} dir="auto">
                  {one.name}
                </a>
              ),
            },
            { head: t.connectors.stands, cell: (one) => <ConnectorState connector={one} /> },
            { head: t.connectors.documents, kind: "number", cell: (one) => number(one.documents) },
            { head: t.connectors.last, kind: "extra", cell: (one) => (one.last_run ? <span title={moment(one.last_run.started_at)}>{ago(one.last_run.started_at)}</span> : t.connectors.never) },
            { head: t.connectors.next, kind: "extra", cell: (one) => (one.next_run_at ? moment(one.next_run_at) : "–") },
          ]}
        />
      </Card>
      {isMaking && <NewConnectorDialog close={() => make(false)} />}
    </Screen>
  );
};
