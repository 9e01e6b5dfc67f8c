import { Problem } from "parlance-client";
import type { Language } from "./languages.js";
import { fill, fromNow, type Texts } from "./texts.js";

/** What went wrong, as it is shown. */
export interface Trouble {
  text: string;
  /** Whether the same may work in a moment. */
  retry: boolean;
  /** Whether another conversation would help. */
  anew: boolean;
  /** Whether nothing is broken: it is only not the time, or enough. */
  calm: boolean;
}

/** The longest wait, in seconds, that is no closing. */
const SHORT = 120;

/** Says what went wrong in the visitor's language. The service's own sentences are English. */
export const troubleOf = (error: unknown, texts: Texts, language: Language): Trouble => {
  if (!(error instanceof Problem)) {
    return { text: navigator.onLine ? texts.broken : texts.offline, retry: true, anew: false, calm: !navigator.onLine };
  }
  // Of what a visitor sends, only the question can be too much.
  const isQuestion = error.errors.some(({ field }) => field === "message");
  const trouble = byCode(error.code === "invalid_request" && !isQuestion ? "" : error.code, texts);
  return { ...trouble, text: limitText(error, texts, language) ?? trouble.text };
};

/** The same of an answer that is stored as a failure. */
export const troubleOfCode = (code: string | null | undefined, texts: Texts): Trouble => byCode(code ?? "", texts);

const limitText = (problem: Problem, texts: Texts, language: Language): string | undefined => {
  const wait = problem.retryAfter ?? problem.limit?.reset;
  if (problem.code === "too_many_requests") return fill(texts.slow, { when: fromNow(wait ?? 60, language) });
  if (problem.code !== "limit_reached") return undefined;
  if (problem.limit?.name === "concurrent_answers") return texts.elsewhere;
  if (language === "en") return problem.message;
  if (wait === undefined) return texts.closed;
  return fill(wait > SHORT ? texts.closedUntil : texts.slow, { when: fromNow(wait, language) });
};

const byCode = (code: string, texts: Texts): Trouble => {
  const trouble = (text: string, retry = true, anew = false): Trouble => ({ text, retry, anew, calm: false });
  const calm = (text: string): Trouble => ({ ...trouble(text), calm: true });
  switch (code) {
    case "site_closed":
      return calm(texts.closed);
    case "origin_not_allowed":
    case "invalid_site_key":
    case "account_required":
      return trouble(texts.unavailable, false);
    case "identity_required":
      return { ...calm(texts.login), retry: false };
    case "conversation_full":
      return { ...calm(texts.full), retry: false, anew: true };
    case "conversation_deleted":
    case "not_found":
    case "result_gone":
      return trouble(texts.gone, false, true);
    case "invalid_request":
    case "too_large":
      return trouble(texts.tooLong, false);
    case "limit_reached":
      return calm(texts.closed);
    case "too_many_requests":
    case "challenge_required":
    case "challenge_failed":
      return calm(texts.busy);
    case "overloaded":
    case "unavailable":
    case "too_many_connections":
    case "provider_rate_limited":
    case "provider_unavailable":
    case "provider_timeout":
      return calm(texts.busy);
    default:
      return trouble(texts.failed);
  }
};
