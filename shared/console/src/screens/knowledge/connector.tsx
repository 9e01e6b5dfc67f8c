import type { components } from "parlance-client";
import { useEffect, useState } from "preact/hooks";
import { call, useDeed, useLoad } from "../../call.js";
import { Button } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Facts } from "../../kit/facts.js";
import { Check } from "../../kit/field.js";
import { say } from "../../kit/say.js";
import { Card, Loading, Screen } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { go, to } from "../../route.js";
import { fill, moment, number } from "../../words.js";
import { ConnectorSettings } from "./connector-settings.js";
import { ConnectorState, RunState, type Connector } from "./connectors.js";

type Run = components["schemas"]["ConnectorRun"];

const isRunning = ({ last_run }: Connector): boolean => last_run?.status === "running";

/** One source: how it stands, what is read of it and how often, and what came of it. */
export const ConnectorScreen = ({ id }: { id: string }) => {
  const t = useTexts();
  const path = `/documents/connectors/${encodeURIComponent(id)}`;
  const loaded = useLoad<Connector>(path);
  const { data, error, again } = loaded;
  const [isDeleting, remove] = useState(false);
  /** The run before the one that was asked for, which begins in a moment. */
  const [before, setBefore] = useState<string>();
  const isWaited = data !== undefined && (isRunning(data) || (data.is_on && !data.last_run) || (before !== undefined && data.last_run?.id === before));
  useEffect(() => {
    if (!isWaited) return;
    const timer = setTimeout(again, 2000);
    return () => clearTimeout(timer);
  }, [data]);
  return (
    <Screen
      title={data?.name ?? t.connectors.title}
      up={{ href: to("knowledge", "connectors"), label: t.connectors.title }}
      actions={
        data && (
          <Button icon="trash" press={() => remove(true)}>
            {t.delete}
          </Button>
        )
      }
    >
      <Trouble error={error} again={again} />
      {!data && !error && <Loading lines={6} />}
      {data && (
        <>
          <Standing connector={data} path={path} again={again} asked={() => setBefore(data.last_run?.id)} />
          <ConnectorSettings connector={data} loaded={loaded} />
          <Runs path={path} last={data.last_run} />
        </>
      )}
      {isDeleting && data && <DeleteDialog connector={data} path={path} close={() => remove(false)} />}
    </Screen>
  );
};

const Standing = ({ connector, path, again, asked }: { connector: Connector; path: string; again: () => void; asked: () => void }) => {
  const t = useTexts();
  const run = useDeed(async () => {
    await call("POST", `${path}/run`);
    say(t.connectors.started);
    asked();
    again();
  });
  const cancel = useDeed(async () => {
    await call("POST", `${path}/cancel`);
    say(t.connectors.cancelled);
    again();
  });
  const { last_run, next_run_at, documents, is_on } = connector;
  const facts = [
    [t.connectors.documents, number(documents)],
    [t.connectors.last, last_run ? moment(last_run.started_at) : t.connectors.never],
    [t.connectors.next, next_run_at ? moment(next_run_at) : "–"],
  ] as const;
  return (
    <Card title={t.connectors.stands} actions={<ConnectorState connector={connector} />}>
      {isRunning(connector) && <progress aria-label={t.connectors.stands} />}
      <Facts of={facts} />
      <Trouble error={run.error ?? cancel.error} />
      <div class="buttons">
        {isRunning(connector) ? (
          <Button press={() => void cancel.run()} isBusy={cancel.isBusy}>
            {t.connectors.cancel}
          </Button>
        ) : (
          <Button icon="again" press={() => void run.run()} isBusy={run.isBusy} isOff={!is_on}>
            {t.connectors.run}
          </Button>
        )}
      </div>
    </Card>
  );
};

const Runs = ({ path, last }: { path: string; last: Run | null | undefined }) => {
  const t = useTexts();
  const runs = useLoad<{ items: Run[] }>(`${path}/runs`, { limit: 50 });
  const standing = `${last?.id} ${last?.status}`;
  useEffect(runs.again, [standing]);
  return (
    <Card title={t.connectors.runs} lead={t.connectors.runsLead}>
      <Trouble error={runs.error} again={runs.again} />
      {!runs.data && !runs.error && <Loading />}
      {runs.data?.items.length === 0 && <p class="hint">{t.connectors.never}</p>}
      <ol class="versions">
        {runs.data?.items.map((run) => (
          <li key={run.id}>
            <div class="row">
              <strong>{moment(run.started_at)}</strong>
              <RunState run={run} />
            </div>
            {run.error && (
              <p class="said" dir="auto">
                {run.error}
              </p>
            )}
            <p class="small">{fill(t.connectors.counts, run as unknown as Record<string, number>)}</p>
            {run.problems.length > 0 && (
              <details class="more-of">
                <summary>{fill(t.connectors.problems, { n: number(run.problems.length) })}</summary>
                <ul>
                  {run.problems.map(({ url, reason }) => (
                    <li key={url} class="small" dir="auto">
                      {url}: {reason}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </li>
        ))}
      </ol>
    </Card>
  );
};

const DeleteDialog = ({ connector, path, close }: { connector: Connector; path: string; close: () => void }) => {
  const t = useTexts();
  const [isKept, keep] = useState(false);
  const send = async () => {
    await call("DELETE", path, { query: { keep_documents: isKept } });
    say(fill(t.connectors.deleted, { name: connector.name }));
    go(to("knowledge", "connectors"));
  };
  return (
    <FormDialog title={fill(t.connectors.deleteOf, { name: connector.name })} kind="danger" action={t.delete} close={close} send={send}>
      <p class="lead">{t.connectors.deleteLead}</p>
      <Check label={t.connectors.keep} isOn={isKept} set={keep} />
    </FormDialog>
  );
};
