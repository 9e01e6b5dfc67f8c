import { Cell, useCell } from "./cell.js";
import { de } from "./texts/de.js";
import { en, type Texts } from "./texts/en.js";

/** What somebody has chosen for this browser. Nothing depends on it, so where nothing can be kept, nothing is. */
const remembered = (name: string): string | null => {
  try {
    return localStorage.getItem(`parlance-console-${name}`);
  } catch {
    return null;
  }
};

const remember = (name: string, value: string): void => {
  try {
    localStorage.setItem(`parlance-console-${name}`, value);
  } catch {
    // A browser that keeps nothing.
  }
};

const LANGUAGES = { en, de };
export type Language = keyof typeof LANGUAGES;
export const NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

const isLanguage = (name: string | null | undefined): name is Language => name !== null && name !== undefined && Object.hasOwn(LANGUAGES, name);
const wished = [remembered("language"), ...navigator.languages.map((name) => name.slice(0, 2))].find(isLanguage);
export const language = new Cell<Language>(wished ?? "en");

export const setLanguage = (next: Language): void => {
  remember("language", next);
  language.value = next;
};

export const useTexts = (): Texts => LANGUAGES[useCell(language)];
/** For what is said outside of components. */
export const texts = (): Texts => LANGUAGES[language.value];

export type Theme = "system" | "light" | "dark";
export const THEMES: Theme[] = ["system", "light", "dark"];
const known = THEMES.find((name) => name === remembered("theme"));
export const theme = new Cell<Theme>(known ?? "system");

export const setTheme = (next: Theme): void => {
  remember("theme", next);
  theme.value = next;
};

const dark = matchMedia("(prefers-color-scheme: dark)");
const apply = () => {
  const root = document.documentElement;
  root.classList.toggle("dark", theme.value === "dark" || (theme.value === "system" && dark.matches));
  root.lang = language.value;
};
theme.listen(apply);
language.listen(apply);
dark.addEventListener("change", apply);
apply();
