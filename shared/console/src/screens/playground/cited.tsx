import type { components } from "parlance-client";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { Markdown } from "../../kit/markdown.js";
import { SourceShown } from "./sources.js";

interface Props {
  text: string;
  sources: components["schemas"]["Source"][];
  /** What the folded list of them is called. */
  title: string;
  /** What stands between the text and its sources. */
  children?: ComponentChildren;
}

/** An answer of before, with what it was made of folded away: a mark in the text unfolds its source. */
export const Cited = ({ text, sources, title, children }: Props) => {
  const [pointed, point] = useState<number>();
  const folded = useRef<HTMLDetailsElement>(null);
  const cite = (nth: number) => {
    point(nth);
    if (!folded.current) return;
    folded.current.open = true;
    folded.current.querySelectorAll("li.source")[nth - 1]?.scrollIntoView({ block: "nearest" });
  };
  return (
    <>
      {text && <Markdown text={text} sources={sources.length} cite={cite} />}
      {children}
      {sources.length > 0 && (
        <details class="more-of sources" ref={folded}>
          <summary>{title}</summary>
          <ol>
            {sources.map((source, nth) => (
              <SourceShown key={source.chunk_id} source={source} number={nth + 1} isPointed={pointed === nth + 1} />
            ))}
          </ol>
        </details>
      )}
    </>
  );
};
