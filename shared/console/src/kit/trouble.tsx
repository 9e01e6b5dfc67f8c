import { Problem } from "parlance-client";
import type { ComponentChildren } from "preact";
import { isStale } from "../call.js";
import { useTexts } from "../preferences.js";
import type { Texts } from "../texts/en.js";
import { fill, number } from "../words.js";
import { Icon } from "../icons.js";
import { Button } from "./button.js";

/** What somebody reads of a failure: in the console's language if it has words for it, else the service's own. */
export const sentence = (error: unknown, t: Texts): string => {
  if (error instanceof Problem) {
    const own = (t.problems.of as Record<string, string>)[error.code];
    return own ?? error.message;
  }
  if (error instanceof TypeError) return t.problems.offline;
  return error instanceof Error ? error.message : String(error);
};

/** Whether it is nobody's failure: whoever left the page, or stopped it, knows. */
const isSilent = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/**
 * A failure: its sentence, its code, what the log knows it by; and the way to try again, if there is one. `reread` fetches what
 * somebody else has changed meanwhile.
 */
export const Trouble = ({ error, again, reread, children }: { error: unknown; again?: () => void; reread?: () => void; children?: ComponentChildren }) => {
  const t = useTexts();
  if (error === undefined || error === null || isSilent(error)) return null;
  const problem = error instanceof Problem ? error : undefined;
  return (
    <div class="trouble" role="alert">
      <Icon name="alert" />
      <div class="said">
        <p>{sentence(error, t)}</p>
        {problem && problem.errors.length > 0 && (
          <ul>
            {problem.errors.map(({ field, message }) => (
              <li key={field + message}>
                {field && (
                  <>
                    <code>{field}</code>:{" "}
                  </>
                )}
                {message}
              </li>
            ))}
          </ul>
        )}
        {problem?.retryAfter !== undefined && <p>{fill(t.problems.after, { n: number(Math.ceil(problem.retryAfter)) })}</p>}
        {problem && (
          <p class="small">
            <code>{problem.code}</code>
            {problem.requestId && <> · {fill(t.problems.request, { id: problem.requestId })}</>}
          </p>
        )}
      </div>
      {again && <Button press={again}>{t.again}</Button>}
      {reread && isStale(error) && <Button press={reread}>{t.problems.reread}</Button>}
      {children}
    </div>
  );
};
