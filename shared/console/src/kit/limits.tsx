import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { useTexts } from "../preferences.js";
import { faultOf, Text } from "./field.js";

export type Limits = components["schemas"]["Limits"];

const NUMBERS = ["requests_per_minute", "concurrent_answers", "tokens_per_question", "tokens_per_day", "tokens_per_month"] as const;
const COSTS = ["cost_per_day", "cost_per_month"] as const;
type Name = (typeof NUMBERS)[number] | (typeof COSTS)[number];
export type LimitsForm = Record<Name, string>;

/** Limits as they are filled in: what is empty is no limit. */
export const useLimits = (before: Limits | undefined): [form: LimitsForm, set: (name: Name, value: string) => void, isChanged: boolean, forget: () => void] => {
  const [typed, type] = useState<Partial<LimitsForm>>({});
  const names = [...NUMBERS, ...COSTS];
  const saved = Object.fromEntries(names.map((name) => [name, before?.[name]?.toString() ?? ""])) as LimitsForm;
  const form = { ...saved, ...typed };
  const isChanged = names.some((name) => form[name] !== saved[name]);
  return [form, (name, value) => type({ ...typed, [name]: value }), isChanged, () => type({})];
};

export const limitsOf = (form: LimitsForm): Limits => ({
  ...Object.fromEntries(NUMBERS.map((name) => [name, form[name] === "" ? null : Number(form[name])])),
  // Costs are texts, which lose nothing.
  ...Object.fromEntries(COSTS.map((name) => [name, form[name].trim() || null])),
});

export const LimitFields = ({ form, set, error, of }: { form: LimitsForm; set: (name: Name, value: string) => void; error: unknown; of: string }) => {
  const t = useTexts();
  return (
    <div class="pair">
      {NUMBERS.map((name) => (
        <Text key={name} label={t.limits[name]} type="number" min={0} value={form[name]} set={(value) => set(name, value)} fault={faultOf(error, `${of}.${name}`)} />
      ))}
      {COSTS.map((name) => (
        <Text key={name} label={t.limits[name]} type="number" min={0} step="any" value={form[name]} set={(value) => set(name, value)} fault={faultOf(error, `${of}.${name}`)} />
      ))}
    </div>
  );
};
