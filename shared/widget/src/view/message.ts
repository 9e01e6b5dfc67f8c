import { h, icon, iconButton, isComposing } from "../dom.js";
import { AGAIN, ALERT, BAD, COPY, DONE, EDIT, UP } from "../icons.js";
import type { Entry } from "../entry.js";
import { copyText, Rendered } from "../markdown/render.js";
import type { Texts } from "../texts.js";
import { isTooLong } from "./composer.js";
import { Sources } from "./sources.js";

/** What can be done with a message. */
export interface Deeds {
  texts: Texts;
  edit(entry: Entry, text: string): void;
  retry(entry: Entry): void;
  rate(entry: Entry, rating: "up" | "down" | undefined, comment?: string): void;
  anew(): void;
  say(text: string): void;
}

/** A message as it is shown. */
export interface MessageView {
  readonly element: HTMLElement;
  /** Draws what has changed. `isLast`: nothing follows it. `isBusy`: an answer is being made. */
  update(isLast: boolean, isBusy: boolean): void;
  /** What it says, as it is read out. */
  readonly spoken: string;
}

export const viewOf = (entry: Entry, deeds: Deeds): MessageView =>
  entry.role === "user" ? new QuestionView(entry, deeds) : new AnswerView(entry, deeds);

const message = (role: Entry["role"], name: string, ...children: (Node | string)[]): HTMLElement =>
  h("div", { class: `message ${role}`, part: `message ${role}` }, h("span", { class: "hidden" }, `${name}: `), ...children);

class QuestionView implements MessageView {
  readonly element: HTMLElement;
  readonly spoken = "";
  readonly #bubble = h("div", { class: "bubble", part: "bubble", dir: "auto" });
  readonly #entry: Entry;
  readonly #deeds: Deeds;
  readonly #edit: HTMLButtonElement;

