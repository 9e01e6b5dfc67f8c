import type { components } from "parlance-client";

type Schemas = components["schemas"];
export type Settings = Schemas["RehearsedSettings"];

/** What is filled in, as texts: what is empty is the service's own choice. */
export const formOf = (of: Omit<Settings, "retrieval"> & { retrieval: Omit<Settings["retrieval"], "rerank_provider" | "rerank_model"> }) => ({
  provider: of.provider,
  chat_model: of.chat_model ?? "",
  temperature: of.temperature?.toString() ?? "",
  max_output_tokens: `${of.max_output_tokens}`,
  enabled: of.retrieval.enabled,
  top_k: `${of.retrieval.top_k}`,
  min_score: `${of.retrieval.min_score}`,
});

export type Form = ReturnType<typeof formOf>;

/** Only what was changed is sent. */
export const changesOf = (now: Form, before: Form) => {
  const isNew = (name: keyof Form) => now[name] !== before[name];
  const counted = (name: "temperature" | "max_output_tokens" | "top_k" | "min_score") => isNew(name) && { [name]: now[name] === "" ? null : Number(now[name]) };
  const retrieval = { ...(isNew("enabled") && { enabled: now.enabled }), ...counted("top_k"), ...counted("min_score") };
  return {
    ...(isNew("provider") && { provider: now.provider.trim() }),
    ...(isNew("chat_model") && { chat_model: now.chat_model.trim() || null }),
    ...counted("temperature"),
    ...counted("max_output_tokens"),
    ...(Object.keys(retrieval).length > 0 && { retrieval }),
  };
};

/** What an organisation has once a rehearsal is published: what was not tried stays as it is by now. */
export const published = (of: { now_settings: Settings; changed_settings: Settings }, has: Settings): Settings => ({
  ...tried(of.now_settings, of.changed_settings, has),
  retrieval: tried(of.now_settings.retrieval, of.changed_settings.retrieval, has.retrieval),
});

const tried = <T extends object>(now: T, changed: T, has: T): T =>
  Object.fromEntries(Object.entries(changed).map(([name, value]) => [name, value === now[name as keyof T] ? has[name as keyof T] : value])) as T;
