import type { AnswerEvent, components } from "parlance-client";
import type { Trouble } from "./problems.js";

export type Source = components["schemas"]["Source"];
type Message = components["schemas"]["Message"];

/** What is shown as one message. */
export interface Entry {
  /** Of this page's own: it stays the same while the message becomes known to the service. */
  readonly key: string;
  readonly role: "user" | "assistant";
  /** The service's id, once there is one. */
  id: string | undefined;
  text: string;
  state: "asking" | "streaming" | "complete" | "stopped" | "failed";
  sources: Source[];
  rating: "up" | "down" | undefined;
  trouble: Trouble | undefined;
}

let made = 0;

export const entry = (role: Entry["role"], more: Partial<Omit<Entry, "key" | "role">> = {}): Entry => ({
  key: `${++made}`,
  role,
  id: undefined,
  text: "",
  state: "complete",
  sources: [],
  rating: undefined,
  trouble: undefined,
  ...more,
});

/** A message as the service keeps it. `known` is what was shown of it before. */
export const entryOf = (message: Message, trouble: (code: string | null | undefined) => Trouble, known?: Entry): Entry => {
  const failed = message.status === "failed" || message.status === "interrupted";
  const fields = {
    id: message.id,
    text: message.content,
    state: failed ? ("failed" as const) : (message.status as Entry["state"]),
    sources: message.sources,
    rating: message.feedback?.rating,
    trouble: failed ? trouble(message.error_code) : undefined,
  };
  return known ? Object.assign(known, fields) : entry(message.role, fields);
};

/** Adds what happened to an answer. `told` is what its events have told of its text, which may have been read before. */
export const take = ({ event, data }: AnswerEvent, answer: Entry, told: { text: string }): void => {
  if (event === "sources") answer.sources = data.sources;
  if (event === "delta") {
    told.text += data.text;
    // What is read again from its beginning is there already.
    if (told.text.length > answer.text.length) answer.text = told.text;
  }
  if (event === "done") {
    answer.text = told.text;
    answer.state = data.status === "stopped" ? "stopped" : "complete";
  }
};
