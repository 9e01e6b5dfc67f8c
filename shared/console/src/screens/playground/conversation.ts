import type { AnswerEvent, components, Parlance, Question } from "parlance-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../call.js";
import { replace, to } from "../../route.js";
import { asCaller } from "../../session.js";

type Schemas = components["schemas"];

/** A question and its answer, as far as that is. */
export interface Turn {
  key: string;
  question: string;
  text: string;
  sources: Schemas["Source"][];
  isDone: boolean;
  messageId?: string | undefined;
  status?: Schemas["MessageStatus"] | undefined;
  model?: string | null | undefined;
  usage?: Schemas["Usage"] | null | undefined;
  error?: unknown;
}

export interface Conversation {
  turns: Turn[];
  isBusy: boolean;
  isLoading: boolean;
  error: unknown;
  ask(question: string): Promise<void>;
  stop(): Promise<void>;
  anew(): void;
}

/** What a turn is after an event of its answer. */
const after = (turn: Turn, { event, data }: AnswerEvent): Turn => {
  switch (event) {
    case "start":
      return { ...turn, messageId: data.message_id, model: data.model };
    case "sources":
      return { ...turn, sources: data.sources };
    case "delta":
      return { ...turn, text: turn.text + data.text };
    case "done":
      return { ...turn, isDone: true, status: data.status, usage: data.usage, model: data.model };
    default:
      return turn;
  }
};

const ofMessages = (messages: Schemas["Message"][]): Turn[] => {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === "user") turns.push({ key: message.id, question: message.content, text: "", sources: [], isDone: true });
    else {
      const turn = turns.at(-1);
      if (!turn) continue;
      const { id, content, sources, status, model, usage } = message;
      Object.assign(turn, { text: status === "streaming" ? "" : content, sources, messageId: id, status, model, usage, isDone: status !== "streaming" });
    }
  }
  return turns;
};

/** The conversation that the address names, or a new one, whose id goes into the address. A reload reads on where it was. */
export const useConversation = (sessionId: string | undefined): Conversation => {
  const [turns, setTurns] = useState<Turn[]>([]);
  const [state, setState] = useState<{ isLoading: boolean; error?: unknown }>({ isLoading: sessionId !== undefined });
  const [isBusy, setBusy] = useState(false);
  const own = useRef<string | undefined>();
  const reading = useRef<AbortController>();

  const change = (to: (turn: Turn) => Turn) => setTurns((all) => [...all.slice(0, -1), ...all.slice(-1).map(to)]);

  const read = async (events: (api: Parlance, signal: AbortSignal) => AsyncIterable<AnswerEvent>) => {
    reading.current?.abort();
    const { signal } = (reading.current = new AbortController());
    setBusy(true);
    try {
      await asCaller(async (api) => {
        for await (const event of events(api, signal)) {
          if (signal.aborted) return;
          if (event.event === "start") {
            own.current = event.data.session_id;
            replace(to("playground", event.data.session_id));
          }
          change((turn) => after(turn, event));
        }
      });
    } catch (error) {
      if (!signal.aborted) change((turn) => ({ ...turn, isDone: true, error }));
    } finally {
      if (!signal.aborted) setBusy(false);
    }
  };

  useEffect(() => () => reading.current?.abort(), []);
  useEffect(() => {
    if (sessionId === own.current) return;
    own.current = sessionId;
    reading.current?.abort();
    setBusy(false);
    setTurns([]);
    setState({ isLoading: sessionId !== undefined });
    if (sessionId === undefined) return;
    const isStale = () => own.current !== sessionId;
    call<Schemas["MessageList"]>("GET", `/chat/sessions/${encodeURIComponent(sessionId)}/messages`, { query: { limit: 100 } }).then(
      ({ items }) => {
        if (isStale()) return;
        const found = ofMessages(items);
        setTurns(found);
        setState({ isLoading: false });
        const last = found.at(-1);
        if (last?.messageId && !last.isDone) void read((api, signal) => api.follow(last.messageId!, { signal }));
      },
      (error: unknown) => isStale() || setState({ isLoading: false, error }),
    );
  }, [sessionId]);

  return {
    turns,
    isBusy,
    ...state,
    error: state.error,
    ask: (message) => {
      const key = crypto.randomUUID?.() ?? `${Date.now()}`;
      setTurns((all) => [...all, { key, question: message, text: "", sources: [], isDone: false }]);
      const question: Question = { message, ...(own.current && { session_id: own.current }) };
      return read((api, signal) => api.ask(question, { signal, idempotencyKey: key }));
    },
    stop: async () => {
      const id = turns.at(-1)?.messageId;
      if (id) await call("POST", `/chat/messages/${id}/stop`).catch(() => {});
      else reading.current?.abort();
    },
    anew: () => {
      reading.current?.abort();
      own.current = undefined;
      setTurns([]);
      setState({ isLoading: false });
      setBusy(false);
      replace(to("playground"));
    },
  };
};
