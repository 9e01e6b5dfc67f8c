import { useCallback, useEffect, useState } from "preact/hooks";
import { session, whereabouts } from "../session.js";

/** What is typed and not yet sent, by whose it is and where. A reload finds it again; the tab's end forgets it. Never for secrets. */
const keyOf = (name: string): string => {
  const now = session.value;
  return `parlance-console-draft ${now && whereabouts(now)} ${name}`;
};

const stored = (key: string): string | null => {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
};

const store = (key: string, value: string | null): void => {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing, or no more: it is on the screen.
  }
};

/** What was kept of a draft. */
export const keptDraft = (name: string): string | null => stored(keyOf(name));

/** Keeps a draft, or forgets it. */
export const keepDraft = (name: string, value: string | null): void => store(keyOf(name), value);

/** A text that somebody changes: what was typed, else `saved`; and how to forget the former. */
export const useDraft = (name: string, saved: string): [value: string, set: (value: string) => void, forget: () => void] => {
  const key = keyOf(name);
  const [typed, setTyped] = useState<string | null>(() => stored(key));
  useEffect(() => setTyped(stored(key)), [key]);
  const set = useCallback(
    (value: string | null) => {
      setTyped(value);
      store(key, value);
    },
    [key],
  );
  return [typed ?? saved, set, () => set(null)];
};
