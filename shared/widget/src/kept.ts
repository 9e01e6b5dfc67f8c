import type { Question } from "parlance-client";
import { parsed, sharedMemory, tabMemory, type Memory } from "./memory.js";

/** A question under way: it is asked once, however often it is sent under its key. */
export interface Asking {
  key: string;
  question: Question;
}

/** What a browser keeps of conversations: which one is shown, in all tabs, and the question that this tab is sending. */
export class Kept {
  readonly #shared: Memory;
  readonly #tab: Memory;
  /** Conversations that were left, whatever other tabs still say of them. */
  readonly #left = new Set<string>();

  /** `name`: whose they are. */
  constructor(name: string) {
    this.#shared = sharedMemory(`${name}:`);
    this.#tab = tabMemory(`${name}:`);
  }

  get session(): string | undefined {
    return this.#shared.get("session") || undefined;
  }

  /** None is something else than none that is known. */
  set session(session: string | undefined) {
    this.#shared.set("session", session ?? "");
  }

  /** Whether it is known which conversation it is, be it none. */
  get isKnown(): boolean {
    return this.#shared.get("session") !== undefined;
  }

  get asking(): Asking | undefined {
    const asking = parsed<Partial<Asking> | null>(this.#tab.get("asking"));
    return asking?.key && asking.question ? { key: asking.key, question: asking.question } : undefined;
  }

  set asking(asking: Asking | undefined) {
    this.#tab.set("asking", asking && JSON.stringify(asking));
  }

  /** Leaves a conversation, for another one that is still to be begun. */
  leave(session = this.session): void {
    if (session) this.#left.add(session);
    this.session = undefined;
    this.asking = undefined;
  }

  wasLeft(session: string): boolean {
    return this.#left.has(session);
  }

  forget(): void {
    this.leave();
    this.#shared.set("session", undefined);
  }
}
