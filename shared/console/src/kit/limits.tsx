import type { components } from "parlance-client";
import { useTexts } from "../preferences.js";
import { faultOf, Text } from "./field.js";
import { useForm, type Form } from "./form.js";

export type Limits = components["schemas"]["Limits"];

const NUMBERS = ["requests_per_minute", "concurrent_answers", "tokens_per_question", "tokens_per_day", "tokens_per_month"] as const;
const COSTS = ["cost_per_day", "cost_per_month"] as const;
type Name = (typeof NUMBERS)[number] | (typeof COSTS)[number];
export type LimitsForm = Record<Name, string>;

/** Limits as they are filled in: what is empty is no limit. */
export const useLimits = (before: Limits | undefined): Form<LimitsForm> =>
  useForm(Object.fromEntries([...NUMBERS, ...COSTS].map((name) => [name, before?.[name]?.toString() ?? ""])) as LimitsForm);

export const limitsOf = (form: LimitsForm): Limits => ({
  ...Object.fromEntries(NUMBERS.map((name) => [name, form[name] === "" ? null : Number(form[name])])),
  // Costs are texts, which lose nothing.
  ...Object.fromEntries(COSTS.map((name) => [name, form[name].trim() || null])),
});

export const LimitFields = ({ form, error, of }: { form: Form<LimitsForm>; error: unknown; of?: string | undefined }) => {
  const t = useTexts();
  const fault = (name: Name) => faultOf(error, of ? `${of}.${name}` : name);
  return (
    <div class="pair">
      {NUMBERS.map((name) => (
        <Text key={name} label={t.limits[name]} type="number" min={0} value={form.now[name]} set={form.set(name)} fault={fault(name)} />
      ))}
      {COSTS.map((name) => (
        <Text key={name} label={t.limits[name]} type="number" min={0} step="any" value={form.now[name]} set={form.set(name)} fault={fault(name)} />
      ))}
    </div>
  );
};
