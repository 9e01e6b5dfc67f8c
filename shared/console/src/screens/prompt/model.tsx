import { Problem, type components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, useDeed, type Loaded } from "../../call.js";
import { Check, faultOf, Text } from "../../kit/field.js";
import { Card } from "../../kit/screen.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Icon } from "../../icons.js";
import { useTexts } from "../../preferences.js";
import { fill } from "../../words.js";

type Tenant = components["schemas"]["Tenant"];

/** What is filled in, as texts: what is empty is the service's own choice. */
const formOf = (tenant: Tenant) => ({
  provider: tenant.provider,
  chat_model: tenant.chat_model ?? "",
  fallback_provider: tenant.fallback_provider ?? "",
  fallback_model: tenant.fallback_model ?? "",
  temperature: tenant.temperature?.toString() ?? "",
  max_output_tokens: `${tenant.max_output_tokens}`,
  history_token_budget: `${tenant.history_token_budget}`,
  enabled: tenant.retrieval.enabled,
  rewrite: tenant.retrieval.rewrite,
  top_k: `${tenant.retrieval.top_k}`,
  min_score: `${tenant.retrieval.min_score}`,
});

type Form = ReturnType<typeof formOf>;

/** Only what was changed is sent. */
const changesOf = (form: Form, tenant: Tenant) => {
  const before = formOf(tenant);
  const named = (name: "provider" | "chat_model" | "fallback_provider" | "fallback_model") => form[name] !== before[name] && { [name]: form[name].trim() || null };
  const counted = (name: "temperature" | "max_output_tokens" | "history_token_budget") =>
    form[name] !== before[name] && { [name]: form[name] === "" ? null : Number(form[name]) };
  const retrieval = {
    ...(form.enabled !== before.enabled && { enabled: form.enabled }),
    ...(form.rewrite !== before.rewrite && { rewrite: form.rewrite }),
    ...(form.top_k !== before.top_k && { top_k: Number(form.top_k) }),
    ...(form.min_score !== before.min_score && { min_score: Number(form.min_score) }),
  };
  return {
    ...named("provider"),
    ...named("chat_model"),
    ...named("fallback_provider"),
    ...named("fallback_model"),
    ...counted("temperature"),
    ...counted("max_output_tokens"),
    ...counted("history_token_budget"),
    ...(Object.keys(retrieval).length > 0 && { retrieval }),
  };
};

export const Model = ({ tenant, loaded }: { tenant: Tenant; loaded: Loaded<Tenant> }) => {
  const t = useTexts();
  const form = useForm<Form>(formOf(tenant));
  const { now } = form;
  const changes = changesOf(now, tenant);
  const [answers, setAnswers] = useState<Answers>();
  const save = useDeed(async () => {
    setAnswers(undefined);
    const saved = await loaded.change(changes);
    form.discard();
    say(t.saved);
    // Whoever chose the model hears that it does not answer, and not whoever asks next.
    if ("provider" in changes || "chat_model" in changes) setAnswers(await whetherAnswers(saved.provider));
  });
  const text = (name: keyof Form & keyof typeof t.model.fields, more: { type?: "number"; step?: string; min?: number; max?: number; isCode?: boolean } = {}) => (
    <Text
      label={t.model.fields[name]}
      hint={(t.model.hints as Record<string, string>)[name]}
      value={now[name] as string}
      set={form.set(name) as (value: string) => void}
      fault={faultOf(save.error, name) ?? faultOf(save.error, `retrieval.${name}`)}
      {...more}
    />
  );
  return (
    <Card title={t.model.title} lead={t.model.lead}>
      <SaveForm save={save} form={form} labels={t.model.fields} reread={loaded.again}>
        <div class="pair">
          {text("provider", { isCode: true })}
          {text("chat_model", { isCode: true })}
          {text("fallback_provider", { isCode: true })}
          {text("fallback_model", { isCode: true })}
        </div>
        <details class="more-of">
          <summary>{t.model.more}</summary>
          <div class="pair">
            {text("temperature", { type: "number", step: "0.1", min: 0, max: 2 })}
            {text("max_output_tokens", { type: "number", min: 1, max: 32768 })}
            {text("history_token_budget", { type: "number", min: 0, max: 200000 })}
            {text("top_k", { type: "number", min: 1 })}
            {text("min_score", { type: "number", step: "any", min: 0 })}
          </div>
          <Check label={t.model.fields.enabled} hint={t.model.hints.enabled} isOn={now.enabled} set={form.set("enabled")} />
          <Check label={t.model.fields.rewrite} hint={t.model.hints.rewrite} isOn={now.rewrite} set={form.set("rewrite")} />
        </details>
        {answers && <Answering answers={answers} />}
      </SaveForm>
    </Card>
  );
};

interface Answers {
  provider: string;
  /** None where there is no key to ask with. */
  test: components["schemas"]["KeyTest"] | undefined;
}

/** Asks the provider for a few words, by the key and the model that questions have; nothing of one that needs neither. */
const whetherAnswers = async (provider: string): Promise<Answers | undefined> => {
  try {
    return { provider, test: await call("POST", `/tenants/current/secrets/${encodeURIComponent(provider)}/test`) };
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return { provider, test: undefined };
    if (error instanceof Problem && error.status === 422) return undefined;
    throw error;
  }
};

const Answering = ({ answers: { provider, test } }: { answers: Answers }) => {
  const t = useTexts();
  const names = { name: provider, model: test?.model ?? "" };
  if (test?.works) return <p class="hint">{fill(t.model.answers, names)}</p>;
  return (
    <div class="trouble" role="alert">
      <Icon name="alert" />
      <div class="said">
        <p>{test ? fill(t.model.answersNot, { ...names, why: test.failure?.detail ?? "" }) : fill(t.model.noKey, names)}</p>
        {test?.failure && (
          <p class="small">
            <code>{test.failure.code}</code>
          </p>
        )}
      </div>
    </div>
  );
};
