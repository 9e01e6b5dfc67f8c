import { useEffect, useRef } from "preact/hooks";
import { useTexts } from "../preferences.js";
import type { Texts } from "../texts/en.js";
import { Difference } from "../screens/prompt/difference.js";
import { Button } from "./button.js";
import type { Form, Values } from "./form.js";

/** What the fields of a form are called, by their names. */
export type Labels<F extends Values> = { readonly [name in keyof F]: string };

const said = (value: string | boolean | undefined, t: Texts): string => (typeof value === "boolean" ? (value ? t.meanwhile.on : t.meanwhile.off) : value || t.meanwhile.empty);

const isLong = (value: unknown): boolean => typeof value === "string" && (value.length > 60 || value.includes("\n"));

/** What somebody else has changed meanwhile, field by field; of what both have changed, whose counts. */
export const Meanwhile = <F extends Values>({ form, labels }: { form: Form<F>; labels: Labels<F> }) => {
  const t = useTexts();
  const { base: was, saved, typed } = form;
  const shown = useRef<HTMLDivElement>(null);
  const names = was ? Object.keys(saved).filter((name) => was[name] !== saved[name]) : [];
  // It may appear below what is seen of a long form.
  useEffect(() => shown.current?.scrollIntoView({ block: "nearest" }), [names.length > 0]);
  if (!was || names.length === 0) return null;
  return (
    <div ref={shown} class="meanwhile" role="group" aria-label={t.meanwhile.title}>
      <p role="status">
        <strong>{t.meanwhile.title}</strong>
      </p>
      <dl>
        {names.map((name) => {
          const isBoth = name in typed && typed[name] !== saved[name];
          return (
            <div key={name}>
              <dt>{labels[name]}</dt>
              <dd>
                {isLong(was[name]) || isLong(saved[name]) ? (
                  <Difference before={`${was[name]}`} after={`${saved[name]}`} />
                ) : (
                  <p dir="auto">
                    <del>{said(was[name], t)}</del> <ins>{said(saved[name], t)}</ins>
                  </p>
                )}
                {isBoth ? (
                  <p class="line">
                    <span class="small">{t.meanwhile.both}</span>
                    <Button press={() => form.discard(name)}>
                      {t.meanwhile.take}
                      <span class="hidden"> {labels[name]}</span>
                    </Button>
                  </p>
                ) : (
                  <p class="small">{t.meanwhile.taken}</p>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
    </div>
  );
};
