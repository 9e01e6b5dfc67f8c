import { solve } from "./challenge.js";
import { Problem } from "./problem.js";
import type { components } from "./schema.js";
import { memoryStore, type Store, type Tokens } from "./store.js";
import { events, type AnswerEvent } from "./stream.js";

type Schemas = components["schemas"];

export interface Options {
  /** Where the service is, such as `https://chat.example.com`. */
  baseUrl: string;
  /** The slug of the tenant; without it, the page's origin or the email decides. */
  tenant?: string;
  /** Where the tokens of the login are kept; otherwise in memory. */
  store?: Store;
  /** For servers: an API key in the place of a login. Never in a page. */
  apiKey?: string;
  /** Another one than the global one. */
  fetch?: typeof fetch;
  /** After how many milliseconds a silent stream counts as cut off. The service says something every 15 seconds. */
  idle?: number;
}

export interface Request {
  /** Sent as JSON, but for forms and files, which are sent as they are. */
  body?: unknown;
  headers?: Record<string, string>;
  query?: Record<string, string | number | boolean | null | undefined> | undefined;
  signal?: AbortSignal | undefined;
}

/** A question. `stream` is for the client to say. */
export type Question = Omit<Schemas["ChatRequest"], "stream">;

export interface Reading {
  /** Stops reading. The answer is made all the same: `stop` ends it. */
  signal?: AbortSignal;
  /** A name of your own for the question, which is asked once however often it is sent. */
  idempotencyKey?: string;
}

/** Who visits a page of a site. */
export interface Visitor {
  /** The site's key. It is public. */
  siteKey: string;
  /** Who it is, as your server has signed it: good once, for at most five minutes. */
  identityToken?: string;
}

/** A whole answer. */
export interface Answered {
  text: string;
  sources: Schemas["Source"][];
  start: Schemas["StartEvent"];
  done: Schemas["DoneEvent"];
}

export type Page = { limit?: number; cursor?: string | null; signal?: AbortSignal };

/** How often in a row a stream may break without anything new. */
const TRIES = 6;
/** Nobody looks at a page for longer, in seconds. */
const LONGEST_WAIT = 60;

