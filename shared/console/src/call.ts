import type { Request } from "../../client/src/client.js";
import { Problem } from "parlance-client";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { asCaller } from "./session.js";

/** One request of the API: its JSON, its text, or nothing. The only way in which screens fetch. */
export const call = <T>(method: string, path: string, request: Request = {}): Promise<T> =>
  asCaller((api) => api.request<T>(method, path, request));

/** Likewise, with the tag by which a change says what it is a change of, and whether it was only found, and not made. */
export const tagged = async <T>(method: string, path: string, request: Request = {}): Promise<{ data: T; tag: string | undefined; isFound: boolean }> => {
  const answer = await asCaller((api) => api.fetch(method, path, request));
  return { data: (await answer.json()) as T, tag: answer.headers.get("etag") ?? undefined, isFound: answer.status === 200 };
};

/** Reads, and changes what was read: whoever else changes it at the same moment is not overwritten, it is done again. */
export const changeSeen = async <T>(path: string, bodyOf: (seen: T) => unknown): Promise<void> => {
  for (let tries = 0; ; tries++) {
    const { data, tag } = await tagged<T>("GET", path);
    const body = bodyOf(data);
    if (body === undefined) return;
    try {
      await call("PATCH", path, { body, headers: ifMatch(tag) });
      return;
    } catch (error) {
      if (!isStale(error) || tries > 2) throw error;
    }
  }
};

export const ifMatch = (tag: string | undefined): Record<string, string> => (tag ? { "if-match": tag } : {});

/** Whether somebody else has changed meanwhile what was to be changed. */
export const isStale = (error: unknown): boolean => error instanceof Problem && error.code === "precondition_failed";

/** What a screen shows, and what became of fetching it. */
export interface Loaded<T> {
  data: T | undefined;
  /** By which something is done to it only as it is on the screen. */
  seen: Record<string, string>;
  error: unknown;
  isLoading: boolean;
  /** Fetches it anew; what there is stays on the screen until then. */
  again(): void;
  /** Changes it as it is on the screen, and shows what it became. What somebody else has changed meanwhile is refused. */
  change(body: unknown, how?: How): Promise<T>;
}

/** How something is changed, if not by a `PATCH` of all of it. */
interface How {
  method?: "PATCH" | "PUT" | "POST";
  /** Which part of it. */
  at?: string;
}

type Query = NonNullable<Request["query"]>;

/** Fetches while a component is on the screen; nothing without a path. */
export const useLoad = <T>(path: string | undefined, query?: Query): Loaded<T> => {
  const [state, setState] = useState<{ key?: string; data?: T; tag?: string | undefined; error?: unknown; isLoading: boolean }>({ isLoading: true });
  const [round, setRound] = useState(0);
  const key = `${path}?${JSON.stringify(query)}`;
  useEffect(() => {
    if (path === undefined) return;
    const stop = new AbortController();
    // What is shown of something else would be wrong; what is shown of the same is old.
    setState((before) => ({ ...(before.key === key && { data: before.data!, tag: before.tag }), key, isLoading: true }));
    tagged<T>("GET", path, { query, signal: stop.signal }).then(
      ({ data, tag }) => !stop.signal.aborted && setState({ key, data, tag, isLoading: false }),
      (error: unknown) => !stop.signal.aborted && setState((before) => ({ ...before, error, isLoading: false })),
    );
    return () => stop.abort();
  }, [key, round]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  const change = async (body: unknown, { method = "PATCH", at = "" }: How = {}) => {
    const { data, tag } = await tagged<T>(method, path! + at, { ...(body !== undefined && { body }), headers: ifMatch(state.tag) });
    setState({ key, data, tag, isLoading: false });
    return data;
  };
  const fits = state.key === key;
  const seen = ifMatch(fits ? state.tag : undefined);
  return { data: fits ? state.data : undefined, seen, error: fits ? state.error : undefined, isLoading: !fits || state.isLoading, again, change };
};

/** A list that is fetched page by page. */
export interface Pages<T> {
  items: T[] | undefined;
  error: unknown;
  isLoading: boolean;
  hasMore: boolean;
  more(): void;
  again(): void;
  /** Changes what is shown, such as after one was deleted. */
  change(to: (items: T[]) => T[]): void;
}

/** The first page of a list, and the next ones when they are asked for. */
export const usePages = <T>(path: string | undefined, query: Query = {}): Pages<T> => {
  const [state, setState] = useState<{ key?: string; items?: T[]; next?: string | null; error?: unknown; isLoading: boolean }>({ isLoading: true });
  const [round, setRound] = useState(0);
  const stop = useRef<AbortController>();
  const key = `${path}?${JSON.stringify(query)}`;
  const fetchPage = (before: T[], cursor: string | null | undefined) => {
    stop.current?.abort();
    const { signal } = (stop.current = new AbortController());
    call<{ items: T[]; next_cursor: string | null }>("GET", path!, { query: { ...query, cursor }, signal }).then(
      (page) => !signal.aborted && setState({ key, items: [...before, ...page.items], next: page.next_cursor, isLoading: false }),
      (error: unknown) => !signal.aborted && setState((now) => ({ ...now, error, isLoading: false })),
    );
  };
  useEffect(() => {
    if (path === undefined) return;
    setState((before) => ({ ...(before.key === key && before), error: undefined, key, isLoading: true }));
    fetchPage([], undefined);
    return () => stop.current?.abort();
  }, [key, round]);
  const fits = state.key === key;
  return {
    items: fits ? state.items : undefined,
    error: fits ? state.error : undefined,
    isLoading: !fits || state.isLoading,
    hasMore: fits && Boolean(state.next),
    more: () => {
      setState((before) => ({ ...before, error: undefined, isLoading: true }));
      fetchPage(state.items ?? [], state.next);
    },
    again: () => setRound((n) => n + 1),
    change: (to) => setState((before) => ({ ...before, ...(before.items && { items: to(before.items) }) })),
  };
};

/** Something that a button does. */
export interface Deed<A extends unknown[]> {
  /** Whether it was done. */
  run(...given: A): Promise<boolean>;
  isBusy: boolean;
  error: unknown;
  clear(): void;
}

/** Does something once at a time, and keeps what went wrong until the next time. */
export const useDeed = <A extends unknown[]>(work: (...given: A) => Promise<unknown>): Deed<A> => {
  const [state, setState] = useState<{ isBusy: boolean; error?: unknown }>({ isBusy: false });
  const isBusy = useRef(false);
  return {
    ...state,
    error: state.error,
    clear: () => setState({ isBusy: false }),
    run: async (...given) => {
      if (isBusy.current) return false;
      isBusy.current = true;
      setState({ isBusy: true });
      try {
        await work(...given);
        setState({ isBusy: false });
        return true;
      } catch (error) {
        setState({ isBusy: false, error });
        return false;
      } finally {
        isBusy.current = false;
      }
    },
  };
};
