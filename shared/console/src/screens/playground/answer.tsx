import { useState } from "preact/hooks";
import { Markdown } from "../../kit/markdown.js";
import { useTexts } from "../../preferences.js";
import { fill, money, number } from "../../words.js";
import { Parts, sentTitle, type Tried } from "./parts.js";
import { SourceShown } from "./sources.js";

/** An answer that was tried: what it says, what it took, what it was made of, and what the model was sent. */
export const Answer = ({ tried: { answer, sources, prompt } }: { tried: Tried }) => {
  const t = useTexts();
  const [pointed, point] = useState<number>();
  return (
    <div class="tried" aria-live="polite">
      {answer && (
        <>
          <Markdown text={answer.content} sources={sources.length} cite={point} />
          <p class="small facts">
            <span>{answer.model}</span>
            <span>
              {!answer.exact && "≈ "}
              {fill(t.playground.tokens, { in: number(answer.prompt_tokens), out: number(answer.completion_tokens) })}
            </span>
            <span>{answer.cost == null ? t.compare.unpriced : money(answer.cost)}</span>
            <span>{fill(t.rehearsals.seconds, { n: number(answer.millis / 1000, 1) })}</span>
          </p>
        </>
      )}
      <div class="sources">
        <h3>{t.playground.sources}</h3>
        {sources.length === 0 && <p class="hint">{t.playground.noSources}</p>}
        <ol>
          {sources.map((source, nth) => (
            <SourceShown key={source.chunk_id} source={source} number={nth + 1} isPointed={pointed === nth + 1} />
          ))}
        </ol>
      </div>
      <details class="more-of">
        <summary>{sentTitle(t.compare.sentOf, prompt)}</summary>
        <Parts prompt={prompt} />
      </details>
    </div>
  );
};
