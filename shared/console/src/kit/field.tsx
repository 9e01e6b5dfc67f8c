import { Problem } from "parlance-client";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** What the service said of a field, such as `allowed_origins[0]` of `allowed_origins`. */
export const faultOf = (error: unknown, name: string): string | undefined => {
  if (!(error instanceof Problem)) return undefined;
  const isOf = (field: string) => field === name || field.startsWith(`${name}[`) || field.startsWith(`${name}.`);
  return error.errors.find(({ field }) => isOf(field))?.message;
};

interface Common {
  label: string;
  hint?: ComponentChildren;
  fault?: string | undefined;
  /** Its label is for screen readers only: what it is for is seen. */
  isBare?: boolean;
  isOff?: boolean;
}

interface Given {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
  disabled: boolean | undefined;
}

/** A label above what is filled in, and below it what helps, or what is wrong with it. */
const Field = ({ label, hint, fault, isBare, isOff, children }: Common & { children: (given: Given) => ComponentChildren }) => {
  const id = useId();
  const below = fault ? `${id}-fault` : hint ? `${id}-hint` : undefined;
  return (
    <div class="field">
      <label for={id} class={isBare ? "hidden" : undefined}>
        {label}
      </label>
      {children({ id, "aria-describedby": below, "aria-invalid": fault ? true : undefined, disabled: isOff })}
      {fault ? (
        <p class="fault" id={below}>
          {fault}
        </p>
      ) : (
        hint && (
          <p class="hint" id={below}>
            {hint}
          </p>
        )
      )}
    </div>
  );
};

interface TextProps extends Common {
  value: string;
  set: (value: string) => void;
  type?: "text" | "email" | "password" | "search" | "number" | "url" | "date";
  autocomplete?: string;
  placeholder?: string;
  isRequired?: boolean;
  hasFocus?: boolean;
  isCode?: boolean;
  min?: number;
  max?: number;
  step?: string;
}

export const Text = ({ value, set, type = "text", autocomplete = "off", placeholder, isRequired, hasFocus, isCode, min, max, step, ...common }: TextProps) => (
  <Field {...common}>
    {(given) => (
      <input
        {...given}
        class={isCode ? "code" : undefined}
        type={type}
        dir={type === "text" || type === "search" ? "auto" : undefined}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
        autocomplete={autocomplete as "off"}
        placeholder={placeholder}
        required={isRequired}
        autofocus={hasFocus}
        min={min}
        max={max}
        step={step}
        spellcheck={isCode ? false : undefined}
      />
    )}
  </Field>
);

interface AreaProps extends Common {
  value: string;
  set: (value: string) => void;
  rows?: number;
  placeholder?: string;
  isCode?: boolean;
}

export const Area = ({ value, set, rows = 4, placeholder, isCode, ...common }: AreaProps) => (
  <Field {...common}>
    {(given) => (
      <textarea {...given} class={isCode ? "code" : undefined} dir="auto" rows={rows} value={value} placeholder={placeholder} onInput={(event) => set(event.currentTarget.value)} />
    )}
  </Field>
);

interface ChoiceProps<T extends string> extends Common {
  value: T;
  set: (value: T) => void;
  /** Values and what they are called. */
  options: readonly (readonly [T, string])[];
}

export const Choice = <T extends string>({ value, set, options, ...common }: ChoiceProps<T>) => (
  <Field {...common}>
    {(given) => (
      <select {...given} value={value} onChange={(event) => set(event.currentTarget.value as T)}>
        {options.map(([name, label]) => (
          <option key={name} value={name} selected={name === value}>
            {label}
          </option>
        ))}
      </select>
    )}
  </Field>
);

/** Something that is so, or not. */
export const Check = ({ label, hint, isOn, set, isOff }: { label: ComponentChildren; hint?: ComponentChildren; isOn: boolean; set: (isOn: boolean) => void; isOff?: boolean }) => {
  const id = useId();
  return (
    <div class="check">
      <input type="checkbox" id={id} checked={isOn} disabled={isOff} onChange={(event) => set(event.currentTarget.checked)} aria-describedby={hint ? `${id}-hint` : undefined} />
      <div>
        <label for={id}>{label}</label>
        {hint && (
          <p class="hint" id={`${id}-hint`}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
};
