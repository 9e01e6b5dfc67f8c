import { Parlance, Problem, browserStore, memoryStore, type Store, type Tokens } from "parlance-client";
import type { IdentityToken } from "../index.js";
import { Kept } from "./kept.js";
import { parsed, sharedMemory } from "./memory.js";

/** Where a chat is, and whose. */
export interface Place {
  /** The service, such as `https://chat.example.com`. */
  host: string;
  /** The key of the site. */
  site: string;
  /** What the page says of its visitor. */
  identity(): IdentityToken | undefined;
}

/** A visitor's login: made when it is first needed, kept in the browser, renewed and made anew by itself. */
export class Login {
  /** Under what the login, and whatever belongs to it, is kept: people that the page knows do not share theirs. */
  readonly name: string;
  readonly api: Parlance;
  readonly #place: Place;
  readonly #whom: string;
  readonly #store: KeptStore;
  /** Told when the page says that it is somebody else. */
  readonly #other: () => void;
  #entering: Promise<void> | undefined;
  /** How often it was left: what was begun before is not gone on with by whoever comes in next. */
  #left = 0;

  private constructor(place: Place, whom: string, store: KeptStore, other: () => void) {
    this.name = nameOf(place, whom);
    this.#place = place;
    this.#whom = whom;
    this.#store = store;
    this.#other = other;
    this.api = new Parlance({ baseUrl: place.host, store, fetch: patientFetch });
  }

  /** Of whom the page says that it is. `other` is told when it says that it is somebody else by then. */
  static async of(place: Place, other: () => void): Promise<Login> {
    const [nobody, whom] = [nameOf(place, ""), subject(await identityToken(place))];
    const name = nameOf(place, whom);
    const store = new KeptStore(await bestStore(name), whom !== "");
    if (whom) {
      await inherit(nobody, name, store);
      seen(place).set("people", JSON.stringify([...new Set([...people(place), whom])]));
    }
    return new Login(place, whom, store, other);
  }

  /** Ends whatever logins at the site the browser keeps, of whomever the page has named. */
  static async leaveAll(place: Place): Promise<void> {
    for (const whom of ["", ...people(place)]) {
      const name = nameOf(place, whom);
      await logout(new Parlance({ baseUrl: place.host, store: await bestStore(name), fetch: patientFetch }));
      new Kept(name).forget();
    }
    seen(place).set("people", undefined);
  }

