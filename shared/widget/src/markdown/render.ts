import { h, iconButton } from "../dom.js";
import { COPY } from "../icons.js";
import type { Texts } from "../texts.js";
import { parse, type Block } from "./blocks.js";
import { inline, type Inline } from "./inline.js";
import { LINK, safeLink } from "./links.js";

/** What a text may refer to. */
export interface Surroundings {
  texts: Pick<Texts, "copyCode" | "code" | "table">;
  /** The mark of a source: an element, if there is one of that number. */
  cite(number: number): Node | undefined;
  /** Says that something was copied. */
  copied(): void;
}

/** The most characters of one block that are shown: more would make the page slow, and nobody reads it. */
const LONGEST = 100_000;
/** The most blocks of an answer, items of a list, rows of a table, and parts of a line that are shown, likewise. */
const MOST = 1000;

/** Keeps an element's content as the text that is written into it: blocks that did not change stay as they are. */
export class Rendered {
  readonly #into: HTMLElement;
  readonly #around: Surroundings;
  #sources: string[] = [];

  constructor(into: HTMLElement, around: Surroundings) {
    this.#into = into;
    this.#around = around;
  }

  show(text: string): void {
    const blocks = parse(text).slice(0, MOST);
    let same = 0;
    while (same < blocks.length && blocks[same]!.source === this.#sources[same]) same++;
    while (this.#into.children.length > same) this.#into.lastChild!.remove();
    this.#into.append(...blocks.slice(same).map(({ block }) => draw(block, this.#around)));
    this.#sources = blocks.map(({ source }) => source);
  }

  /** Draws everything anew: what it refers to is another. */
  redraw(text: string): void {
    this.#sources = [];
    this.show(text);
  }
}

const draw = (block: Block, around: Surroundings): HTMLElement => {
  switch (block.kind) {
    case "paragraph":
      return h("p", { dir: "auto" }, ...words(block.text, around));
    case "heading":
      // The page has headings of its own: these stand below them all.
      return h("div", { role: "heading", "aria-level": `${Math.min(6, block.level + 2)}`, class: `h${block.level}`, dir: "auto" }, ...words(block.text, around));
    case "code":
      return code(block.text, block.language, around);
    case "quote":
      return h("blockquote", {}, ...block.blocks.map((inner) => draw(inner, around)));
    case "list": {
      const items = block.items.slice(0, MOST).map((item) => h("li", { dir: "auto" }, ...item.map((inner) => drawTight(inner, item, around))));
      if (block.start === undefined) return h("ul", {}, ...items);
      return h("ol", block.start === 1 ? {} : { start: `${block.start}` }, ...items);
    }
    case "table":
      return table(block, around);
    case "rule":
      return h("hr");
  }
};

/** The only paragraph of an item is its text. */
const drawTight = (block: Block, item: Block[], around: Surroundings): Node => {
  const isOnly = item.filter(({ kind }) => kind === "paragraph").length === 1;
  if (block.kind !== "paragraph" || !isOnly) return draw(block, around);
  return h("span", {}, ...words(block.text, around));
};

const code = (text: string, language: string, { texts, copied }: Surroundings): HTMLElement => {
  const copy = iconButton(COPY, texts.copyCode, () => void copyText(text).then((done) => done && copied()));
  const shown = shortened(text);
  const body = h("pre", { tabindex: "0", role: "region", "aria-label": language || texts.code, dir: "ltr" }, h("code", {}, shown));
  return h("div", { class: "code", part: "code" }, h("div", { class: "bar" }, h("span", {}, language.slice(0, 30)), copy), body);
};

const table = ({ align, rows }: Extract<Block, { kind: "table" }>, around: Surroundings): HTMLElement => {
  const [head = [], ...body] = rows.slice(0, MOST);
  const row = (cells: string[], name: "th" | "td") =>
    h("tr", {}, ...align.map((side, nth) => h(name, { class: side }, ...words(cells[nth] ?? "", around))));
  return h(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": around.texts.table },
    h("table", {}, h("thead", {}, row(head, "th")), h("tbody", {}, ...body.map((cells) => row(cells, "td")))),
  );
};

const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

const words = (text: string, around: Surroundings): Node[] => inline(shortened(text)).slice(0, MOST).map((one) => word(one, around));

const word = (one: Inline, around: Surroundings): Node => {
  if (typeof one === "string") return document.createTextNode(one);
  switch (one.kind) {
    case "code":
      return h("code", {}, one.text);
    case "break":
      return h("br");
    case "cite":
      return around.cite(one.number) ?? document.createTextNode(`[${one.number}]`);
    case "link": {
      const href = safeLink(one.href);
      const children = one.children.map((child) => word(child, around));
      return href ? h("a", { href, ...LINK }, ...children) : h("span", {}, ...children);
    }
    default:
      return h(one.kind, {}, ...one.children.map((child) => word(child, around)));
  }
};

/** Whether it could be copied: a page without TLS, or one that forbids it, has no clipboard. */
export const copyText = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};
