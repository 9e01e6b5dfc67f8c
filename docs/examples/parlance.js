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
      if (field("data")) yield { id: field("id"), event: field("event"), data: JSON.parse(field("data")) };
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
      if (refresh_token) await this.#send("POST", "/login/logout", { refresh_token });
    });
  }

  /**
   * Yields the events of an answer, in order: `start`, perhaps `sources`, `delta`s, and one `done` or `error`. Where the
   * connection breaks, it goes on where it was cut off.
   */
  async *ask(message, session_id) {
    // The same question sent again under the same key is not asked again.
    const key = { "idempotency-key": crypto.randomUUID() };
    const told = new Set();
    let message_id, at;
    for (let tries = 0; ; tries++) {
      let cause;
      try {
        const answer = message_id
          ? await this.#authorized("GET", `/chat/messages/${message_id}/stream`, undefined, { "last-event-id": at })
          : await this.#authorized("POST", "/chat", { message, session_id, stream: true }, key);
        for await (const event of events(answer.body)) {
          at = event.id;
          tries = 0;
          message_id ??= event.data.message_id;
          // These come again with every part of the answer.
          const again = !["delta", "reasoning"].includes(event.event) && told.has(event.event);
          told.add(event.event);
          if (!again) yield event;
          if (event.event === "done" || event.event === "error") return;
        }
      } catch (error) {
        // What the service has refused, it will refuse again.
        if (error.status && error.status < 500) throw error;
        cause = error;
      }
      if (tries === 5) throw new Error("The answer broke off. Please ask again.", { cause });
      await new Promise((later) => setTimeout(later, 200 * 2 ** tries));
    }
  }

  /** Ends an answer; what there is of it is kept. */
  async stop(message_id) {
    return (await this.#authorized("POST", `/chat/messages/${message_id}/stop`)).json();
  }

  /** Sends a request with the access token, which is renewed when it has ended. */
  async #authorized(method, path, body, headers) {
    this.#access ?? (await this.#refresh(undefined));
    const used = this.#access;
    try {
      return await this.#send(method, path, body, { authorization: `Bearer ${used}`, ...headers });
    } catch (error) {
      if (error.status !== 401) throw error;
      await this.#refresh(used);
      return await this.#send(method, path, body, { authorization: `Bearer ${this.#access}`, ...headers });
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
    return (await this.#send("POST", path, body)).json();
  }

  async #send(method, path, body, headers) {
    const answer = await fetch(this.#base + path, {
      method,
      headers: { ...(body && { "content-type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
    });
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(problem.detail ?? `The service answered ${answer.status}.`), {
      status: answer.status,
      code: problem.type?.replace("urn:parlance:error:", ""),
    });
  }
}
