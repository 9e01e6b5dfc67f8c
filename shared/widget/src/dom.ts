/** What makes an element: attributes, `onclick` and the like as listeners. `false` and `undefined` leave one out. */
export type Attributes = Record<string, string | boolean | undefined | ((event: never) => void)>;
export type Child = Node | string | undefined | false;

/** An element. Never made of text that is parsed: a page's policy may forbid that, and an answer may be an attack. */
export const h = <K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value as (event: Event) => void);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
};

/** A picture, of what it draws in a square of 24: see icons.ts. */
export const icon = (drawn: string): SVGElement => {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", drawn);
  svg.append(path);
  return svg;
};

/** A button that is a picture: its name is for screen readers, and shown when it is pointed at. */
export const iconButton = (drawn: string, label: string, press: () => void, more: Attributes = {}): HTMLButtonElement =>
  h("button", { type: "button", "aria-label": label, title: label, onclick: press, ...more }, icon(drawn));

/** Styles that a page's policy cannot forbid. */
export const sheet = (text: string): CSSStyleSheet => {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
};

/** Whether a key ends or goes on with what an input method is writing. Safari says the end of it only by this number. */
export const isComposing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229;
