import type { IdentityToken, ParlanceChatElement } from "../index.js";
import type { Chat, Host } from "./chat.js";
import { icon, iconButton, sheet } from "./dom.js";
import { CHAT, DOWN } from "./icons.js";
import css from "./element.css";
import { OPEN, languageOf } from "./languages.js";
import { tabMemory } from "./memory.js";

/** What the chat's file gives. */
export interface ChatFile {
  mount(host: Host): Chat;
}

/** Outside of browsers, such as where a server draws a page, there are no elements: then it is only not there. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** `<parlance-chat>`: the button, and, once it is wanted, the chat. */
export class ParlanceChat extends Base implements ParlanceChatElement {
  /** Where the chat itself comes from: it is loaded when somebody turns to the button. */
  static load: () => Promise<ChatFile>;

  readonly #root = this.attachShadow({ mode: "closed" });
  readonly #launcher = iconButton(CHAT, "", () => void this.#toggle(), { class: "launcher", part: "launcher", "aria-haspopup": "dialog" });
  #chat: Promise<Chat> | undefined;
  #identity: IdentityToken | undefined;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheet(css)];
    this.#root.append(this.#launcher);
    for (const event of ["pointerenter", "focus", "touchstart"]) {
      this.#launcher.addEventListener(event, () => void ParlanceChat.load().catch(() => {}), { once: true, passive: true });
    }
  }

  get identityToken(): IdentityToken | undefined {
    return this.#identity ?? this.getAttribute("identity-token") ?? undefined;
  }

  set identityToken(token: IdentityToken | undefined) {
    this.#identity = token;
  }

  connectedCallback(): void {
    // What a page has set before this was loaded hides the property.
    if (Object.hasOwn(this, "identityToken")) {
      const token = this.identityToken;
      delete (this as { identityToken?: unknown }).identityToken;
      this.identityToken = token;
    }
    const wasOpen = this.#memory.get("open");
    const isOpen = this.hasAttribute("inline") || wasOpen === "1" || (this.hasAttribute("open") && wasOpen !== "0");
    // It is set once the chat is there.
    this.removeAttribute("open");
    this.#label();
    if (isOpen) void this.#open(false);
  }

  disconnectedCallback(): void {
    void this.#chat?.then((chat) => chat.leave());
    this.#chat = undefined;
  }

  async show(): Promise<void> {
    await this.#open(true);
  }

  hide(): void {
    if (!this.hasAttribute("open") || this.hasAttribute("inline")) return;
    this.removeAttribute("open");
    this.#memory.set("open", "0");
    this.#label();
    void this.#chat?.then((chat) => chat.closed());
    if (this.#root.activeElement) this.#launcher.focus();
    this.dispatchEvent(new CustomEvent("parlance-close"));
  }

  async forget(): Promise<void> {
    await (await this.#mounted()).forget();
  }

  get #memory() {
    return tabMemory(`parlance:${this.getAttribute("site")}:`);
  }

  async #toggle(): Promise<void> {
    if (this.hasAttribute("open")) this.hide();
    else await this.#open(true);
  }

  /** `isAsked`: somebody wants it now, and is to find the keyboard in it. */
  async #open(isAsked: boolean): Promise<void> {
    this.#launcher.classList.add("loading");
    try {
      const chat = await this.#mounted();
      this.setAttribute("open", "");
      this.#memory.set("open", "1");
      chat.opened(isAsked);
      if (isAsked) this.dispatchEvent(new CustomEvent("parlance-open"));
    } catch (error) {
      // Such as without a connection: the next press tries again.
      this.#chat = undefined;
      console.warn("parlance-chat: the chat could not be loaded.", error);
    } finally {
      this.#launcher.classList.remove("loading");
      this.#label();
    }
  }

  #mounted(): Promise<Chat> {
    return (this.#chat ??= ParlanceChat.load().then(({ mount }) => mount(this.#host())));
  }

  #host(): Host {
    const [host, site] = ["host", "site"].map((name) => this.getAttribute(name)?.replace(/\/+$/, ""));
    if (!host || !site) throw new Error("<parlance-chat> needs the attributes `host` and `site`.");
    return { element: this, root: this.#root, place: { host, site, identity: () => this.identityToken }, hide: () => this.hide() };
  }

  #label(): void {
    const isOpen = this.hasAttribute("open");
    const label = this.getAttribute("label") ?? OPEN[languageOf(this)];
    this.#launcher.title = label;
    this.#launcher.setAttribute("aria-label", label);
    this.#launcher.setAttribute("aria-expanded", `${isOpen}`);
    this.#launcher.replaceChildren(icon(isOpen ? DOWN : CHAT));
  }
}

/** Makes the element known, unless the page has it already. */
export const define = (load: () => Promise<ChatFile>): void => {
  if (!globalThis.customElements || customElements.get("parlance-chat")) return;
  ParlanceChat.load = load;
  customElements.define("parlance-chat", ParlanceChat);
};
