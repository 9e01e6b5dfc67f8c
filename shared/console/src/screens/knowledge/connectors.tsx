import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, usePages } from "../../call.js";
import { Button } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Choice, Text } from "../../kit/field.js";
import { Card, Empty, Screen } from "../../kit/screen.js";
import { Badge, Listed } from "../../kit/table.js";
import { useTexts } from "../../preferences.js";
import { go, to } from "../../route.js";
import { ago, fill, moment, number } from "../../words.js";

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

const NewConnectorDialog = ({ close }: { close: () => void }) => {
  const t = useTexts();
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [hours, setHours] = useState("24");
  const send = async () => {
    const body = { name: name.trim(), url: url.trim(), ...(hours && { every_hours: Number(hours) }) };
    const made = await call<Connector>("POST", "/documents/connectors", { body });
    go(to("knowledge", "connectors", made.id));
  };
  return (
    <FormDialog title={t.connectors.make} close={close} action={t.connectors.make} send={send} isReady={name.trim() !== "" && url.trim() !== ""}>
      <Text label={t.connectors.name} hint={t.connectors.nameHint} value={name} set={setName} hasFocus isRequired />
      <Text label={t.connectors.url} hint={t.connectors.urlHint} type="url" value={url} set={setUrl} isRequired isCode />
      <Choice label={t.connectors.every} value={hours} set={setHours} options={everyOptions(hours, t.connectors)} />
    </FormDialog>
  );
};
