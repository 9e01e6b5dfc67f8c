import { h } from "../dom.js";
import type { Source } from "../entry.js";
import { LINK, safeLink } from "../markdown/links.js";
import { fill, type Texts } from "../texts.js";

/** The sources of an answer: those that it cites, under the numbers of its marks. */
export class Sources {
  readonly element = h("div", { class: "sources", part: "sources" });
  readonly #texts: Texts;
  #sources: Source[] = [];
  #cited = new Set<number>();

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** Takes what an answer draws on; whether that is something new. */
  take(sources: Source[]): boolean {
    const isNew = sources.length !== this.#sources.length;
    this.#sources = sources;
    return isNew;
  }

  /** The mark in the text, which leads to the source. */
  mark(number: number): Node | undefined {
    const source = this.#sources[number - 1];
    if (!source) return undefined;
    this.#cited.add(number);
    const label = `${fill(this.#texts.source, { n: number })}: ${source.title}`;
    return h("button", { type: "button", class: "cite", "aria-label": label, title: source.title, onclick: () => this.#point(number) }, `${number}`);
  }

  /** Lists what was marked. */
  draw(): void {
    const numbers = [...this.#cited].filter((number) => this.#sources[number - 1]).sort((a, b) => a - b);
    const list = numbers.map((number) => this.#line(number, this.#sources[number - 1]!));
    this.element.replaceChildren(...(list.length ? [h("div", { class: "label" }, this.#texts.sources), h("ol", {}, ...list)] : []));
  }

  #line(number: number, { title, page, heading, source_url }: Source): HTMLElement {
    const href = source_url ? safeLink(source_url) : undefined;
    const where = [page ? fill(this.#texts.page, { n: page }) : "", heading?.[heading.length - 1] ?? ""].filter((text) => text && text !== title);
    const name = href ? h("a", { href, ...LINK }, title) : h("span", { class: "name" }, title);
    const line = h("li", { tabindex: "-1" }, h("span", { class: "number", "aria-hidden": "true" }, `${number}`));
    line.append(h("span", { dir: "auto" }, name, where.length > 0 && h("span", { class: "where" }, ` · ${where.join(" · ")}`)));
    line.dataset.number = `${number}`;
    return line;
  }

  #point(number: number): void {
    const line = this.element.querySelector<HTMLElement>(`[data-number="${number}"]`);
    (line?.querySelector("a") ?? line)?.focus();
    line?.scrollIntoView({ block: "nearest" });
    line?.classList.remove("pointed");
    // Read, so that the class comes anew and is seen anew.
    void line?.offsetWidth;
    line?.classList.add("pointed");
  }
}