  /** Asks the page whether it is still the same one. */
  async check(): Promise<void> {
    if (subject(await identityToken(this.#place)) !== this.#whom) this.#other();
  }

  /** Whether the page says who it is. */
  get isKnown(): boolean {
    return this.#store.isKnown;
  }

  isIn(): Promise<boolean> {
    return this.api.loggedIn();
  }

  /** Comes in, unless it is in already. */
  enter(): Promise<void> {
    return (this.#entering ??= this.#comeIn().finally(() => (this.#entering = undefined)));
  }

  async #comeIn(): Promise<void> {
    if (await this.#store.isWhole()) return;
    try {
      // Of several tabs one comes in, for all.
      await alone(`${this.name}:enter`, async () => {
        if (await this.#store.isWhole()) return;
        const token = await identityToken(this.#place);
        if (subject(token) !== this.#whom) {
          this.#other();
          throw new Error("Somebody else is here by now.");
        }
        await this.api.visitor({ siteKey: this.#place.site, ...(token && { identityToken: token }) });
      });
    } catch (error) {
      // A site that is closed ends logins, which are good again when it is opened.
      if (error instanceof Problem && error.code === "site_closed") await this.#store.restore();
      throw error;
    }
  }

  /** Does `work` as the visitor. Where the login has ended, `lost` is told, and it is done as a new one. */
  async run<T>(work: (api: Parlance) => Promise<T>, lost: () => void): Promise<T> {
    const left = this.#left;
    await this.enter();
    try {
      return await work(this.api);
    } catch (error) {
      if (!isOut(error) || left !== this.#left) throw error;
      await this.#enterAnew(lost);
      return work(this.api);
    }
  }

  /** The same for what comes piece by piece. */
  async *stream<T>(work: (api: Parlance) => AsyncIterable<T>, lost: () => void): AsyncGenerator<T, void> {
    const left = this.#left;
    await this.enter();
    let any = false;
    try {
      for await (const piece of work(this.api)) {
        any = true;
        yield piece;
      }
    } catch (error) {
      if (any || !isOut(error) || left !== this.#left) throw error;
      await this.#enterAnew(lost);
      yield* work(this.api);
    }
  }

  /** Ends the login here, and at the service if that can be reached. */
  async leave(): Promise<void> {
    this.#left += 1;
    // Who is about to come in leaves after it.
    await this.#entering?.catch(() => {});
    await logout(this.api);
    this.#store.forget();
  }

  async #enterAnew(lost: () => void): Promise<void> {
    await this.#store.set(undefined);
    await this.enter();
    // Whom the page knows is the same visitor again.
    if (!this.isKnown) lost();
  }
}

/** Without a network, requests wait for one instead of failing; but whoever leaves does not wait. */
const patientFetch: typeof fetch = async (...asked) => {
  if (!navigator.onLine && !String(asked[0]).endsWith("/login/logout")) await new Promise((resolve) => addEventListener("online", resolve, { once: true }));
  return fetch(...asked);
};

/** Here a login ends in any case. */
const logout = (api: Parlance): Promise<void> =>
  api.logout().catch((error: unknown) => console.warn("parlance-chat: the service was not told of a logout.", error));

const isOut = (error: unknown): boolean => error instanceof Problem && error.status === 401;

/** A store that still has the tokens that were last taken out of it. */
class KeptStore implements Store {
  readonly #inner: Store;
  /** Whether the page says whose it is. */
  readonly isKnown: boolean;
  #last: Tokens | undefined;
  readonly lock?: NonNullable<Store["lock"]>;

  constructor(inner: Store, isKnown: boolean) {
    this.#inner = inner;
    this.isKnown = isKnown;
    if (inner.lock) this.lock = (work) => inner.lock!(work);
  }

  async get(): Promise<Tokens | undefined> {
    const tokens = await this.#inner.get();
    if (tokens) this.#last = tokens;
    return tokens;
  }

  /** Whether there is a login that can be used as it is: one of before it was known who it is becomes theirs first. */
  async isWhole(): Promise<boolean> {
    const tokens = await this.get();
    return tokens !== undefined && !(this.isKnown && tokens.anonymousAt);
  }

  async set(tokens: Tokens | undefined): Promise<void> {
    if (tokens) this.#last = tokens;
    await this.#inner.set(tokens);
  }

  async restore(): Promise<void> {
    if (this.#last) await this.#inner.set(this.#last);
  }

  forget(): void {
    this.#last = undefined;
  }
}

const nameOf = ({ host, site }: Place, whom: string): string => `parlance:${host}:${site}:${whom}`;

/** Whom the page has named in this browser. */
const seen = (place: Place) => sharedMemory(`${nameOf(place, "")}:`);
const people = (place: Place): string[] => {
  const named = parsed<unknown>(seen(place).get("people"));
  return Array.isArray(named) ? named.map(String) : [];
};

/** Hands what was asked before anybody knew who it is to whom it is now known to be, and to nobody after them. */
const inherit = async (from: string, to: string, store: KeptStore): Promise<void> => {
  if (await store.get()) return;
  const before = await bestStore(from);
  const tokens = await before.get();
  if (!tokens) return;
  await store.set(tokens);
  await before.set(undefined);
  const memory = sharedMemory("");
  memory.set(`${to}:session`, memory.get(`${from}:session`));
  memory.set(`${from}:session`, undefined);
};

/** Runs `work` while no other tab does. */
const alone = async (name: string, work: () => Promise<void>): Promise<void> => {
  let begun = false;
  try {
    await navigator.locks.request(name, () => ((begun = true), work()));
  } catch (error) {
    if (begun) throw error;
    // Pages without TLS, and those that may store nothing, have no locks.
    await work();
  }
};

/** The browser's own store, or the page's memory where the browser forbids it. */
const bestStore = async (name: string): Promise<Store> => {
  const store = browserStore(name);
  try {
    await store.get();
    await store.lock?.(async () => {});
    return store;
  } catch {
    return memoryStore();
  }
};

const identityToken = async ({ identity }: Place): Promise<string | undefined> => {
  const given = identity();
  return (typeof given === "function" ? await given() : given) || undefined;
};

/** Whom a token names, as far as it can be read here; only the service can tell whether it is true. */
const subject = (token: string | undefined): string => {
  if (!token) return "";
  try {
    const claims = token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    return String((JSON.parse(atob(claims)) as { sub?: unknown }).sub ?? "");
  } catch {
    return "";
  }
};
