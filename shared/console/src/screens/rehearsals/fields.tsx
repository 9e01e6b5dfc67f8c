import { Check, faultOf, Text } from "../../kit/field.js";
import { useTexts } from "../../preferences.js";
import type { Form } from "./form.js";

/** The settings that can be tried, but for the prompt. */
export const SettingFields = ({ form, set, error }: { form: Form; set: (form: Form) => void; error: unknown }) => {
  const t = useTexts();
  const field = (name: keyof Form & keyof typeof t.model.fields, more: { type?: "number"; step?: string; min?: number; max?: number; isCode?: boolean } = {}) => (
    <Text
      label={t.model.fields[name]}
      value={form[name] as string}
      set={(value) => set({ ...form, [name]: value })}
      fault={faultOf(error, `settings.${name}`) ?? faultOf(error, `settings.retrieval.${name}`)}
      {...more}
    />
  );
  return (
    <>
      <div class="pair">
        {field("provider", { isCode: true })}
        {field("chat_model", { isCode: true })}
      </div>
      <details class="more-of">
        <summary>{t.model.more}</summary>
        <div class="pair">
          {field("temperature", { type: "number", step: "0.1", min: 0, max: 2 })}
          {field("max_output_tokens", { type: "number", min: 1, max: 32768 })}
          {field("top_k", { type: "number", min: 1, max: 20 })}
          {field("min_score", { type: "number", step: "any", min: 0, max: 1 })}
        </div>
        <Check label={t.model.fields.enabled} isOn={form.enabled} set={(enabled) => set({ ...form, enabled })} />
      </details>
    </>
  );
};
