import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Icon, type IconName } from "../icons.js";
import { useTexts } from "../preferences.js";

interface Props {
  title: string;
  /** What it is for, in a sentence. */
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  /** Where one level up is. */
  up?: { href: string; label: string };
  isWide?: boolean;
  children: ComponentChildren;
}

/** What every screen looks like: a heading, what it is for, what can be done, and the rest. */
export const Screen = ({ title, lead, actions, up, isWide, children }: Props) => {
  const t = useTexts();
  useEffect(() => {
    document.title = `${title} – ${t.product}`;
  }, [title]);
  return (
    <div class={isWide ? "screen wide" : "screen"}>
      <header class="top">
        <div class="names">
          {up && (
            <a class="up" href={up.href}>
              <Icon name="back" />
              {up.label}
            </a>
          )}
          <h1 tabIndex={-1} dir="auto">{title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
};

/** A part of a screen. */
export const Card = ({ title, lead, actions, children }: { title?: string; lead?: ComponentChildren; actions?: ComponentChildren; children?: ComponentChildren }) => (
  <section class="card">
    {(title || actions) && (
      <div class="head">
        <div>
          {title && <h2>{title}</h2>}
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions}
      </div>
    )}
    {children}
  </section>
);

/** Where there is nothing yet: what it is for, and what to do next. */
export const Empty = ({ icon, title, children, action }: { icon: IconName; title: string; children?: ComponentChildren; action?: ComponentChildren }) => (
  <div class="empty">
    <span class="round">
      <Icon name={icon} />
    </span>
    <h2>{title}</h2>
    <p>{children}</p>
    {action}
  </div>
);

/** Until something is there. */
export const Loading = ({ lines = 3 }: { lines?: number }) => {
  const t = useTexts();
  return (
    <div class="skeleton" role="status" aria-label={t.loading}>
      {Array.from({ length: lines }, (_, nth) => (
        <i key={nth} />
      ))}
    </div>
  );
};
