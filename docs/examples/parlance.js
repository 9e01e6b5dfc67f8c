// A whole client for a browser, without a library. docs/frontends.md explains it; copy what you need.

/** Splits a stream of text into server-sent events, and reads the JSON of each. */
export async function* events(body) {
  let text = "";
  for (const reader = body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    // An event ends with an empty line; what comes after the last one is not all there yet.
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
      // A block without data is a heartbeat.
      if (field("data")) yield { event: field("event"), data: JSON.parse(field("data")) };
    }
  }
}

export class Parlance {
  #base;
  #tenant;
  #access;

  constructor(base, tenant) {
    this.#base = base;
    this.#tenant = tenant;
  }

  get loggedIn() {
    return localStorage.getItem("refresh_token") !== null;
  }

  async login(email, password) {
    this.#keep(await this.#json("/login", { tenant: this.#tenant, email, password }));
  }

  /** Ends the login, here at once and at the service, wherever else it is used. */
  async logout() {
    await navigator.locks.request("parlance-refresh", async () => {
      const refresh_token = localStorage.getItem("refresh_token");
      localStorage.removeItem("refresh_token");
      this.#access = undefined;
      if (refresh_token) await this.#post("/login/logout", { refresh_token });
    });
  }

  /** Yields the events of an answer, in order: `start`, perhaps `sources`, `delta`s, and one `done` or `error`. */
  async *ask(message, session_id) {
    let ended = false;
    const answer = await this.#authorized("/chat", { message, session_id, stream: true });
    for await (const event of events(answer.body)) {
      ended ||= event.event === "done" || event.event === "error";
      yield event;
    }
    if (!ended) throw new Error("The answer broke off. Please ask again.");
  }

  /** Sends a request with the access token, which is renewed when it has ended. */
  async #authorized(path, body) {
    this.#access ?? (await this.#refresh(undefined));
    const used = this.#access;
    try {
      return await this.#post(path, body, used);
    } catch (error) {
      if (error.status !== 401) throw error;
      await this.#refresh(used);
      return await this.#post(path, body, this.#access);
    }
  }

  /** A refresh token works once: requests and tabs that need a new pair at the same moment take turns. */
  async #refresh(ended) {
    await navigator.locks.request("parlance-refresh", async () => {
      if (this.#access !== ended) return;
      const refresh_token = localStorage.getItem("refresh_token");
      try {
        this.#keep(await this.#json("/login/refresh", { refresh_token }));
      } catch (error) {
        if (error.status === 401) localStorage.removeItem("refresh_token");
        throw error;
      }
    });
  }

  #keep({ access_token, refresh_token }) {
    this.#access = access_token;
    localStorage.setItem("refresh_token", refresh_token);
  }

  async #json(path, body) {
    return (await this.#post(path, body)).json();
  }

  async #post(path, body, token) {
    const answer = await fetch(this.#base + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(problem.detail ?? `The service answered ${answer.status}.`), {
      status: answer.status,
      code: problem.type?.replace("urn:parlance:error:", ""),
    });
  }
}
