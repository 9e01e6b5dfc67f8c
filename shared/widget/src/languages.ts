/** The languages that there are texts in, with what opens the chat: all that is said before the chat is loaded. */
export const OPEN = {
  en: "Open the chat",
  de: "Chat öffnen",
  fr: "Ouvrir le chat",
  es: "Abrir el chat",
  it: "Apri la chat",
  pt: "Abrir o chat",
  nl: "Chat openen",
  ar: "فتح الدردشة",
};

export type Language = keyof typeof OPEN;

const LANGUAGES = Object.keys(OPEN) as Language[];

/** The language of the element, of the page, or of the browser: the first that there are texts in; else English. */
export const languageOf = (element: Element): Language => {
  const named = element.closest("[lang]")?.getAttribute("lang") || document.documentElement.lang;
  const wanted = named ? [named] : navigator.languages;
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0]).find((name) => LANGUAGES.includes(name as Language));
  return (known as Language | undefined) ?? "en";
};

export const isRightToLeft = (language: Language): boolean => language === "ar";
