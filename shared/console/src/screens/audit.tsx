import type { components } from "parlance-client";
import { useDeed, usePages } from "../call.js";
import { useCell } from "../cell.js";
import { Button } from "../kit/button.js";
import { download } from "../kit/download.js";
import { Choice, Text } from "../kit/field.js";
import { Card, Empty, Screen } from "../kit/screen.js";
import { Badge, Listed } from "../kit/table.js";
import { Trouble } from "../kit/trouble.js";
import { Typed } from "../kit/typed.js";
import { useTexts } from "../preferences.js";
import { route, setQuery } from "../route.js";
import { moment } from "../words.js";
import type { ScreenProps } from "./index.js";

type Item = components["schemas"]["AuditItem"];

const TONES = { success: "plain", failure: "warn", denied: "bad" } as const;

/** Who did what, and how it ended. The filters stand in the address. */
export const Audit = (_: ScreenProps) => {
  const t = useTexts();
  const { query } = useCell(route);
  const asked = (name: string) => query.get(name) || undefined;
  const filters = {
    action: whole(asked("action")),
    target: asked("target"),
    outcome: asked("outcome"),
    from: asked("from") && `${asked("from")}T00:00:00Z`,
    to: asked("to") && nextDay(asked("to")!),
  };
  const pages = usePages<Item>("/admin/audit", { ...filters, limit: 50 });
  const csv = useDeed(() => download("/admin/audit", { ...filters, format: "csv" }, "audit.csv"));
  return (
    <Screen
      title={t.audit.title}
      lead={t.audit.lead}
      isWide
      actions={
        <Button icon="file" press={() => void csv.run()} isBusy={csv.isBusy}>
          {t.audit.csv}
        </Button>
      }
    >
      <Trouble error={csv.error} />
      <Card>
        <div class="line filters" role="search">
          <Typed name="action" label={t.audit.action} placeholder="user.create" />
          <Typed name="target" label={t.audit.targetId} />
          <Choice
            label={t.audit.outcome}
            value={query.get("outcome") ?? ""}
            set={(outcome) => setQuery({ outcome })}
            options={[["", t.people.all], ...(["success", "failure", "denied"] as const).map((one) => [one, t.audit.outcomes[one]] as const)]}
          />
          <Text label={t.usage.from} type="date" value={query.get("from") ?? ""} set={(from) => setQuery({ from })} />
          <Text label={t.usage.to} type="date" value={query.get("to") ?? ""} set={(to) => setQuery({ to })} />
        </div>
        <Listed
          pages={pages}
          label={t.audit.title}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="audit" title={t.audit.emptyTitle}>
              {t.audit.empty}
            </Empty>
          }
          columns={[
            { head: t.audit.what, cell: (one) => <code class="nowrap">{one.action}</code> },
            { head: t.audit.when, cell: (one) => moment(one.at) },
            { head: t.audit.who, cell: (one) => one.actor?.api_key ?? one.actor?.email ?? one.actor?.id ?? "–" },
            {
              head: t.audit.target,
              cell: (one) =>
                one.target_name ? (
                  <span>
                    <span dir="auto">{one.target_name}</span> <Target of={one.target} />
                  </span>
                ) : (
                  <Target of={one.target} />
                ),
            },
            { head: t.audit.detail, cell: (one) => <span dir="auto">{one.detail ?? "–"}</span> },
            { head: t.audit.outcome, cell: (one) => <Badge tone={TONES[one.outcome]}>{t.audit.outcomes[one.outcome]}</Badge> },
            { head: t.audit.from, kind: "extra", cell: (one) => <span class="nowrap">{one.client_ip ?? "–"}</span> },
          ]}
        />
      </Card>
    </Screen>
  );
};

const Target = ({ of }: { of: string }) => (
  <code class="small short" title={of}>
    {of}
  </code>
);

/** Half of a deed's name stands for all that begin so, however it is written. */
const whole = (action: string | undefined): string | undefined => {
  const said = action?.toLowerCase();
  return !said || said.includes(".") || ["login", "logout"].includes(said) ? said : `${said}.`;
};

/** The moment before which all of a day is. */
const nextDay = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString();
