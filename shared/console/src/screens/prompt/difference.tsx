import { useMemo } from "preact/hooks";
import { useTexts } from "../../preferences.js";
import { difference } from "./lines.js";

const SIGNS = { same: " ", gone: "−", new: "+" } as const;

/** What became of a text, line by line: by sign and word, not only by colour. */
export const Difference = ({ before, after }: { before: string; after: string }) => {
  const t = useTexts();
  const lines = useMemo(() => difference(before, after), [before, after]);
  return (
    <div class="difference" role="region" aria-label={t.prompt.difference} tabIndex={0}>
      {lines.map(({ kind, text }, nth) => (
        <p key={nth} class={kind} dir="auto">
          <span aria-hidden="true">{SIGNS[kind]}</span>
          {kind !== "same" && <span class="hidden">{t.prompt[kind]}: </span>}
          {text}
        </p>
      ))}
    </div>
  );
};
