import { h } from "../dom.js";

/** Sentences that have ended: 3.5 has a point, too, and what follows a point may still be written. */
const SENTENCE = /[^]*?(?:[.!?…؟]+(?=\s)|[。！？]+|\n)/g;

/** Tells screen readers what is said, sentence by sentence: what is written letter by letter cannot be listened to. */
export class Announcer {
  readonly element = h("div", { class: "hidden", role: "status", "aria-live": "polite" });
  /** How much of which text was told. */
  #of: unknown;
  #told = 0;

  /** Something that is whole. */
  say(text: string): void {
    // Only a few: what was told is of no use to anybody who reads.
    while (this.element.childNodes.length > 8) this.element.firstChild!.remove();
    this.element.append(h("p", {}, text));
  }

  /** A text that grows: tells its whole sentences that are new, and at its end the rest. */
  follow(of: unknown, text: string, ended: boolean): void {
    if (of !== this.#of) {
      this.#of = of;
      this.#told = 0;
    }
    const rest = text.slice(this.#told);
    const whole = ended ? rest : (rest.match(SENTENCE) ?? []).join("");
    this.#told += whole.length;
    if (whole.trim()) this.say(whole.trim());
  }

  /** What was written before somebody listened is not told. */
  skip(of: unknown, text: string): void {
    this.#of = of;
    this.#told = text.length;
  }
}
