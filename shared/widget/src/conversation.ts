import { Problem, type AnswerEvent, type Parlance, type Question } from "parlance-client";
import { everything, newest, newKey } from "./calls.js";
import { entry, entryOf, take, type Entry } from "./entry.js";
import type { Language } from "./languages.js";
import type { Login } from "./login.js";
import { sharedMemory, tabMemory, type Memory } from "./memory.js";
import { troubleOf, troubleOfCode, type Trouble } from "./problems.js";
import { Tabs } from "./tabs.js";
import type { Texts } from "./texts.js";

/** A question under way: it is asked once, however often it is sent under its key. */
interface Asking {
  key: string;
  question: Question;
}

/** One visitor's conversation: what was said, what is being said, and whatever can be done about it. Draws nothing. */
export class Conversation {
  entries: Entry[] = [];
  /** What keeps the conversation from being shown, or from being begun. */
  trouble: Trouble | undefined;
  /** Whether people may read questions that got no good answer. */
  isShared = false;
  readonly #login: Login;
  readonly #words: { texts: Texts; language: Language };
  readonly #changed: () => void;
  readonly #shared: Memory;
  readonly #tab: Memory;
  readonly #tabs: Tabs;
  readonly #end = new AbortController();
  /** The questions of answers that have no id yet. */
  readonly #asked = new Map<Entry, Asking>();
  #reading: Entry | undefined;
  #stopping = false;
  #warm: Promise<void> | undefined;
  /** What to do when the network is back. */
  #later: (() => void) | undefined;