export class Parlance {
  readonly #options: Options;
  readonly #store: Store;
  /** The last one in the queue of those that read and write the tokens. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: Options) {
    this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") };
    this.#store = options.store ?? memoryStore();
  }

  /** Whether somebody is logged in, as far as is known here. */
  async loggedIn(): Promise<boolean> {
    return (await this.#store.get()) !== undefined;
  }

  async login(email: string, password: string): Promise<Schemas["TokenPair"]> {
    const { tenant } = this.#options;
    return this.#alone(() => this.#enter("/login", { ...(tenant && { tenant }), email, password }));
  }

  /**
   * Comes in as a visitor of a page, without an account: as a new one, or with a token as the one that your server says, from
   * every device. What a visitor without a token had asked here before becomes its own then. If the site asks for a little work
   * first, it is done, a second or so.
   */
  async visitor({ siteKey, identityToken }: Visitor): Promise<Schemas["TokenPair"]> {
    return this.#alone(async () => {
      const body = { site_key: siteKey, ...(identityToken && { identity_token: identityToken }) };
      if (!identityToken) return this.#work(body);
      const before = await this.#store.get();
      const isMerged = before?.anonymousAt === siteKey;
      return this.#enter("/login/visitor", { ...body, ...(isMerged && { anonymous_refresh_token: before!.refresh_token }) });
    });
  }

  /** Ends the login, here at once and at the service wherever else it is used. */
  async logout(): Promise<void> {
    const tokens = await this.#alone(async () => {
      const tokens = await this.#store.get();
      await this.#store.set(undefined);
      return tokens;
    });
    if (tokens) await this.#send("POST", "/login/logout", { body: { refresh_token: tokens.refresh_token } });
  }

  me(): Promise<Schemas["Me"]> {
    return this.request("GET", "/login/me");
  }

  /**
   * Asks, and yields what happens to the answer. Where the connection breaks, it goes on where it was cut off.
   *
   * @throws {Problem} The question was refused, or the answer failed; what was yielded of it is kept at the service.
   */
  ask(question: Question | string, reading: Reading = {}): AsyncGenerator<AnswerEvent, void> {
    const body = { ...(typeof question === "string" ? { message: question } : question), stream: true };
    const headers = { "idempotency-key": reading.idempotencyKey ?? randomKey() };
    const ask = () => this.#authorized("POST", "/chat", { body, headers, signal: reading.signal });
    return this.#read(ask, undefined, body.reasoning === true, reading.signal);
  }

  /** As `ask`, with the whole answer at its end. */
  async answer(question: Question | string, reading?: Reading): Promise<Answered> {
    const answer = { text: "", sources: [] } as Partial<Answered> & Pick<Answered, "text" | "sources">;
    for await (const { event, data } of this.ask(question, reading)) {
      if (event === "delta") answer.text += data.text;
      else if (event === "sources") answer.sources = data.sources;
      else if (event === "start") answer.start = data;
      else if (event === "done") answer.done = data;
    }
    return answer as Answered;
  }

  /** Reads an answer that was asked for before, such as by a page that was loaded anew: all of it, while it is written. */
  follow(messageId: string, reading: { signal?: AbortSignal; reasoning?: boolean } = {}): AsyncGenerator<AnswerEvent, void> {
    return this.#read(undefined, messageId, reading.reasoning === true, reading.signal);
  }

  /** Ends an answer; what there is of it is kept. */
  stop(messageId: string): Promise<Schemas["Message"]> {
    return this.request("POST", `/chat/messages/${encodeURIComponent(messageId)}/stop`);
  }

  readonly sessions = {
    list: ({ signal, ...query }: Page = {}): Promise<Schemas["ChatSessionList"]> =>
      this.request("GET", "/chat/sessions", { query, signal }),
    show: (id: string): Promise<Schemas["ChatSession"]> => this.request("GET", `/chat/sessions/${encodeURIComponent(id)}`),
    rename: (id: string, title: string): Promise<Schemas["ChatSession"]> =>
      this.request("PATCH", `/chat/sessions/${encodeURIComponent(id)}`, { body: { title } }),
    delete: (id: string): Promise<void> => this.request("DELETE", `/chat/sessions/${encodeURIComponent(id)}`),
    /** Oldest first. */
    messages: (id: string, { signal, ...query }: Page & { branches?: boolean } = {}): Promise<Schemas["MessageList"]> =>
      this.request("GET", `/chat/sessions/${encodeURIComponent(id)}/messages`, { query, signal }),
  };

  readonly documents = {
    create: (document: Schemas["AddDocumentRequest"], idempotencyKey = randomKey()): Promise<Schemas["AddedDocument"]> =>
      this.request("POST", "/documents", { body: document, headers: { "idempotency-key": idempotencyKey } }),
    show: (id: string): Promise<Schemas["Document"]> => this.request("GET", `/documents/${encodeURIComponent(id)}`),
    list: ({ signal, ...query }: Page = {}): Promise<Schemas["DocumentList"]> =>
      this.request("GET", "/documents", { query, signal }),
    delete: (id: string): Promise<void> => this.request("DELETE", `/documents/${encodeURIComponent(id)}`),
    search: (search: Schemas["SearchDocumentsRequest"]): Promise<Schemas["SearchResults"]> =>
      this.request("POST", "/documents/search", { body: search }),
  };

  /**
   * Any other request of the API, as whoever is logged in: its JSON; its text, such as of an export; or nothing.
   *
   * @throws {Problem} The service says no.
   */
  async request<T>(method: string, path: string, request: Request = {}): Promise<T> {
    const answer = await this.fetch(method, path, request);
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json");
    return (isJson ? JSON.parse(text) : text || undefined) as T;
  }

  /** As `request`, with the answer as it is: for files, and for what its headers say. */
  fetch(method: string, path: string, request: Request = {}): Promise<Response> {
    return this.#authorized(method, path, request);
  }

  async *#read(
    ask: (() => Promise<Response>) | undefined,
    messageId: string | undefined,
    reasoning: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnswerEvent, void> {
    const told = new Set<string>();
    let at: number | undefined;
    // How much of the reasoning was yielded: it has no position, and comes again from its beginning.
    let thought = 0;
    for (let tries = 0; ; tries++) {
      let cause: unknown;
      let failed: Problem | undefined;
      let wait = 200 * 2 ** tries * (0.5 + Math.random());
      try {
        // Until it is known which answer it is, the same question is sent again: it is asked once.
        const answer = await (messageId === undefined
          ? ask!()
          : this.#authorized("GET", `/chat/messages/${encodeURIComponent(messageId)}/stream`, {
              query: { reasoning: reasoning || undefined },
              headers: at === undefined ? {} : { "last-event-id": `${at}` },
              signal,
            }));
        let again = thought;
        for await (const event of events(answer, this.#options.idle ?? 45_000)) {
          if (signal?.aborted) throw signal.reason;
          if (event.event === "error") throw (failed = new Problem(event.data.status, event.data));
          if (event.event === "start") messageId = event.data.message_id;
          at = event.id;
          const isNew = event.event === "delta" || (event.event !== "reasoning" && !told.has(event.event));
          // What comes again on every connection brings nothing: else one that breaks off at once would be made for ever.
          if (isNew) tries = 0;
          if (event.event === "reasoning") {
            const text = event.data.text.slice(again);
            again = Math.max(0, again - event.data.text.length);
            thought += text.length;
            if (text) {
              tries = 0;
              yield { ...event, data: { text } };
            }
          } else if (isNew) {
            told.add(event.event);
            yield event;
          }
          if (event.event === "done") return;
        }
      } catch (error) {
        if (signal?.aborted) throw signal.reason ?? error;
        if (error instanceof Problem) {
          const after = error.retryAfter ?? 0;
          // An answer that has failed stays so, and most of what is refused once is refused again.
          if (error === failed || !error.retryable || after > LONGEST_WAIT) throw error;
          wait = Math.max(wait, after * 1000);
        }
        cause = error;
      }
      if (tries >= TRIES) throw cause instanceof Problem ? cause : new Error("The answer broke off.", { cause });
      await sleep(wait, signal);
    }
  }

  /** Sends a request with a token, which is renewed when it has ended. */
  async #authorized(method: string, path: string, request: Request): Promise<Response> {
    const send = (token: string) =>
      this.#send(method, path, { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } });
    if (this.#options.apiKey) return send(this.#options.apiKey);
    const tokens = await this.#store.get();
    const token = tokens && Date.now() < tokens.ends ? tokens.access_token : await this.#renew(tokens);
    try {
      return await send(token);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      return send(await this.#renew({ access_token: token }));
    }
  }

  /** An access token that is not `used`, which is good no more. Whoever waited for the turn finds that of the one before. */
  #renew(used: Pick<Tokens, "access_token"> | undefined): Promise<string> {
    return this.#alone(async () => {
      const tokens = await this.#store.get();
      if (!tokens) throw new Problem(401, { type: "urn:parlance:error:not_logged_in", detail: "Log in first." });
      if (tokens.access_token !== used?.access_token) return tokens.access_token;
      try {
        const body = { refresh_token: tokens.refresh_token };
        return (await this.#enter("/login/refresh", body, tokens.anonymousAt)).access_token;
      } catch (error) {
        // The login has ended, unless there is another one by now.
        if (error instanceof Problem && error.status === 401) {
          const now = await this.#store.get();
          if (now?.refresh_token === tokens.refresh_token) await this.#store.set(undefined);
          else if (now) return now.access_token;
        }
        throw error;
      }
    });
  }

  /** Comes in at a site that may ask for work first: once, unless that took too long. */
  async #work(body: Schemas["VisitorRequest"], tries = 3): Promise<Schemas["TokenPair"]> {
    try {
      return await this.#enter("/login/visitor", body, body.site_key);
    } catch (error) {
      if (!tries || !(error instanceof Problem && error.challenge)) throw error;
      return this.#work({ ...body, proof: await solve(error.challenge) }, tries - 1);
    }
  }

  async #enter(path: string, body: unknown, anonymousAt?: string): Promise<Schemas["TokenPair"]> {
    // Others wait for their turn meanwhile. React Native has no such signal.
    const signal = AbortSignal.timeout?.(30_000);
    const answer = await this.#send("POST", path, { body, signal });
    const pair = (await answer.json()) as Schemas["TokenPair"];
    const { access_token, refresh_token, expires_in } = pair;
    const ends = Date.now() + expires_in * 1000;
    await this.#store.set({ access_token, refresh_token, ends, ...(anonymousAt && { anonymousAt }) });
    return pair;
  }

  /** Runs `work` after whatever else is done to the tokens here, and in other tabs. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const { lock } = this.#store;
    const turn = this.#turn.then(() => (lock ? lock(work) : work()));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #send(method: string, path: string, { body, headers, query, signal }: Request): Promise<Response> {
    const pairs = Object.entries(query ?? {}).filter(([, value]) => value != null);
    const search = pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
    const isSentAsIs = [globalThis.FormData, globalThis.Blob].some((kind) => kind && body instanceof kind);
    const json = body !== undefined && !isSentAsIs;
    const answer = await (this.#options.fetch ?? fetch)(this.#options.baseUrl + path + (search && `?${search}`), {
      method,
      headers: { ...(json && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as BodyInit) }),
      ...(signal && { signal }),
    });
    if (!answer.ok) throw await Problem.of(answer);
    return answer;
  }
}

/** Pages without TLS, and React Native, have no `randomUUID`. */
const randomKey = (): string =>
  globalThis.crypto?.randomUUID?.() ?? [1, 2, 3].map(() => Math.random().toString(36).slice(2)).join("-");

const sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason ?? new Error("The reading was stopped."));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
