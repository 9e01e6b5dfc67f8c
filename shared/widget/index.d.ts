/**
 * Names whom the page knows, so that the visitor finds its conversations on other devices, too: a token that the page's own
 * server has signed, or what fetches one. It is asked for when a visitor comes in, never before.
 */
export type IdentityToken = string | (() => string | undefined | Promise<string | undefined>);

/** Its attributes: those of the script without `data-`. docs/widget.md says what each of them is. */
export interface ParlanceChatAttributes {
  site: string;
  host: string;
  lang?: string | undefined;
  heading?: string | undefined;
  greeting?: string | undefined;
  suggestions?: string | undefined;
  placeholder?: string | undefined;
  label?: string | undefined;
  notice?: string | undefined;
  "notice-link"?: string | undefined;
  theme?: "light" | "dark" | undefined;
  side?: "left" | undefined;
  inline?: boolean | undefined;
  open?: boolean | undefined;
  texts?: string | undefined;
  "identity-token"?: string | undefined;
}

/**
 * The element `<parlance-chat>`.
 *
 * It fires `parlance-open` and `parlance-close`.
 */
export interface ParlanceChatElement extends HTMLElement {
  /** Instead of the attribute `identity-token`. */
  identityToken: IdentityToken | undefined;
  /** Opens the chat, and resolves once it can be used. */
  show(): Promise<void>;
  /** Closes it. Answers that are being made go on. */
  hide(): void;
  /** Ends the visitor's login and forgets what was said, in every tab: for when somebody logs out of the page. */
  forget(): Promise<void>;
}

/** The element's class, which is known to the browser as soon as this is imported. */
export declare const ParlanceChat: { prototype: ParlanceChatElement; new (): ParlanceChatElement };

declare global {
  interface HTMLElementTagNameMap {
    "parlance-chat": ParlanceChatElement;
  }
}
