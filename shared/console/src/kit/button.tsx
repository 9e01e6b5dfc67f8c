import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "../icons.js";

interface Props {
  children: ComponentChildren;
  press?: () => void;
  /** `strong` is what a screen is for; `danger` takes something away. */
  kind?: "plain" | "strong" | "danger" | "quiet";
  icon?: IconName;
  isBusy?: boolean;
  isOff?: boolean;
  isSubmit?: boolean;
}

export const Button = ({ children, press, kind = "plain", icon, isBusy, isOff, isSubmit }: Props) => (
  <button type={isSubmit ? "submit" : "button"} class={`button ${kind}`} onClick={press} disabled={isOff} aria-disabled={isBusy} aria-busy={isBusy}>
    {isBusy ? <span class="spinner" /> : icon && <Icon name={icon} />}
    <span>{children}</span>
  </button>
);

/** A button that is a picture: its name is for screen readers, and shown when it is pointed at. */
export const IconButton = ({ icon, label, press, isPressed, isOff }: { icon: IconName; label: string; press: () => void; isPressed?: boolean; isOff?: boolean }) => (
  <button type="button" class="icon" aria-label={label} title={label} onClick={press} aria-pressed={isPressed} disabled={isOff}>
    <Icon name={icon} />
  </button>
);

/** A link that looks like a button. */
export const LinkButton = ({ href, children, icon, kind = "plain" }: { href: string; children: ComponentChildren; icon?: IconName; kind?: "plain" | "strong" | "quiet" }) => (
  <a class={`button ${kind}`} href={href}>
    {icon && <Icon name={icon} />}
    <span>{children}</span>
  </a>
);
