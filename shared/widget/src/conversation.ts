import { Problem, type AnswerEvent, type Parlance } from "parlance-client";
import { everything, newest, newKey } from "./calls.js";
import { entry, entryOf, take, type Entry } from "./entry.js";
import { Kept, type Asking } from "./kept.js";
import type { Language } from "./languages.js";
import type { Login } from "./login.js";
import { troubleOf, troubleOfCode, type Trouble } from "./problems.js";
import { Tabs, type Told } from "./tabs.js";
import type { Texts } from "./texts.js";

/** One visitor's conversation: what was said, what is being said, and whatever can be done about it. Draws nothing. */
export class Conversation {
  entries: Entry[] = [];
  /** What keeps the conversation from being shown, or from being begun. */
  trouble: Trouble | undefined;
  /** Whether people may read questions that got no good answer. */
  isShared = false;
  readonly login: Login;
  readonly #words: { texts: Texts; language: Language };
  readonly #changed: () => void;
  readonly #kept: Kept;
  readonly #tabs: Tabs;
  readonly #end = new AbortController();
  /** Ends with what is shown: what was begun for it may not come into what is shown after it. */
  #life = new AbortController();
  /** The questions of answers that have no id yet. */
  readonly #asked = new Map<Entry, Asking>();
  #reading: Entry | undefined;
  /** How often something was asked: what was being read meanwhile is older than what is shown. */
  #turns = 0;
  /** Whether what was said before is still to be shown. */
  #isBehind = false;
  #stopping = false;
  #warm: Promise<void> | undefined;
  /** What to do when the network is back. */
  #later: (() => void) | undefined;

