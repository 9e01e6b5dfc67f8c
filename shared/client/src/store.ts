/** What a login gives. */
export interface Tokens {
  access_token: string;
  refresh_token: string;
  /** When the access token ends, in milliseconds since 1970. */
  ends: number;
  /** Of a visitor who has not said who it is: the key of the site. */
  anonymousAt?: string;
}

/** Where the tokens of one login are kept. */
export interface Store {
  get(): Tokens | undefined | Promise<Tokens | undefined>;
  /** `undefined` forgets them. */
  set(tokens: Tokens | undefined): void | Promise<void>;
  /**
   * Runs `work` while nobody else who has the same store does. A refresh token works once, so whoever shares a store takes
   * turns. One client by itself does so anyway.
   */
  lock?<T>(work: () => Promise<T>): Promise<T>;
}

/** In memory: a login ends with the page or the process. */
export const memoryStore = (tokens?: Tokens): Store => ({
  get: () => tokens,
  set: (next) => {
    tokens = next;
  },
});

/** `localStorage`, `sessionStorage`, React Native's `AsyncStorage`, and whatever is like them. */
export interface TextStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}

/**
 * Runs `work` while no other tab runs one of the same key, by Web Locks. Where there are none (older browsers, pages without
 * TLS), two that renew at the same moment are both given the same pair by the service, so that neither loses its login.
 */
const byKey =
  (key: string) =>
  async <T>(work: () => Promise<T>): Promise<T> =>
    globalThis.navigator?.locks ? await navigator.locks.request(key, work) : work();

/**
 * In a storage of texts, such as `localStorage`, where the login outlives the page. What a tab writes there, others may see
 * some milliseconds late; then they renew once more, and are given the same pair. `browserStore` has no such delay.
 */
export const textStore = (storage: TextStorage = localStorage, key = "parlance"): Store => ({
  get: async () => {
    try {
      return (JSON.parse((await storage.getItem(key)) ?? "null") as Tokens | null) ?? undefined;
    } catch {
      // Not ours, or damaged: nobody is logged in.
      return undefined;
    }
  },
  set: (tokens) => (tokens ? storage.setItem(key, JSON.stringify(tokens)) : storage.removeItem(key)),
  lock: byKey(key),
});

/**
 * In the browser's IndexedDB: the login outlives the page, and all tabs share it. Any script of the origin can read it there,
 * as in `localStorage`.
 */
export const browserStore = (key = "parlance"): Store => {
  const result = <T>(asked: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  let opened: Promise<IDBDatabase> | undefined;
  // Where it could not be opened, or the browser has closed it since, it is opened anew.
  const forget = () => (opened = undefined);
  const open = async (): Promise<IDBDatabase> => {
    const asked = indexedDB.open(key, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("tokens");
    try {
      const database = await result(asked);
      database.onclose = forget;
      return database;
    } catch (error) {
      forget();
      throw error;
    }
  };
  const tokens = async (mode: IDBTransactionMode): Promise<IDBObjectStore> =>
    (await (opened ??= open())).transaction("tokens", mode).objectStore("tokens");
  return {
    get: async () => result<Tokens | undefined>((await tokens("readonly")).get(0)),
    set: async (next) => {
      const store = await tokens("readwrite");
      await (next ? result(store.put(next, 0)) : result(store.delete(0)));
    },
    lock: byKey(key),
  };
};
