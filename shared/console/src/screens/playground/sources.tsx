import type { components } from "parlance-client";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useTexts } from "../../preferences.js";
import { fill, number } from "../../words.js";

type Source = components["schemas"]["Source"];

/** Where in its document a passage stands. */
export const placeOf = (source: { page?: number | null | undefined; heading?: string[] | undefined }, page: string): string =>
  [source.page ? fill(page, { n: source.page }) : "", ...(source.heading ?? [])].filter(Boolean).join(" › ");

interface Props {
  sources: Source[];
  isDone: boolean;
  question: string | undefined;
  pointed: number | undefined;
  children?: ComponentChildren;
}

/** What the answer was made of, best first. */
export const Sources = ({ sources, isDone, question, pointed, children }: Props) => {
  const t = useTexts();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (pointed) (list.current?.children[pointed - 1] as HTMLElement | undefined)?.scrollIntoView({ block: "nearest" });
  }, [pointed, sources]);
  return (
    <section class="sources" aria-label={t.playground.sources}>
      <h2>{t.playground.sources}</h2>
      {sources.length === 0 && <p class="hint">{question === undefined ? t.playground.sourcesLater : isDone ? t.playground.noSources : t.playground.searching}</p>}
      <ol ref={list}>
        {sources.map((source, nth) => (
          <SourceShown key={source.chunk_id} source={source} number={nth + 1} isPointed={pointed === nth + 1} />
        ))}
      </ol>
      {children}
    </section>
  );
};

export const SourceShown = ({ source, number: nth, isPointed, children }: { source: Source; number: number; isPointed?: boolean; children?: ComponentChildren }) => {
  const t = useTexts();
  const place = placeOf(source, t.playground.page);
  const address = safeAddress(source.source_url);
  return (
    <li class={isPointed ? "source pointed" : "source"}>
      <div class="head">
        <span class="cite">{nth}</span>
        <strong dir="auto">
          {address ? (
            <a href={address} target="_blank" rel="noreferrer noopener">
              {source.title}
            </a>
          ) : (
            source.title
          )}
        </strong>
        <span class="score" title={t.playground.score}>
          <span class="hidden">{t.playground.score} </span>
          {number(source.score, 3)}
        </span>
      </div>
      {place && <p class="small" dir="auto">{place}</p>}
      <p class="snippet" dir="auto">{source.snippet}</p>
      {children}
    </li>
  );
};

/** Only what leads to a page: a document's address is whatever somebody wrote. */
const safeAddress = (address: string | null | undefined): string | undefined => (address && /^https?:\/\//i.test(address) ? address : undefined);
