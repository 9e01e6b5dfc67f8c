import css from "./chat.css";
import { Conversation } from "./conversation.js";
import { h, icon, iconButton, isComposing, sheet } from "./dom.js";
import { ALERT, ANEW, CLOSE } from "./icons.js";
import { isRightToLeft, languageOf, type Language } from "./languages.js";
import { Login, type Place } from "./login.js";
import { ownLink } from "./markdown/links.js";
import { troubleOf, type Trouble } from "./problems.js";
import { textsOf, type Texts } from "./texts.js";
import { Announcer } from "./view/announce.js";
import { Composer } from "./view/composer.js";
import { keepFocus } from "./view/focus.js";
import { Log } from "./view/log.js";
import { watchKeyboard } from "./view/viewport.js";

/** What the element gives its chat. */
export interface Host {
  element: HTMLElement;
  root: ShadowRoot;
  place: Place;
  hide(): void;
}

/** What the element can do with its chat. */
export interface Chat {
  /** `isAsked`: somebody opened it just now, and goes on in it. */
  opened(isAsked: boolean): void;
  closed(): void;
  forget(): Promise<void>;
  leave(): void;
}

const warn = (error: unknown): void => console.warn("parlance-chat:", error);

/** Draws the chat into the element, and begins to read what was said. */
export const mount = (host: Host): Chat => new Panel(host);

