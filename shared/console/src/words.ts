import { language } from "./preferences.js";

/** A text with what belongs in its `{...}`. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));

/** The one of two texts that fits a number, which is put in for `{n}`. */
export const many = (n: number, [one, other]: readonly [string, string]): string =>
  fill(new Intl.PluralRules(language.value).select(n) === "one" ? one : other, { n: number(n) });

export const number = (n: number, digits = 0): string =>
  new Intl.NumberFormat(language.value, { maximumFractionDigits: digits }).format(n);

/** A day and a time. */
export const moment = (at: string): string =>
  new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));

export const day = (at: string): string => new Intl.DateTimeFormat(language.value, { dateStyle: "medium" }).format(new Date(at));

/** How long ago something was, such as "3 hours ago". */
export const ago = (at: string): string => {
  const seconds = (Date.parse(at) - Date.now()) / 1000;
  const size = Math.abs(seconds);
  const [unit, of] =
    size < 60 ? (["second", 1] as const) : size < 5400 ? (["minute", 60] as const) : size < 172_800 ? (["hour", 3600] as const) : (["day", 86_400] as const);
  return new Intl.RelativeTimeFormat(language.value, { numeric: "auto" }).format(Math.round(seconds / of), unit);
};

export const bytes = (n: number): string => {
  if (n < 1000) return `${number(n)} B`;
  const [size, unit] = n < 1_000_000 ? [n / 1000, "kilobyte"] : [n / 1_000_000, "megabyte"];
  const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: size < 10 ? 1 : 0 } as Intl.NumberFormatOptions;
  return new Intl.NumberFormat(language.value, style).format(size);
};

/** Dollars of the United States, as providers charge them: small amounts to the hundredth of a cent. */
export const money = (amount: string | number): string => {
  const value = Number(amount);
  const digits = value !== 0 && Math.abs(value) < 1 ? 4 : 2;
  const text = (n: number) => new Intl.NumberFormat(language.value, { style: "currency", currency: "USD", maximumFractionDigits: digits }).format(n);
  // What costs something is not shown as if it cost nothing.
  return value > 0 && value < 0.000_05 ? `< ${text(0.0001)}` : text(value);
};