  constructor(login: Login, words: { texts: Texts; language: Language }, changed: () => void) {
    this.#login = login;
    this.#words = words;
    this.#changed = changed;
    this.#shared = sharedMemory(`${login.name}:`);
    this.#tab = tabMemory(`${login.name}:`);
    this.#tabs = new Tabs(login.name, (session) => this.#heard(session));
    const { signal } = this.#end;
    addEventListener("online", () => (this.#later?.(), this.#changed()), { signal });
    addEventListener("offline", () => this.#changed(), { signal });
  }

  get isBusy(): boolean {
    return this.#reading !== undefined;
  }

  get #session(): string | undefined {
    return this.#shared.get("session") || undefined;
  }

  /** Shows what was said before, and goes on with what was being asked. */
  async begin(): Promise<void> {
    const asking = this.#tab.get("asking");
    await this.load(asking === undefined);
    if (asking === undefined) return;
    const { key, question } = JSON.parse(asking) as Asking;
    this.#ask({ key, question });
  }

  /** Stops reading; answers are made all the same. */
  leave(): void {
    this.#end.abort();
    this.#tabs.close();
  }

  /** Comes in, before anything is asked, so that the first answer comes sooner. */
  warm(): Promise<void> {
    return (this.#warm ??= this.#enter());
  }

  async #enter(): Promise<void> {
    try {
      const { share_unanswered } = await this.#run((api) => api.me());
      this.trouble = undefined;
      this.isShared = share_unanswered;
    } catch (error) {
      this.#warm = undefined;
      // Without a connection the question itself will say so.
      if (error instanceof Problem) this.trouble = this.#trouble(error);
    }
    this.#changed();
  }

  /** Reads what was said. */
  async load(follow = true): Promise<void> {
    // Whom the page knows may have asked on another device.
    const isElsewhere = this.#login.isKnown && this.#shared.get("session") === undefined;
    if (!isElsewhere && !(this.#session && (await this.#login.isIn()))) return;
    this.#later = undefined;
    try {
      const known = new Map(this.entries.map((entry) => [entry.id, entry]));
      if (isElsewhere) this.#setSession(await this.#run(newest));
      const session = this.#session;
      const messages = session ? await this.#run((api) => everything(api, session)) : [];
      if (session !== this.#session || this.#reading) return;
      this.entries = messages.map((message) => entryOf(message, (code) => troubleOfCode(code, this.#words.texts), known.get(message.id)));
      this.trouble = undefined;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) this.#setSession(undefined);
      else this.trouble = this.#trouble(error, () => void this.load(follow));
    }
    const last = this.entries[this.entries.length - 1];
    if (follow && last?.state === "streaming") this.#follow(last);
    this.#changed();
  }

  /** Asks a question. */
  ask(message: string): void {
    this.#ask({ key: newKey(), question: { message } });
  }

  /** Asks a question otherwise; what followed it is left behind. */
  edit(question: Entry, message: string): void {
    this.#cut(question);
    this.#ask({ key: newKey(), question: question.id ? { message, edit: question.id } : { message } });
  }

  /** Makes an answer anew, or asks again what came to nothing. */
  retry(answer: Entry): void {
    const asked = this.#asked.get(answer);
    this.#cut(answer);
    if (answer.id) return this.#ask({ key: newKey(), question: { regenerate: answer.id } });
    const question = this.entries[this.entries.length - 1];
    if (asked && question) this.#ask(asked, question);
    else if (question) this.edit(question, question.text);
  }

  /** Ends the answer that is being made. */
  async stop(): Promise<void> {
    const answer = this.#reading;
    if (!answer) return;
    this.#stopping = true;
    if (!answer.id) return;
    try {
      await this.#run((api) => api.stop(answer.id!));
    } catch (error) {
      answer.trouble = this.#trouble(error);
      this.#changed();
    }
  }

  /** Says whether an answer was of use, and perhaps why not. */
  async rate(answer: Entry, rating: "up" | "down" | undefined, comment?: string): Promise<void> {
    const before = answer.rating;
    answer.rating = rating;
    this.#changed();
    const body = { rating: rating ?? null, ...(comment && { comment }) };
    try {
      await this.#run((api) => api.request("PUT", `/chat/messages/${answer.id}/feedback`, { body }));
    } catch {
      answer.rating = before;
      this.#changed();
    }
  }

  /** Begins another conversation; the last one is kept at the service. */
  anew(): void {
    this.#clear();
    this.#tabs.tell(undefined);
  }

  /** Ends the login, and forgets what was said, in every tab. */
  async forget(): Promise<void> {
    this.#clear();
    this.#shared.set("session", undefined);
    await this.#login.leave();
    this.#warm = undefined;
    this.#tabs.tell(undefined);
  }

  #clear(): void {
    this.#reading = undefined;
    this.#later = undefined;
    this.#setSession(undefined);
    this.#tab.set("asking", undefined);
    this.entries = [];
    this.trouble = undefined;
    this.#changed();
  }

  #ask(asking: Asking, known?: Entry): void {
    const { message } = asking.question;
    const question = known ?? (message == null ? undefined : entry("user", { text: message }));
    if (question && !known) this.entries.push(question);
    const answer = entry("assistant", { state: "asking" });
    this.entries.push(answer);
    this.#asked.set(answer, asking);
    this.#tab.set("asking", JSON.stringify(asking));
    this.trouble = undefined;
    void this.#read(answer, question, (api, signal) => {
      const session = this.#session;
      const isPlaced = asking.question.edit || asking.question.regenerate;
      const asked = { ...asking.question, ...(session && !isPlaced && { session_id: session }) };
      return api.ask(asked, { idempotencyKey: asking.key, signal });
    });
  }

  #follow(answer: Entry): void {
    void this.#read(answer, undefined, (api, signal) => api.follow(answer.id!, { signal }));
  }

  async #read(
    answer: Entry,
    question: Entry | undefined,
    events: (api: Parlance, signal: AbortSignal) => AsyncIterable<AnswerEvent>,
  ): Promise<void> {
    this.#reading = answer;
    this.#stopping = false;
    this.#later = undefined;
    this.#changed();
    const told = { text: "" };
    try {
      const all = this.#login.stream((api) => events(api, this.#end.signal), () => this.#setSession(undefined));
      for await (const event of all) {
        // Another conversation was begun meanwhile.
        if (this.#reading !== answer) return;
        if (event.event === "start") this.#started(event.data, answer, question);
        else take(event, answer, told);
        this.#changed();
      }
    } catch (error) {
      if (this.#end.signal.aborted || this.#reading !== answer) return;
      this.#fail(answer, error);
    }
    this.#reading = undefined;
    if (answer.id) this.#asked.delete(answer);
    this.#changed();
    if (this.#session) this.#tabs.tell(this.#session);
  }

  #started(data: { session_id: string; message_id: string; user_message_id: string }, answer: Entry, question: Entry | undefined): void {
    this.#tab.set("asking", undefined);
    // A question that was sent before the page was loaded anew may be among what was loaded.
    const ids = [data.message_id, data.user_message_id];
    const isOther = (one: Entry) => one === answer || one === question || !one.id || !ids.includes(one.id);
    if (question) this.entries = this.entries.filter(isOther);
    answer.id = data.message_id;
    answer.state = "streaming";
    if (question) question.id = data.user_message_id;
    this.#setSession(data.session_id);
    this.#tabs.tell(data.session_id);
    if (this.#stopping) void this.stop();
  }

  #fail(answer: Entry, error: unknown): void {
    this.#tab.set("asking", undefined);
    answer.state = "failed";
    const again = () => (answer.id ? this.#resume(answer) : this.retry(answer));
    answer.trouble = this.#trouble(error, again);
  }

  /** Reads on what was cut off: the answer itself may be good. */
  #resume(answer: Entry): void {
    answer.state = "streaming";
    answer.trouble = undefined;
    this.#follow(answer);
  }

  /** What went wrong. `again` is done by itself when the network is back. */
  #trouble(error: unknown, again?: () => void): Trouble {
    if (!(error instanceof Problem)) this.#later = again;
    return troubleOf(error, this.#words.texts, this.#words.language);
  }

  #run<T>(work: (api: Parlance) => Promise<T>): Promise<T> {
    return this.#login.run(work, () => this.#setSession(undefined));
  }

  /** None is something else than none that is known. */
  #setSession(session: string | undefined): void {
    this.#shared.set("session", session ?? "");
  }

  /** Leaves out a message, and what follows it. */
  #cut(from: Entry): void {
    const nth = this.entries.indexOf(from);
    if (nth >= 0) this.entries = this.entries.slice(0, nth);
  }

  /** Another tab has done something to the conversation, or has begun another. All tabs show the same one. */
  #heard(session: string | undefined): void {
    if (session === undefined) return this.#clear();
    if (this.isBusy) return;
    // What another tab has stored may be seen here some milliseconds late.
    this.#setSession(session);
    void this.load();
  }
}
