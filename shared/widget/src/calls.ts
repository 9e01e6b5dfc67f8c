import type { Parlance } from "parlance-client";

/** All messages of a conversation, oldest first. */
export const everything = async (api: Parlance, session: string) => {
  const all = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Parlance["sessions"]["messages"]>> = await api.sessions.messages(session, { limit: 100, cursor });
    all.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return all;
};

/** The conversation that was begun last. */
export const newest = async (api: Parlance): Promise<string | undefined> => (await api.sessions.list({ limit: 1 })).items[0]?.id;

/** A name for a question, under which it is asked once. Pages without TLS have no `randomUUID`. */
export const newKey = (): string => globalThis.crypto?.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