  constructor(login: Login, words: { texts: Texts; language: Language }, changed: () => void) {
    this.login = login;
    this.#words = words;
    this.#changed = changed;
    this.#kept = new Kept(login.name);
    this.#tabs = new Tabs(login.name, (told) => void this.#heard(told));
    const { signal } = this.#end;
    addEventListener("online", () => (this.#later?.(), this.#changed()), { signal });
    addEventListener("offline", () => this.#changed(), { signal });
  }

  get isBusy(): boolean {
    return this.#reading !== undefined;
  }

  /** What was written and may not have arrived. */
  get unsent(): string | null | undefined {
    return this.#kept.asking?.question.message;
  }

  /** Shows what was said before, and goes on with what was being asked. */
  async begin(): Promise<void> {
    const { asking } = this.#kept;
    const { signal } = this.#life;
    await this.load(asking === undefined);
    if (asking && !signal.aborted && !this.isBusy) this.#ask(asking);
  }

  /** Stops reading; answers are made all the same. */
  leave(): void {
    this.#end.abort();
    this.#life.abort();
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
    const { signal } = this.#life;
    const turns = this.#turns;
    // Whom the page knows may have asked on another device.
    const isElsewhere = this.login.isKnown && !this.#kept.isKnown;
    if (!isElsewhere && !(this.#kept.session && (this.login.isKnown || (await this.login.isIn())))) return;
    // Of somebody who has left nothing is read, and nothing that was being read is read again.
    if (signal.aborted) return;
    this.#later = undefined;
    this.#isBehind = true;
    try {
      const known = new Map(this.entries.map((entry) => [entry.id, entry]));
      const found = isElsewhere && (await this.#run(newest));
      if (signal.aborted) return;
      if (turns !== this.#turns) return this.#catchUp();
      if (isElsewhere) this.#kept.session = found || undefined;
      const session = this.#kept.session;
      const messages = session ? await this.#run((api) => everything(api, session)) : [];
      if (signal.aborted) return;
      if (turns !== this.#turns || session !== this.#kept.session) return this.#catchUp();
      this.entries = messages.map((message) => entryOf(message, (code) => troubleOfCode(code, this.#words.texts), known.get(message.id)));
      this.trouble = undefined;
      this.#isBehind = false;
    } catch (error) {
      if (signal.aborted) return;
      if (turns !== this.#turns) return this.#catchUp();
      // There is none, or what was kept names none.
      if (error instanceof Problem && [404, 422].includes(error.status)) this.#kept.session = undefined;
      else this.trouble = this.#trouble(error, () => void this.load(follow));
    }
    const last = this.entries[this.entries.length - 1];
    if (follow && last?.state === "streaming") this.#follow(last);
    this.#changed();
  }

  /** Reads what was said before, where a question overtook it. A question that is not stored would be gone by that. */
  #catchUp(): void {
    if (this.#isBehind && !this.#reading && this.entries[this.entries.length - 1]?.id) void this.load();
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

  /** Ends the login, and forgets what was said, in every tab: from the beginning on nothing of it is shown. */
  async forget(): Promise<void> {
    this.anew();
    await this.login.leave();
    this.#kept.forget();
    this.#warm = undefined;
  }

  /** Begins another conversation. The last one is kept at the service; its answer would be in the way of the next one's. */
  anew(): void {
    if (this.#reading?.id) void this.stop();
    const left = this.#kept.session;
    this.#clear(left);
    this.#tabs.tell({ left });
  }

  #clear(left: string | undefined): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#kept.leave(left);
    this.#reading = undefined;
    this.#isBehind = false;
    this.#later = undefined;
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
    this.#kept.asking = asking;
    this.trouble = undefined;
    void this.#read(answer, question, (api, signal) => {
      const session = this.#kept.session;
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
    const { signal } = this.#life;
    this.#reading = answer;
    this.#turns += 1;
    this.#stopping = false;
    this.#later = undefined;
    this.#changed();
    const told = { text: "" };
    try {
      const all = this.login.stream((api) => events(api, signal), this.#lost);
      for await (const event of all) {
        // Another conversation was begun meanwhile.
        if (signal.aborted) return;
        if (event.event === "start") this.#started(event.data, answer, question);
        else take(event, answer, told);
        this.#changed();
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(answer, error);
    }
    this.#reading = undefined;
    if (answer.id) this.#asked.delete(answer);
    this.#changed();
    if (this.#kept.session) this.#tabs.tell({ session: this.#kept.session });
    this.#catchUp();
  }

  #started(data: { session_id: string; message_id: string; user_message_id: string }, answer: Entry, question: Entry | undefined): void {
    this.#kept.asking = undefined;
    // A question that was sent before the page was loaded anew may be among what was loaded.
    const ids = [data.message_id, data.user_message_id];
    const isOther = (one: Entry) => one === answer || one === question || !one.id || !ids.includes(one.id);
    if (question) this.entries = this.entries.filter(isOther);
    answer.id = data.message_id;
    answer.state = "streaming";
    if (question) question.id = data.user_message_id;
    this.#kept.session = data.session_id;
    this.#tabs.tell({ session: data.session_id });
    if (this.#stopping) void this.stop();
  }

  #fail(answer: Entry, error: unknown): void {
    this.#kept.asking = undefined;
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
    return this.login.run(work, this.#lost);
  }

  /** Whoever comes in anew has said nothing. */
  readonly #lost = (): void => {
    this.#kept.session = undefined;
  };

  /** Leaves out a message, and what follows it. */
  #cut(from: Entry): void {
    const nth = this.entries.indexOf(from);
    if (nth >= 0) this.entries = this.entries.slice(0, nth);
  }

  /** Another tab has done something to the conversation, or has begun another. All tabs show the same one. */
  async #heard({ session, left }: Told): Promise<void> {
    if (session === undefined) return this.#clear(left);
    const { signal } = this.#life;
    // Whoever is logged out has no conversation, and one that was left does not come back.
    if (!(await this.login.isIn()) || signal.aborted || this.isBusy || this.#kept.wasLeft(session)) return;
    // What another tab has stored may be seen here some milliseconds late.
    this.#kept.session = session;
    await this.load();
  }
}
