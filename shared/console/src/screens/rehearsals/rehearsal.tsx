import { useEffect, useState } from "preact/hooks";
import { call, useDeed, useLoad } from "../../call.js";
import { Button, LinkButton } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Facts } from "../../kit/facts.js";
import { say } from "../../kit/say.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { Table } from "../../kit/table.js";
import { Trouble } from "../../kit/trouble.js";
import { Icon } from "../../icons.js";
import { useTexts } from "../../preferences.js";
import { to } from "../../route.js";
import { fill, moment, money, number } from "../../words.js";
import { PATH, State, type Rehearsal } from "../rehearsals.js";
import { Changes } from "./changes.js";
import { Publish } from "./publish.js";
import { Questions } from "./questions.js";

const doneOf = ({ now, changed }: Rehearsal): number => now.answered + now.failed + changed.answered + changed.failed;

/** One of them: how far it is, what it cost, both answers to each question, and what becomes of what it tried. */
export const RehearsalScreen = ({ id }: { id: string }) => {
  const t = useTexts();
  const path = `${PATH}/${encodeURIComponent(id)}`;
  const { data, error, again } = useLoad<Rehearsal>(path);
  useEffect(() => {
    if (data?.status !== "running") return;
    const timer = setTimeout(again, 2000);
    return () => clearTimeout(timer);
  }, [data]);
  return (
    <Screen title={data ? fill(t.rehearsals.of, { when: moment(data.created_at) }) : t.rehearsals.title} up={{ href: to("rehearsals"), label: t.rehearsals.title }}>
      <Trouble error={error} again={again} />
      {!data && !error && <Loading lines={8} />}
      {data && (
        <>
          <Standing rehearsal={data} path={path} again={again} />
          <Questions path={path} done={doneOf(data) + data.judged.now + data.judged.changed + data.judged.same} again={again} />
        </>
      )}
    </Screen>
  );
};

const Standing = ({ rehearsal, path, again }: { rehearsal: Rehearsal; path: string; again: () => void }) => {
  const t = useTexts();
  const [asks, ask] = useState<"publish" | "drop">();
  const cancel = useDeed(async () => {
    await call("POST", `${path}/cancel`);
    say(t.rehearsals.cancelled);
    again();
  });
  const { status, decision, questions, note } = rehearsal;
  const isRunning = status === "running";
  const done = doneOf(rehearsal);
  const facts = [
    [t.rehearsals.sample, t.rehearsals.samples[rehearsal.sample]],
    [t.rehearsals.questions, number(questions)],
    [t.rehearsals.spent, fill(t.rehearsals.ofBudget, { spent: money(rehearsal.spent), budget: money(rehearsal.budget) })],
    [t.rehearsals.judge, rehearsal.judge ? (rehearsal.judge.model ?? rehearsal.judge.provider) : undefined],
  ] as const;
  return (
    <>
      <Card title={t.rehearsals.stands} actions={<State of={rehearsal} />}>
        {isRunning && (
          <>
            <progress value={done} max={Math.max(1, 2 * questions)} aria-label={t.rehearsals.stands} />
            <p class="hint">{fill(t.rehearsals.progress, { done: number(done), all: number(2 * questions) })}</p>
          </>
        )}
        {note && (
          <div class="trouble calm" role="note">
            <Icon name="alert" />
            <p class="said">{note}</p>
          </div>
        )}
        <Facts of={facts} />
        <Changes before={rehearsal.now_settings} after={rehearsal.changed_settings} />
        <Trouble error={cancel.error} />
        <div class="buttons">
          {isRunning && (
            <Button icon="stop" press={() => void cancel.run()} isBusy={cancel.isBusy}>
              {t.rehearsals.cancel}
            </Button>
          )}
          {!isRunning && !decision && (
            <>
              <Button press={() => ask("drop")}>{t.rehearsals.drop}</Button>
              <Button kind="strong" press={() => ask("publish")}>
                {t.rehearsals.publish}
              </Button>
            </>
          )}
          {decision === "published" && <LinkButton href={to("prompt")}>{t.rehearsals.toSettings}</LinkButton>}
        </div>
      </Card>
      <Summary rehearsal={rehearsal} />
      {asks === "publish" && <Publish rehearsal={rehearsal} path={path} close={() => ask(undefined)} again={again} />}
      {asks === "drop" && (
        <FormDialog
          title={t.rehearsals.dropTitle}
          kind="danger"
          action={t.rehearsals.drop}
          close={() => ask(undefined)}
          send={async () => {
            await call("POST", `${path}/drop`);
            say(t.rehearsals.dropped);
            again();
          }}
        >
          <p class="lead">{t.rehearsals.dropLead}</p>
        </FormDialog>
      )}
    </>
  );
};

/** Both sides, in numbers. */
const Summary = ({ rehearsal: { now, changed, verdicts, judged, judge } }: { rehearsal: Rehearsal }) => {
  const t = useTexts();
  const rows = [
    [t.rehearsals.answered, number(now.answered), number(changed.answered)],
    [t.rehearsals.failed, number(now.failed), number(changed.failed)],
    [t.rehearsals.noSource, number(now.no_source), number(changed.no_source)],
    [t.rehearsals.costs, money(now.cost), money(changed.cost)],
    [t.rehearsals.takes, fill(t.rehearsals.seconds, { n: number(now.millis / 1000, 1) }), fill(t.rehearsals.seconds, { n: number(changed.millis / 1000, 1) })],
    [t.rehearsals.better, number(verdicts.now), number(verdicts.changed)],
    ...(judge ? [[t.rehearsals.judgedBetter, number(judged.now), number(judged.changed)]] : []),
  ];
  return (
    <Card title={t.rehearsals.summary}>
      <Table
        label={t.rehearsals.summary}
        items={rows}
        keyOf={([name]) => name!}
        columns={[
          { head: t.rehearsals.what, cell: ([name]) => name },
          { head: t.rehearsals.now, kind: "number", cell: ([, before]) => before },
          { head: t.rehearsals.changed, kind: "number", cell: ([, , after]) => after },
        ]}
      />
    </Card>
  );
};