class Panel implements Chat {
  readonly #host: Host;
  readonly #language: Language;
  readonly #texts: Texts;
  readonly #announcer = new Announcer();
  readonly #element: HTMLElement;
  readonly #intro = h("div", { class: "intro" });
  readonly #notice = h("div", { class: "notice", part: "notice" });
  readonly #banner = h("div", { class: "banner trouble", hidden: true });
  readonly #composer: Composer;
  readonly #log: Log;
  readonly #anew: HTMLButtonElement;
  readonly #styles = sheet(css);
  readonly #end = new AbortController();
  /** Whoever sends something before the login is read waits for it, and is not asked to wait. */
  #conversation: Promise<Conversation> | undefined;
  #here: Conversation | undefined;
  #wasOpened = false;
  /** What is being forgotten: nobody comes in meanwhile. */
  #forgetting: Promise<void> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
    this.#language = languageOf(host.element);
    this.#texts = textsOf(this.#language, this.#attribute("texts"));
    const [texts, conversation] = [this.#texts, (use: (it: Conversation) => void) => this.#with(use)];
    this.#log = new Log(
      {
        texts,
        edit: (entry, text) => this.#leaving((it) => it.edit(entry, text)),
        retry: (entry) => this.#leaving((it) => it.retry(entry)),
        rate: (entry, rating, comment) => conversation((it) => void it.rate(entry, rating, comment)),
        anew: () => this.#beginAnew(),
        say: (text) => this.#announcer.say(text),
      },
      this.#announcer,
      this.#intro,
    );
    this.#composer = new Composer(
      {
        texts,
        send: (text) => this.#with((it) => it.ask(text), text),
        stop: () => conversation((it) => void it.stop()),
        begun: () => conversation((it) => void it.warm()),
      },
      this.#attribute("placeholder") ?? texts.placeholder,
    );
    this.#anew = iconButton(ANEW, texts.anew, () => this.#beginAnew(), { hidden: true });
    this.#element = this.#panel();
    host.root.adoptedStyleSheets = [...host.root.adoptedStyleSheets, this.#styles];
    host.root.append(this.#element);
    this.#watch();
    this.#introduce();
    this.#with(() => {});
  }

  opened(isAsked: boolean): void {
    // It may be somebody else by now.
    if (this.#wasOpened && this.#element.hidden) this.#with((it) => void it.login.check().catch(warn));
    this.#wasOpened = true;
    this.#element.hidden = false;
    this.#log.toEnd();
    if (isAsked) this.#focus();
  }

  closed(): void {
    this.#element.hidden = true;
  }

  forget(): Promise<void> {
    const was = this.#conversation;
    this.#conversation = undefined;
    return (this.#forgetting = this.#forget(was));
  }

  async #forget(was: Promise<Conversation> | undefined): Promise<void> {
    const it = await was?.catch(() => undefined);
    await it?.forget();
    it?.leave();
    await Login.leaveAll(this.#host.place);
  }

  leave(): void {
    this.#end.abort();
    this.#element.remove();
    this.#host.root.adoptedStyleSheets = this.#host.root.adoptedStyleSheets.filter((one) => one !== this.#styles);
    void this.#conversation?.then((it) => it.leave());
  }

  /** Has the keyboard here. One that comes up by itself on a screen would hide what there is to read. */
  #focus(): void {
    const isTouched = matchMedia("(pointer: coarse)").matches;
    (isTouched ? this.#element : this.#composer.field).focus();
  }

  /** Does something with the conversation, once there is one. What was written is not lost if there is none. */
  #with(use: (it: Conversation) => void, text?: string): void {
    const conversation = (this.#conversation ??= this.#begin());
    conversation.then(use, (error: unknown) => {
      warn(error);
      if (this.#conversation === conversation) this.#conversation = undefined;
      this.#complain(troubleOf(error, this.#texts, this.#language));
      if (text) this.#composer.restore(text);
    });
  }

  /** The same by something that goes away with it: whoever pressed that goes on in the chat, not in the page. */
  #leaving(use: (it: Conversation) => void): void {
    this.#focus();
    this.#with(use);
  }

  async #begin(): Promise<Conversation> {
    await this.#forgetting;
    const login = await Login.of(this.#host.place, () => this.#change(it));
    const it = new Conversation(login, { texts: this.#texts, language: this.#language }, () => this.#draw());
    this.#here = it;
    this.#draw();
    void it.begin().catch(warn);
    return it;
  }

  /** Goes on with whom the page names now. The conversation before stays that of whom it named then. */
  #change(from: Conversation): void {
    if (this.#here !== from || !this.#conversation) return;
    const { unsent } = from;
    from.leave();
    this.#conversation = undefined;
    // Whatever it does still, it does not draw.
    this.#here = undefined;
    this.#log.show([], false);
    this.#with(() => unsent && this.#composer.restore(unsent));
  }

  get #isInline(): boolean {
    return this.#host.element.hasAttribute("inline");
  }

  #attribute(name: string): string | null {
    return this.#host.element.getAttribute(name);
  }

  #panel(): HTMLElement {
    const title = h("div", { class: "title", part: "title", id: "title", role: "heading", "aria-level": "2" }, this.#attribute("heading") ?? this.#texts.title);
    const close = iconButton(CLOSE, this.#texts.close, () => this.#host.hide());
    const header = h("div", { class: "header", part: "header" }, title, this.#anew, !this.#isInline && close);
    const role = this.#isInline ? "region" : "dialog";
    const panel = h(
      "div",
      { class: "panel", part: "panel", role, "aria-labelledby": "title", tabindex: "-1", hidden: true, lang: this.#language },
      header,
      this.#log.element,
      h("div", { class: "footer" }, this.#banner, this.#composer.element, this.#notice),
      this.#announcer.element,
    );
    panel.dir = isRightToLeft(this.#language) ? "rtl" : "ltr";
    panel.addEventListener("keydown", (event) => this.#key(event));
    return panel;
  }

  #key(event: KeyboardEvent): void {
    // What is written here is none of the page's shortcuts.
    event.stopPropagation();
    if (this.#isInline || isComposing(event)) return;
    if (event.key === "Escape") this.#host.hide();
    else keepFocus(event, this.#element);
  }

  /** Follows what the browser is set to, and the room that its keyboard leaves. */
  #watch(): void {
    const { signal } = this.#end;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const paint = () => {
      const theme = this.#attribute("theme");
      this.#element.classList.toggle("dark", theme === "dark" || (theme !== "light" && dark.matches));
    };
    paint();
    dark.addEventListener("change", paint, { signal });
    const themes = new MutationObserver(paint);
    themes.observe(this.#host.element, { attributeFilter: ["theme"] });
    signal.addEventListener("abort", () => themes.disconnect());
    if (!this.#isInline) watchKeyboard(this.#element, signal);
  }

  /** The greeting, and what can be asked for a start. */
  #introduce(): void {
    const greeting = this.#attribute("greeting") ?? this.#texts.greeting;
    const suggestions = (this.#attribute("suggestions") ?? "").split("|").map((text) => text.trim()).filter(Boolean);
    const ask = (text: string) => this.#leaving((it) => !it.isBusy && it.ask(text));
    const chips = suggestions.map((text) => h("button", { type: "button", class: "chip", part: "suggestion", dir: "auto", onclick: () => ask(text) }, text));
    this.#intro.replaceChildren(h("div", { class: "greeting", part: "greeting", dir: "auto" }, greeting), ...(chips.length ? [h("div", { class: "chips" }, ...chips)] : []));
    this.#tell();
  }

  #draw(): void {
    const it = this.#here;
    if (!it) return;
    this.#log.show(it.entries, it.isBusy);
    this.#composer.isBusy = it.isBusy;
    this.#anew.hidden = it.entries.length === 0;
    this.#element.classList.toggle("begun", it.entries.length > 0);
    this.#complain(it.trouble);
    this.#tell();
  }

  #complain(trouble: Trouble | undefined): void {
    this.#banner.hidden = !trouble;
    this.#banner.classList.toggle("calm", trouble?.calm === true);
    if (!trouble || this.#banner.textContent === trouble.text) return;
    this.#banner.replaceChildren(icon(ALERT), h("span", {}, trouble.text));
    this.#announcer.say(trouble.text);
  }

  /** What somebody who writes here should know. */
  #tell(): void {
    const [text, address] = [this.#attribute("notice"), this.#attribute("notice-link")];
    const href = address ? ownLink(address) : undefined;
    const own = text && (href ? h("a", { href, target: "_blank", rel: "noopener", dir: "auto" }, text) : h("span", { dir: "auto" }, text));
    const shared = this.#here?.isShared && h("span", {}, this.#texts.shared);
    this.#notice.replaceChildren(...[own, shared].filter((part): part is HTMLElement => Boolean(part)));
  }

  #beginAnew(): void {
    this.#with((it) => it.anew());
    this.#composer.field.focus();
  }
}
