import { useState } from "preact/hooks";
import { keepDraft, keptDraft } from "./draft.js";

export type Values = Record<string, string | boolean>;

/** What is filled in of something that others may change meanwhile. */
export interface Form<F extends Values> {
  /** What the fields show: what was typed, and else what is saved. */
  now: F;
  saved: F;
  isChanged: boolean;
  /** What was changed, by name. */
  typed: Partial<F>;
  /** What was saved when somebody began to type; nothing while nobody has. */
  base: F | undefined;
  set: <K extends keyof F & string>(name: K) => (value: F[K]) => void;
  /** Takes back what was typed, of one field or of all. */
  discard: (name?: keyof F & string) => void;
}

interface Typed<F> {
  typed: Partial<F>;
  base?: F | undefined;
}

/**
 * What was typed stays whatever is saved meanwhile: of each field until it is sent, or taken back. With the name of a draft, a reload
 * finds it again, with what it was a change of.
 */
export const useForm = <F extends Values>(saved: F, draft?: string): Form<F> => {
  const [{ typed, base }, keep] = useState<Typed<F>>(() => {
    const kept = draft === undefined ? null : keptDraft(draft);
    return kept === null ? { typed: {} } : (JSON.parse(kept) as Typed<F>);
  });
  const now = { ...saved, ...typed };
  const change = (next: Partial<F>) => {
    const isTyped = Object.keys(next).length > 0;
    const kept: Typed<F> = isTyped ? { typed: next, base: base ?? saved } : { typed: {} };
    keep(kept);
    if (draft !== undefined) keepDraft(draft, isTyped ? JSON.stringify(kept) : null);
  };
  return {
    now,
    saved,
    typed,
    base,
    isChanged: Object.keys(saved).some((name) => now[name] !== saved[name]),
    set: (name) => (value) => change({ ...typed, [name]: value }),
    discard: (name) => {
      const rest = { ...typed };
      if (name !== undefined) delete rest[name];
      change(name === undefined ? {} : rest);
    },
  };
};