  constructor(entry: Entry, deeds: Deeds) {
    this.#entry = entry;
    this.#deeds = deeds;
    this.#edit = iconButton(EDIT, deeds.texts.edit, () => this.#begin());
    this.element = message("user", deeds.texts.you, this.#bubble, h("div", { class: "actions" }, this.#edit));
  }

  update(_: boolean, isBusy: boolean): void {
    if (this.#bubble.textContent !== this.#entry.text) this.#bubble.textContent = this.#entry.text;
    this.#edit.disabled = isBusy;
  }

  /** Puts a field in the place of the text. */
  #begin(): void {
    const { texts } = this.#deeds;
    const field = h("textarea", { "aria-label": texts.edit, rows: "3", dir: "auto" });
    const send = h("button", { class: "strong" }, texts.send);
    const excess = h("div", { class: "count", role: "status" });
    field.value = this.#entry.text;
    const end = () => {
      form.replaceWith(this.#bubble);
      this.element.classList.remove("edited");
      this.#edit.focus();
    };
    const judge = () => {
      const isLong = isTooLong(field.value.trim());
      send.disabled = isLong || !field.value.trim();
      form.classList.toggle("excess", isLong);
      excess.textContent = isLong ? texts.tooLong : "";
    };
    const submit = (event: Event) => {
      event.preventDefault();
      if (!send.disabled) this.#deeds.edit(this.#entry, field.value.trim());
    };
    const form = h("form", { class: "edit", onsubmit: submit, oninput: judge }, field, excess);
    form.append(h("div", { class: "buttons" }, h("button", { type: "button", class: "plain", onclick: end }, texts.cancel), send));
    form.addEventListener("keydown", (event) => {
      if (isComposing(event)) return;
      if (event.key === "Escape") {
        event.stopPropagation();
        end();
      } else if (event.key === "Enter" && !event.shiftKey && event.target === field) {
        submit(event);
      }
    });
    this.#bubble.replaceWith(form);
    this.element.classList.add("edited");
    field.focus();
  }
}

class AnswerView implements MessageView {
  readonly element: HTMLElement;
  readonly #entry: Entry;
  readonly #deeds: Deeds;
  readonly #body = h("div", { class: "body", part: "body" });
  readonly #dots = h("div", { class: "dots", role: "img" }, h("i"), h("i"), h("i"));
  readonly #note = h("div", { class: "note" });
  readonly #actions = h("div", { class: "actions", role: "group" });
  readonly #sources: Sources;
  readonly #rendered: Rendered;
  readonly #thumbs: Record<"up" | "down", HTMLButtonElement>;
  readonly #again: HTMLButtonElement;
  #comment: HTMLElement | undefined;
  #shown: string | undefined;
  #noted: unknown;

  constructor(entry: Entry, deeds: Deeds) {
    const { texts } = deeds;
    this.#entry = entry;
    this.#deeds = deeds;
    this.#sources = new Sources(texts);
    this.#rendered = new Rendered(this.#body, {
      texts,
      cite: (number) => this.#sources.mark(number),
      copied: () => deeds.say(texts.copied),
    });
    this.#dots.setAttribute("aria-label", texts.working);
    const copy = iconButton(COPY, texts.copy, () => void this.#copy(copy));
    this.#thumbs = { up: this.#thumb("up", UP, texts.good), down: this.#thumb("down", BAD, texts.bad) };
    this.#again = iconButton(AGAIN, texts.again, () => deeds.retry(entry));
    this.#actions.setAttribute("aria-label", texts.assistant);
    this.#actions.append(copy, this.#thumbs.up, this.#thumbs.down, this.#again);
    this.element = message("assistant", texts.assistant, this.#body, this.#dots, this.#sources.element, this.#note, this.#actions);
  }

  get spoken(): string {
    return this.#body.textContent ?? "";
  }

  update(isLast: boolean, isBusy: boolean): void {
    const { text, state, rating, sources } = this.#entry;
    const isRunning = state === "asking" || state === "streaming";
    if (this.#sources.take(sources) && text) this.#rendered.redraw(text);
    else if (text !== this.#shown) this.#rendered.show(text);
    this.#shown = text;
    // Marks come and go while the text is written; the list comes once.
    if (!isRunning) this.#sources.draw();
    this.#dots.hidden = !isRunning || text !== "";
    this.element.classList.toggle("running", isRunning && text !== "");
    this.element.classList.toggle("last", isLast);
    this.#actions.hidden = isRunning || (!text && state !== "stopped");
    this.#again.hidden = !isLast || state === "failed";
    this.#again.disabled = isBusy;
    for (const [name, thumb] of Object.entries(this.#thumbs)) {
      thumb.setAttribute("aria-pressed", `${rating === name}`);
      thumb.hidden = state === "failed";
    }
    this.#tell(isLast, isBusy);
  }

  /** What became of it, if that is nothing good. */
  #tell(isLast: boolean, isBusy: boolean): void {
    const { state, trouble } = this.#entry;
    const { texts, retry, anew } = this.#deeds;
    const waits = (state === "asking" || state === "streaming") && !navigator.onLine;
    const noted = JSON.stringify([state, trouble, isLast, isBusy, waits]);
    if (noted === this.#noted) return;
    this.#noted = noted;
    const button = (text: string, press: () => void) => h("button", { type: "button", class: "plain", onclick: press }, text);
    this.#note.className = trouble ? `note trouble${trouble.calm ? " calm" : ""}` : "note";
    if (trouble) {
      this.#note.replaceChildren(icon(ALERT), h("span", {}, trouble.text));
      if (trouble.retry && isLast && !isBusy) this.#note.append(button(texts.retry, () => retry(this.#entry)));
      if (trouble.anew) this.#note.append(button(texts.anew, anew));
    } else {
      this.#note.replaceChildren(waits ? texts.offline : state === "stopped" ? texts.stopped : "");
      if (waits) this.#deeds.say(texts.offline);
    }
    this.#note.hidden = !this.#note.hasChildNodes() || this.#note.textContent === "";
  }

  #thumb(rating: "up" | "down", picture: string, label: string): HTMLButtonElement {
    return iconButton(picture, label, () => {
      const now = this.#entry.rating === rating ? undefined : rating;
      this.#deeds.rate(this.#entry, now);
      this.#comment?.remove();
      this.#comment = undefined;
      if (now === "down") this.#ask();
      if (now === "up") this.#deeds.say(this.#deeds.texts.thanks);
    });
  }

  /** Asks what was wrong. */
  #ask(): void {
    const { texts, rate, say } = this.#deeds;
    const field = h("textarea", { "aria-label": texts.why, placeholder: texts.why, rows: "2", dir: "auto", maxlength: "2000" });
    const submit = (event: Event) => {
      event.preventDefault();
      const comment = field.value.trim();
      if (comment) rate(this.#entry, "down", comment);
      this.#comment = undefined;
      form.replaceWith(h("div", { class: "note" }, texts.thanks));
      say(texts.thanks);
      this.#thumbs.down.focus();
    };
    const form = h("form", { class: "edit", onsubmit: submit }, field, h("div", { class: "buttons" }, h("button", { class: "strong" }, texts.send)));
    this.#comment = form;
    this.#actions.after(form);
    field.focus();
  }

  async #copy(button: HTMLButtonElement): Promise<void> {
    if (!(await copyText(this.#entry.text))) return;
    this.#deeds.say(this.#deeds.texts.copied);
    button.replaceChildren(icon(DONE));
    setTimeout(() => button.replaceChildren(icon(COPY)), 1500);
  }
}
