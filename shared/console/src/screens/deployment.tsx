import type { components } from "parlance-client";
import { useLoad } from "../call.js";
import { Icon } from "../icons.js";
import { Button } from "../kit/button.js";
import { Facts } from "../kit/facts.js";
import { Card, Empty, Loading, Screen } from "../kit/screen.js";
import { Badge, Table } from "../kit/table.js";
import { Trouble } from "../kit/trouble.js";
import { useTexts } from "../preferences.js";
import { to } from "../route.js";
import { ago, fill, moment, number } from "../words.js";
import type { ScreenProps } from "./index.js";

type Health = components["schemas"]["Deployment"];

/** How the deployment as a whole is: for superusers. */
export const Deployment = (_: ScreenProps) => {
  const t = useTexts();
  const { data, error, isLoading, again } = useLoad<Health>("/admin/deployment");
  return (
    <Screen
      title={t.deployment.title}
      lead={t.deployment.lead}
      actions={
        <Button icon="again" press={again} isBusy={isLoading && data !== undefined}>
          {t.deployment.again}
        </Button>
      }
    >
      <Trouble error={error} again={again} />
      {!data && !error && <Loading lines={8} />}
      {data && (
        <>
          <Warnings warnings={data.warnings} isWell={data.warnings.length === 0 && data.dead.length === 0} />
          <Versions health={data} />
          <Jobs jobs={data.jobs} />
          <Dead dead={data.dead} />
          <Chores chores={data.chores} />
        </>
      )}
    </Screen>
  );
};

const Warnings = ({ warnings, isWell }: { warnings: Health["warnings"]; isWell: boolean }) => {
  const t = useTexts();
  if (isWell) {
    return (
      <p class="all-well">
        <Badge tone="good">{t.deployment.well}</Badge> {t.deployment.wellLead}
      </p>
    );
  }
  if (warnings.length === 0) return null;
  return (
    <section aria-label={t.deployment.warnings}>
      {warnings.map(({ code, detail }) => (
        <div key={detail} class="trouble calm" role="note">
          <Icon name="alert" />
          <div class="said">
            <p>{detail}</p>
            <p class="small">
              <code>{code}</code>
            </p>
          </div>
        </div>
      ))}
    </section>
  );
};

const Versions = ({ health: { versions, tenants } }: { health: Health }) => {
  const t = useTexts();
  const facts = [
    [t.deployment.program, versions.program],
    [t.deployment.database, `PostgreSQL ${versions.database}`],
    [t.deployment.migration, `${versions.migration ?? "–"} / ${versions.known_migration}`],
    [t.deployment.prices, versions.prices],
    [t.deployment.tenants, fill(t.deployment.tenantCounts, { n: number(tenants.all), suspended: number(tenants.suspended) })],
  ] as const;
  return (
    <Card title={t.deployment.versions}>
      <Facts of={facts} />
    </Card>
  );
};

const Jobs = ({ jobs }: { jobs: Health["jobs"] }) => {
  const t = useTexts();
  const kind = (name: string) => (t.deployment.kinds as Record<string, string>)[name] ?? name;
  return (
    <Card title={t.deployment.jobs} lead={t.deployment.jobsLead}>
      {jobs.length === 0 ? (
        <p class="hint">{t.deployment.noJobs}</p>
      ) : (
        <Table
          label={t.deployment.jobs}
          items={jobs}
          keyOf={(one) => one.kind}
          columns={[
            { head: t.deployment.kind, cell: (one) => kind(one.kind) },
            { head: t.deployment.waiting, kind: "number", cell: (one) => number(one.waiting) },
            { head: t.deployment.running, kind: "number", cell: (one) => number(one.running) },
            { head: t.deployment.dead, kind: "number", cell: (one) => (one.dead > 0 ? <Badge tone="bad">{number(one.dead)}</Badge> : number(0)) },
            { head: t.deployment.oldest, kind: "extra", cell: (one) => (one.oldest ? <span title={moment(one.oldest)}>{ago(one.oldest)}</span> : "–") },
          ]}
        />
      )}
    </Card>
  );
};

const Dead = ({ dead }: { dead: Health["dead"] }) => {
  const t = useTexts();
  const kind = (name: string) => (t.deployment.kinds as Record<string, string>)[name] ?? name;
  return (
    <Card title={t.deployment.letters} lead={t.deployment.lettersLead}>
      {dead.length === 0 ? (
        <Empty icon="good" title={t.deployment.noLetters}>
          {t.deployment.noLettersLead}
        </Empty>
      ) : (
        <Table
          label={t.deployment.letters}
          items={dead}
          keyOf={(one) => one.tenant_id + one.kind}
          columns={[
            {
              head: t.tenants.name,
              cell: (one) => (
                <a href={to("tenants")} dir="auto">
                  {one.name} <code class="small">{one.slug}</code>
                </a>
              ),
            },
            { head: t.deployment.kind, cell: (one) => kind(one.kind) },
            { head: t.deployment.count, kind: "number", cell: (one) => number(one.jobs) },
            { head: t.deployment.since, kind: "extra", cell: (one) => <span title={moment(one.oldest)}>{ago(one.oldest)}</span> },
          ]}
        />
      )}
    </Card>
  );
};

const Chores = ({ chores }: { chores: Health["chores"] }) => {
  const t = useTexts();
  return (
    <Card title={t.deployment.chores} lead={t.deployment.choresLead}>
      <Table
        label={t.deployment.chores}
        items={chores}
        keyOf={(one) => one.task}
        columns={[
          { head: t.deployment.task, cell: (one) => t.deployment.tasks[one.task] },
          { head: t.deployment.done, cell: (one) => (one.done_at ? <span title={moment(one.done_at)}>{ago(one.done_at)}</span> : <Badge tone="warn">{t.deployment.never}</Badge>) },
          { head: t.deployment.took, kind: "number", cell: (one) => (one.took_ms == null ? "–" : `${number(one.took_ms)} ms`) },
          { head: t.deployment.changed, kind: "number", cell: (one) => (one.changed == null ? "–" : number(one.changed)) },
          { head: t.deployment.failed, kind: "extra", cell: (one) => (one.failed_at ? <span title={moment(one.failed_at)}>{ago(one.failed_at)}</span> : "–") },
        ]}
      />
    </Card>
  );
};
