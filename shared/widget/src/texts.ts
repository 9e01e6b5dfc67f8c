import type { Language } from "./languages.js";
import { ar } from "./texts/ar.js";
import { de } from "./texts/de.js";
import { en, type Texts } from "./texts/en.js";
import { es } from "./texts/es.js";
import { fr } from "./texts/fr.js";
import { it } from "./texts/it.js";
import { nl } from "./texts/nl.js";
import { pt } from "./texts/pt.js";

export type { Texts } from "./texts/en.js";

const ALL: Record<Language, Texts> = { en, de, fr, es, it, pt, nl, ar };

/** The texts of a language, with those that the page has of its own: an object as JSON. */
export const textsOf = (language: Language, own: string | null): Texts => ({ ...ALL[language], ...parsed(own) });

const parsed = (own: string | null): Partial<Texts> => {
  if (!own) return {};
  try {
    const texts = Object.entries(Object(JSON.parse(own)) as Record<string, unknown>);
    return Object.fromEntries(texts.filter(([, text]) => typeof text === "string"));
  } catch {
    console.warn("parlance-chat: the attribute `texts` is no JSON object.");
    return {};
  }
};

export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));

/** When something is possible again, such as "in 3 hours". */
export const fromNow = (seconds: number, language: Language): string => {
  const [unit, size] = seconds < 90 ? (["second", 1] as const) : seconds < 5400 ? (["minute", 60] as const) : seconds < 172_800 ? (["hour", 3600] as const) : (["day", 86_400] as const);
  return new Intl.RelativeTimeFormat(language).format(Math.max(1, Math.ceil(seconds / size)), unit);
};
