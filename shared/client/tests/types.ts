// What TypeScript knows of the client, as a frontend uses it. Only compiled.

import { Parlance, Problem, browserStore, textStore, type AnswerEvent, type Store, type components } from "parlance-client";

const api = new Parlance({ baseUrl: "https://chat.example.com", tenant: "acme", store: browserStore() });

export const store: Store = textStore(sessionStorage);

export const show = async (signal: AbortSignal): Promise<string> => {
  let text = "";
  for await (const event of api.ask({ message: "How long?", session_id: null, reasoning: true }, { signal })) {
    if (event.event === "delta") text += event.data.text;
    if (event.event === "sources") text += event.data.sources[0]?.title;
    if (event.event === "done") text += event.data.usage.completion_tokens;
    // @ts-expect-error: what fails is thrown.
    if (event.event === "error") break;
  }
  return text;
};

export const title = async (id: string): Promise<string> => (await api.sessions.show(id)).title;

export const wrong = (error: unknown): string =>
  error instanceof Problem ? `${error.code} ${error.errors.map(({ field }) => field).join()} ${error.retryAfter ?? 0}` : "";

// @ts-expect-error: a question has no such member.
export const unknown = () => api.ask({ message: "How long?", temperature: 1 });

export const usage = (): Promise<components["schemas"]["UsageReport"]> => api.request("GET", "/admin/usage", { query: { from: "2026-01-01" } });

export const last = (events: AnswerEvent[]): number | undefined => events.at(-1)?.id;
