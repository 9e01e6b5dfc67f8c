import type { components } from "parlance-client";
import { useEffect, useState } from "preact/hooks";
import { call, useDeed } from "../../call.js";
import { useCell } from "../../cell.js";
import { Button } from "../../kit/button.js";
import { Text } from "../../kit/field.js";
import { Card, Empty, Screen } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { route, setQuery, to } from "../../route.js";
import { fill, number } from "../../words.js";
import { SourceShown } from "../playground/sources.js";
import { WriteDialog } from "./write.js";

type Results = components["schemas"]["SearchResults"];

/** What a chat with a question would be given, and why. The question stands in the address. */
export const SearchScreen = () => {
  const t = useTexts();
  const asked = useCell(route).query.get("q") ?? "";
  const [text, setText] = useState(asked);
  const [written, write] = useState<string>();
  const [found, show] = useState<{ query: string; results: Results }>();
  const search = useDeed(async (query: string) => {
    const results = await call<Results>("POST", "/documents/search", { body: { query }, query: { explain: true } });
    show({ query, results });
  });
  useEffect(() => {
    if (asked && asked !== found?.query) void search.run(asked);
  }, [asked]);
  const send = () => {
    const query = text.trim();
    if (!query) return;
    // Asked again, it may find what was added since.
    if (query === asked) void search.run(query);
    else setQuery({ q: query });
  };
  return (
    <Screen title={t.search.title} lead={t.search.lead} up={{ href: to("knowledge"), label: t.knowledge.title }}>
      <Card>
        <form
          class="line"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <Text label={t.search.question} type="search" value={text} set={setText} hasFocus />
          <Button kind="strong" isSubmit icon="search" isBusy={search.isBusy} isOff={!text.trim()}>
            {t.search.find}
          </Button>
        </form>
        <Trouble error={search.error} again={() => void search.run(asked)} />
      </Card>
      <div role="status">{found && <p class="hidden">{fill(t.search.count, { n: found.results.items.length })}</p>}</div>
      {found && <Found results={found.results} write={() => write(found.query)} />}
      {written !== undefined && <WriteDialog title={written.slice(0, 200)} close={() => write(undefined)} done={() => void search.run(written)} />}
    </Screen>
  );
};

const Found = ({ results: { items, degraded, explained }, write }: { results: Results; write: () => void }) => {
  const t = useTexts();
  const scores = new Map(explained?.scores.map((one) => [one.chunk_id, one]));
  return (
    <>
      {degraded.map((leg) => (
        <div key={leg} class="trouble calm" role="note">
          <p>{fill(t.search.degraded, { name: t.search.legs[leg] })}</p>
        </div>
      ))}
      {items.length === 0 ? (
        <Card>
          <Empty
            icon="search"
            title={t.search.nothing}
            action={
              <Button icon="add" press={write}>
                {t.knowledge.write}
              </Button>
            }
          >
            {t.search.nothingLead}
          </Empty>
        </Card>
      ) : (
        <Card title={fill(t.search.count, { n: items.length })} lead={t.search.order}>
          <ol class="passages">
            {items.map((item, nth) => {
              const why = scores.get(item.chunk_id);
              return (
                <SourceShown key={item.chunk_id} source={item} number={nth + 1}>
                  <p class="small facts">
                    {(["full_text", "vectors", "rerank"] as const).map(
                      (leg) =>
                        why?.[leg] != null && (
                          <span key={leg}>
                            {t.search.legs[leg]}: {number(why[leg], 3)}
                          </span>
                        ),
                    )}
                    <a href={to("knowledge", item.document_id)}>{t.search.open}</a>
                  </p>
                </SourceShown>
              );
            })}
          </ol>
        </Card>
      )}
      {explained && items.length > 0 && (
        <Card>
          <details class="more-of first">
            <summary>{t.search.given}</summary>
            <pre class="given" tabIndex={0} role="region" aria-label={t.search.given} dir="auto">
              {explained.prompt}
            </pre>
          </details>
        </Card>
      )}
    </>
  );
};
