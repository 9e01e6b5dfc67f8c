import { h, iconButton } from "../dom.js";
import { DOWN } from "../icons.js";
import type { Entry } from "../entry.js";
import { Announcer } from "./announce.js";
import { viewOf, type Deeds, type MessageView } from "./message.js";

/** How near to the end, in pixels, somebody must be to be kept there. */
const NEAR = 60;
/** How many times longer than drawing takes, drawing rests: a long answer must not make the page slow. */
const REST = 4;

/** The messages, drawn as they are written, and the end of them kept in sight. */
export class Log {
  readonly element: HTMLElement;
  readonly #list: HTMLElement;
  readonly #latest: HTMLButtonElement;
  readonly #announcer: Announcer;
  readonly #deeds: Deeds;
  readonly #views = new Map<string, MessageView>();
  #entries: Entry[] = [];
  #isBusy = false;
  #isAtEnd = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether what is there was shown before, and is not to be read out. */
  #isNew = false;

  constructor(deeds: Deeds, announcer: Announcer, intro: HTMLElement) {
    this.#deeds = deeds;
    this.#announcer = announcer;
    // Its changes are told by the announcer: they come letter by letter.
    this.#list = h("div", { class: "log", part: "log", role: "log", "aria-live": "off", "aria-label": deeds.texts.log, tabindex: "0" }, intro);
    this.#latest = iconButton(DOWN, deeds.texts.latest, () => this.toEnd(), { class: "latest", hidden: true });
    this.element = h("div", { class: "middle" }, this.#list, this.#latest);
    this.#list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  /** Shows messages, at the next moment that there is time for it; at once that there are none, and that an answer begins or is over:
   * what can be done is the same in all of the chat. */
  show(entries: Entry[], isBusy: boolean): void {
    const wasAsked = entries.length > this.#entries.length && entries[entries.length - 1]?.state === "asking";
    const isTurn = isBusy !== this.#isBusy;
    this.#entries = entries.slice();
    this.#isBusy = isBusy;
    if (wasAsked) {
      this.#isAtEnd = true;
      this.#isNew = true;
    }
    if (entries.length === 0 || isTurn) return this.#draw();
    this.#timer ??= setTimeout(() => this.#draw(), 16);
  }

  toEnd(): void {
    this.#isAtEnd = true;
    this.#latest.hidden = true;
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** The last message that can be asked otherwise or read again is reached first. */
  focus(): void {
    this.#list.focus();
  }

  #draw(): void {
    clearTimeout(this.#timer);
    const begun = performance.now();
    const kept = new Set(this.#entries.map(({ key }) => key));
    for (const [key, view] of this.#views) {
      if (kept.has(key)) continue;
      view.element.remove();
      this.#views.delete(key);
    }
    let before: Element | null = this.#list.firstElementChild;
    this.#entries.forEach((entry, nth) => {
      let view = this.#views.get(entry.key);
      if (!view) this.#views.set(entry.key, (view = viewOf(entry, this.#deeds)));
      if (before?.nextElementSibling !== view.element) before!.after(view.element);
      view.update(nth === this.#entries.length - 1, this.#isBusy);
      before = view.element;
    });
    this.#announce();
    if (this.#isAtEnd) this.toEnd();
    else this.#latest.hidden = this.#distance() < NEAR;
    // What was asked for meanwhile is drawn then.
    const entries = this.#entries;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (entries !== this.#entries) this.show(this.#entries, this.#isBusy);
    }, (performance.now() - begun) * REST);
  }

  #announce(): void {
    const last = this.#entries[this.#entries.length - 1];
    const view = last && this.#views.get(last.key);
    if (!last || !view || last.role !== "assistant") return;
    if (!this.#isNew && last.state !== "streaming") return this.#announcer.skip(last.key, view.spoken);
    this.#isNew = true;
    const ended = last.state !== "asking" && last.state !== "streaming";
    this.#announcer.follow(last.key, view.spoken, ended);
    if (!ended) return;
    this.#isNew = false;
    if (last.trouble) this.#announcer.say(last.trouble.text);
    else if (last.state === "stopped") this.#announcer.say(this.#deeds.texts.stopped);
  }

  #distance(): number {
    return this.#list.scrollHeight - this.#list.clientHeight - this.#list.scrollTop;
  }

  #scrolled(): void {
    this.#isAtEnd = this.#distance() < NEAR;
    if (this.#isAtEnd) this.#latest.hidden = true;
  }
}
