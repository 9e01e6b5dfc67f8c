import type { ComponentChildren } from "preact";
import type { Pages } from "../call.js";
import { useTexts } from "../preferences.js";
import { Button } from "./button.js";
import { Loading } from "./screen.js";
import { Trouble } from "./trouble.js";

export interface Column<T> {
  head: string;
  cell: (item: T) => ComponentChildren;
  /** How it stands: numbers at the end; what is dispensable is left out on phones. */
  kind?: "number" | "extra" | "actions";
}

/** Rows of what is alike; on a phone each is a card of its own. */
export const Table = <T,>({ label, items, columns, keyOf }: { label: string; items: T[]; columns: Column<T>[]; keyOf: (item: T) => string }) => (
  <div class="table" tabIndex={0} role="region" aria-label={label}>
    <table>
      <thead>
        <tr>
          {columns.map(({ head, kind }) => (
            <th key={head} scope="col" class={kind}>
              {kind === "actions" ? <span class="hidden">{head}</span> : head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={keyOf(item)}>
            {columns.map(({ head, cell, kind }) => (
              <td key={head} class={kind} data-head={kind === "actions" ? undefined : head}>
                {kind === "actions" ? cell(item) : <div>{cell(item)}</div>}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** The way to the next page, if there is one. */
export const More = <T,>({ pages: { hasMore, more, isLoading } }: { pages: Pages<T> }) => {
  const t = useTexts();
  if (!hasMore) return null;
  return (
    <div class="more">
      <Button press={more} isBusy={isLoading}>
        {t.more}
      </Button>
    </div>
  );
};

/** A list that comes page by page: what there is, what went wrong, and the way to more. */
export const Listed = <T,>({ pages, empty, ...table }: { pages: Pages<T>; empty: ComponentChildren; label: string; columns: Column<T>[]; keyOf: (item: T) => string }) => {
  const { items, error, more, again } = pages;
  return (
    <>
      {items && items.length > 0 && <Table {...table} items={items} />}
      {items?.length === 0 && !error && empty}
      {!items && !error && <Loading lines={5} />}
      <Trouble error={error} again={items ? more : again} />
      {!error && <More pages={pages} />}
    </>
  );
};

/** A word about a state, with its colour; never by the colour alone. */
export const Badge = ({ tone = "plain", children }: { tone?: "plain" | "good" | "bad" | "warn" | "accent"; children: ComponentChildren }) => <span class={`badge ${tone}`}>{children}</span>;
