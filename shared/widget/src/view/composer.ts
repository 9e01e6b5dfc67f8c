import { h, icon, isComposing } from "../dom.js";
import { SEND, STOP } from "../icons.js";
import { fill, type Texts } from "../texts.js";

/** The most bytes of a question, as the service takes it from visitors. */
const LONGEST = 4096;
/** From how many bytes on it is told how many are left. */
const NEARLY = 3500;
/** The tallest that the field grows by itself, in pixels. */
const TALLEST = 140;

/** What happens to a question. */
export interface Uses {
  texts: Texts;
  send(text: string): void;
  stop(): void;
  /** Somebody has begun to write. */
  begun(): void;
}

/** Where a question is written, and the button that sends it, or stops the answer. */
export class Composer {
  readonly element: HTMLFormElement;
  readonly field: HTMLTextAreaElement;
  readonly #uses: Uses;
  readonly #button: HTMLButtonElement;
  readonly #count = h("div", { class: "count", role: "status" });
  #isBusy = false;

  constructor(uses: Uses, placeholder: string) {
    this.#uses = uses;
    this.field = h("textarea", { rows: "1", placeholder, "aria-label": placeholder, part: "input", enterkeyhint: "send", autocomplete: "off" });
    this.#button = h("button", { class: "send", part: "send" });
    const box = h("div", { class: "box" }, this.field, this.#button);
    this.element = h("form", { class: "composer", part: "composer", onsubmit: (event: Event) => this.#submit(event) }, box, this.#count);
    this.field.addEventListener("input", () => this.#written());
    this.field.addEventListener("keydown", (event) => {
      // What an input method ends with Enter is not sent.
      if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) this.#submit(event);
    });
    this.#draw();
  }

  set isBusy(isBusy: boolean) {
    this.#isBusy = isBusy;
    this.#draw();
  }

  /** Puts a text back that could not be sent, unless another is being written. */
  restore(text: string): void {
    if (!this.field.value) this.field.value = text;
    this.#draw();
  }

  #submit(event: Event): void {
    event.preventDefault();
    if (this.#isBusy) {
      // Enter does not stop anything: only the button does.
      if (event.type !== "submit") return;
      this.#uses.stop();
      // The button is about to be disabled, and whoever stopped an answer asks another question.
      if (matchMedia("(hover: hover)").matches) this.field.focus();
      return;
    }
    const text = this.field.value.trim();
    if (!text || isTooLong(text)) return;
    this.field.value = "";
    this.#written();
    this.#uses.send(text);
  }

  #written(): void {
    // Nothing has no direction, and then the language's counts.
    this.field.dir = this.field.value ? "auto" : "";
    if (this.field.value) this.#uses.begun();
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, TALLEST)}px`;
    this.#draw();
  }

  #draw(): void {
    const { texts } = this.#uses;
    const text = this.field.value;
    const size = sizeOf(text);
    const label = this.#isBusy ? texts.stop : texts.send;
    if (this.#button.title !== label) {
      this.#button.title = label;
      this.#button.setAttribute("aria-label", label);
      this.#button.replaceChildren(icon(this.#isBusy ? STOP : SEND));
    }
    this.#button.disabled = !this.#isBusy && (!text.trim() || isTooLong(text));
    this.element.classList.toggle("busy", this.#isBusy);
    this.element.classList.toggle("excess", size > LONGEST);
    // Letters take one to four bytes each.
    const left = Math.floor((LONGEST - size) / (size / text.length));
    const count = size > LONGEST ? texts.tooLong : size > NEARLY ? fill(texts.left, { n: left }) : "";
    if (this.#count.textContent !== count) this.#count.textContent = count;
  }
}

const sizeOf = (text: string): number => new TextEncoder().encode(text).length;

/** Whether the service would refuse a question for its length. */
export const isTooLong = (text: string): boolean => sizeOf(text) > LONGEST;
