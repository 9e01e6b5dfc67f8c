import type { components } from "parlance-client";
import { useDeed, useLoad } from "../call.js";
import { useCell } from "../cell.js";
import { Button } from "../kit/button.js";
import { Columns, Shares, type Bar } from "../kit/chart.js";
import { download } from "../kit/download.js";
import { Choice, Text } from "../kit/field.js";
import { Card, Empty, Loading, Screen } from "../kit/screen.js";
import { Trouble } from "../kit/trouble.js";
import { useTexts } from "../preferences.js";
import { route, setQuery } from "../route.js";
import type { Texts } from "../texts/en.js";
import { day, fill, money, number } from "../words.js";
import type { ScreenProps } from "./index.js";
import { Budgets } from "./usage/budgets.js";
import { EachUser } from "./usage/each.js";

type Schemas = components["schemas"];
type Report = Schemas["UsageReport"];
type Row = Schemas["UsageItem"] & Partial<Record<"day" | "user" | "key" | "model" | "operation" | "endpoint" | "tenant", unknown>>;

const isoDay = (at: Date): string => at.toISOString().slice(0, 10);
const tokensOf = ({ exact, estimated }: Schemas["UsageSums"]): number =>
  exact.prompt_tokens + exact.completion_tokens + estimated.prompt_tokens + estimated.completion_tokens;

/** What was asked of providers, what it cost, and what the limits leave. */
export const UsageScreen = ({ who }: ScreenProps) => {
  const t = useTexts();
  const { query } = useCell(route);
  const from = query.get("from") ?? isoDay(new Date(Date.now() - 29 * 86_400_000));
  const to = query.get("to") ?? isoDay(new Date());
  const ways = who.isSuperuser ? (["model", "tenant", "operation"] as const) : (["model", "user", "key", "operation"] as const);
  const by = ways.find((way) => way === query.get("by")) ?? "model";
  const range = { from, to };
  const days = useLoad<Report>("/admin/usage", { ...range, group_by: "day" });
  const shares = useLoad<Report>("/admin/usage", { ...range, group_by: by });
  const csv = useDeed(() => download("/admin/usage", { ...range, group_by: `day,${by}`, format: "csv" }, `usage-${from}-${to}.csv`));
  const total = days.data?.total;
  return (
    <Screen
      title={t.usage.title}
      lead={who.isSuperuser ? t.usage.leadAll : t.usage.lead}
      actions={
        <Button icon="file" press={() => void csv.run()} isBusy={csv.isBusy}>
          {t.usage.csv}
        </Button>
      }
    >
      <Trouble error={csv.error} />
      <Card>
        <div class="line filters dates">
          <Text label={t.usage.from} type="date" value={from} set={(from) => setQuery({ from })} />
          <Text label={t.usage.to} type="date" value={to} set={(to) => setQuery({ to })} />
        </div>
        <Trouble error={days.error} again={days.again} />
        {!days.data && !days.error && <Loading />}
        {total && (
          <>
            <dl class="facts-of big">
              <div>
                <dt>{t.usage.cost}</dt>
                <dd>{money(total.cost)}</dd>
              </div>
              <div>
                <dt>{t.usage.tokens}</dt>
                <dd>{number(tokensOf(total))}</dd>
              </div>
              <div>
                <dt>{t.usage.calls}</dt>
                <dd>{number(total.calls)}</dd>
              </div>
              <div>
                <dt>{t.usage.failed}</dt>
                <dd>{number(total.failed_calls)}</dd>
              </div>
            </dl>
            {total.unpriced_calls > 0 && <p class="hint">{fill(t.usage.unpriced, { n: number(total.unpriced_calls) })}</p>}
            {total.calls === 0 ? (
              <Empty icon="chart" title={t.usage.emptyTitle}>
                {t.usage.empty}
              </Empty>
            ) : (
              <Columns title={t.usage.perDay} bars={perDay(days.data!.rows as Row[], from, to)} />
            )}
          </>
        )}
      </Card>
      {total !== undefined && total.calls > 0 && (
        <Card
          title={t.usage.shares}
          actions={<Choice label={t.usage.by} isBare value={by} set={(by) => setQuery({ by })} options={ways.map((way) => [way, t.usage.ways[way]] as const)} />}
        >
          <Trouble error={shares.error} again={shares.again} />
          {!shares.data && !shares.error && <Loading />}
          {shares.data && <Shares bars={sharesOf(shares.data.rows as Row[], by, t.usage)} />}
        </Card>
      )}
      {!who.isSuperuser && days.data && <Budgets left={days.data.left} />}
      {!who.isSuperuser && <EachUser changed={days.again} />}
    </Screen>
  );
};

/** Days without anything are columns, too: a gap is something to see. */
const perDay = (rows: Row[], from: string, to: string): Bar[] => {
  const found = new Map(rows.map((row) => [String(row.day), row]));
  const bars: Bar[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to) && bars.length < 370; at += 86_400_000) {
    const name = isoDay(new Date(at));
    const row = found.get(name);
    bars.push({ name: day(`${name}T12:00:00Z`), value: row ? tokensOf(row) : 0, label: row ? `${number(tokensOf(row))} · ${money(row.cost)}` : "0" });
  }
  return bars;
};

const nameOf = (value: unknown, unknown: string): string => {
  if (value === null || value === undefined) return unknown;
  if (typeof value === "string") return value;
  const { email, name, slug, id } = Object(value) as Record<string, unknown>;
  return String(email ?? name ?? slug ?? id ?? unknown);
};

const sharesOf = (rows: Row[], by: keyof Row, { unknown, operations }: Texts["usage"]): Bar[] =>
  rows
    .map((row) => ({ name: by === "operation" ? (operations as Record<string, string>)[String(row[by])] ?? String(row[by]) : nameOf(row[by], unknown), value: tokensOf(row), label: `${number(tokensOf(row))} · ${money(row.cost)}` }))
    .sort((a, b) => b.value - a.value)
    .slice(0, 30);
