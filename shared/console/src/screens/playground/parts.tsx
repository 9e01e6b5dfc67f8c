import type { components } from "parlance-client";
import { useEffect, useState } from "preact/hooks";
import { call, useDeed } from "../../call.js";
import { Loading } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { fill, number } from "../../words.js";

type Schemas = components["schemas"];
export type Tried = Schemas["TriedQuestion"];

export const TRIALS = "/tenants/current/trials";

const tokensOf = (prompt: Tried["prompt"]): number => prompt.reduce((sum, { tokens }) => sum + tokens, 0);

/** What a model is sent, part by part, with about how many tokens each takes. */
export const Parts = ({ prompt }: { prompt: Tried["prompt"] }) => {
  const t = useTexts();
  return (
    <ul class="parts">
      {prompt.map(({ part, text, tokens }) => (
        <li key={part}>
          <details>
            <summary>
              {t.compare.parts[part]} <span class="number">≈ {number(tokens)}</span>
            </summary>
            <pre class="given" tabIndex={0} role="region" aria-label={t.compare.parts[part]} dir="auto">
              {text}
            </pre>
          </details>
        </li>
      ))}
      <li>
        {t.compare.all} <span class="number">≈ {number(tokensOf(prompt))}</span>
      </li>
    </ul>
  );
};

/** What a question is sent with, found out once somebody wants to know: a search may cost something. */
export const SentWith = ({ question, follows }: { question: string; follows: boolean }) => {
  const t = useTexts();
  const [isOpen, open] = useState(false);
  const [seen, show] = useState<Tried>();
  const look = useDeed(async () => show(await call<Tried>("POST", TRIALS, { body: { question, answer: false } })));
  useEffect(() => {
    if (isOpen && !seen) void look.run();
  }, [isOpen]);
  return (
    <details class="more-of" onToggle={(event) => open(event.currentTarget.open)}>
      <summary>{t.compare.sent}</summary>
      {look.isBusy && <Loading lines={2} />}
      <Trouble error={look.error} again={() => void look.run()} />
      {seen && <Parts prompt={seen.prompt} />}
      {seen && follows && <p class="hint">{t.compare.follows}</p>}
    </details>
  );
};

/** How long what was sent is, as a heading for its parts. */
export const sentTitle = (text: string, prompt: Tried["prompt"]): string => fill(text, { n: number(tokensOf(prompt)) });
