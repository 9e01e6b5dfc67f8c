import type { components } from "./schema.js";

type Schemas = components["schemas"];

/** What happens to an answer, in this order. `id` is how many bytes of its text (UTF-8) there are by then. */
export type AnswerEvent = { id: number } & (
  | { event: "start"; data: Schemas["StartEvent"] }
  | { event: "sources"; data: Schemas["SourcesEvent"] }
  | { event: "reasoning"; data: Schemas["ReasoningEvent"] }
  | { event: "delta"; data: Schemas["DeltaEvent"] }
  | { event: "done"; data: Schemas["DoneEvent"] }
);

/** As they are sent: the last one may be an error instead. */
export type SentEvent = AnswerEvent | { id: number; event: "error"; data: Schemas["ErrorEvent"] };

/** The text of a body, piece by piece. Fails if nothing comes for `idle` milliseconds: the connection is dead. */
async function* pieces(answer: Response, idle: number): AsyncGenerator<string> {
  // React Native's own `fetch` has no stream: there all of it comes at once, at the end.
  if (!answer.body) return yield await answer.text();
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      const silence = new Promise<never>((_, fail) => {
        timer = setTimeout(() => fail(new Error("The connection is silent.")), idle);
      });
      const { done, value } = await Promise.race([reader.read(), silence]);
      clearTimeout(timer);
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    clearTimeout(timer);
    // What has ended badly cannot be cancelled, nor need be.
    reader.cancel().catch(() => {});
  }
}

/** Reads server-sent events. What is cut off inside of one is left out. */
export async function* events(answer: Response, idle: number): AsyncGenerator<SentEvent> {
  let text = "";
  for await (const piece of pieces(answer, idle)) {
    const blocks = (text + piece).split(/\r?\n\r?\n/);
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
      const data = field("data");
      // A block without data is a heartbeat.
      if (data) yield { id: Number(field("id")), event: field("event"), data: JSON.parse(data) } as SentEvent;
    }
  }
}
