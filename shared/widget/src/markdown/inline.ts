/** What stands within a line of Markdown. */
export type Inline =
  | string
  | { kind: "code"; text: string }
  | { kind: "strong" | "em" | "del"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] }
  /** The mark of a source, such as `[1]`. */
  | { kind: "cite"; number: number }
  | { kind: "break" };

/** What was begun and has no end yet. */
interface Frame {
  mark: string;
  children: Inline[];
}

/** How deep they may stand in each other: what is deeper is text. */
const DEEPEST = 16;
/** The most backticks that begin code: each length is looked for on its own. */
const BACKTICKS = 8;

const SPECIAL = /[\\`*_~[\]!<&\n]|https:\/\//g;
const TARGET = /\( ?(?:<([^<>\n]*)>|([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*))(?: {1,3}(?:"[^"\n]*"|'[^'\n]*'))? ?\)/y;
const CITE = /\[(\d{1,3})\](?!\()/y;
const ADDRESS = /https:\/\/[^\s<>"'`|\\^{}[\]]{1,2000}/y;
const ANGLED = /<((?:https:\/\/|mailto:)[^\s<>]{1,2000})>/y;
const BREAK = /<br ?\/?>/iy;
const ENTITY = /&(amp|lt|gt|quot|nbsp|#39);/y;
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0", "#39": "'" };
const WORD = /[\p{L}\p{N}]/u;

const at = (pattern: RegExp, text: string, from: number): RegExpExecArray | null => {
  pattern.lastIndex = from;
  return pattern.exec(text);
};

/** Reads a text once, from its beginning to its end; takes time in proportion to its length. */
export const inline = (text: string): Inline[] => new Reader(text).read();

class Reader {
  readonly #text: string;
  readonly #frames: Frame[] = [{ mark: "", children: [] }];
  /** How many frames of each mark are open. */
  readonly #open: Record<string, number> = {};
  /** Lengths of backticks that have no end in the rest. */
  readonly #endless = new Set<number>();

  constructor(text: string) {
    this.#text = text;
  }

  read(): Inline[] {
    const text = this.#text;
    let done = 0;
    SPECIAL.lastIndex = 0;
    for (let found; (found = SPECIAL.exec(text)); ) {
      const from = found.index;
      if (from > done) this.#add(text.slice(done, from));
      done = this.#special(found[0], from);
      SPECIAL.lastIndex = done;
    }
    this.#add(text.slice(done));
    this.#flatten(0);
    return this.#frames[0]!.children;
  }

  /** Reads what begins with a special character; where the rest begins. */
  #special(mark: string, from: number): number {
    switch (mark) {
      case "\\":
        return this.#escape(from);
      case "`":
        return this.#code(from);
      case "*":
      case "_":
      case "~":
        return this.#emphasis(mark, from);
      case "[":
        return this.#bracket(from);
      case "]":
        return this.#close(from);
      case "!":
        return this.#text[from + 1] === "[" && this.#begin("![") ? from + 2 : this.#literal(from, 1);
      case "\n":
        return this.#line(from);
      case "<":
      case "&":
        return this.#angled(mark, from);
      default:
        return this.#address(from);
    }
  }

  #literal(from: number, length: number): number {
    this.#add(this.#text.slice(from, from + length));
    return from + length;
  }

  #add(what: Inline): void {
    const { children } = this.#frames[this.#frames.length - 1]!;
    const last = children.length - 1;
    if (what === "") return;
    if (typeof what === "string" && typeof children[last] === "string") children[last] += what;
    else children.push(what);
  }

  #escape(from: number): number {
    const next = this.#text[from + 1] ?? "";
    if (next === "\n") return this.#line(from + 1);
    if (!/[!-/:-@[-`{-~]/.test(next)) return this.#literal(from, 1);
    this.#add(next);
    return from + 2;
  }

  #code(from: number): number {
    const text = this.#text;
    let length = 1;
    while (text[from + length] === "`") length++;
    if (length <= BACKTICKS && !this.#endless.has(length)) {
      for (let end = text.indexOf("`", from + length); end >= 0; ) {
        let run = 1;
        while (text[end + run] === "`") run++;
        if (run === length) {
          const code = text.slice(from + length, end).replace(/\n/g, " ");
          this.#add({ kind: "code", text: /^ .*[^ ].* $/.test(code) ? code.slice(1, -1) : code });
          return end + run;
        }
        end = text.indexOf("`", end + run);
      }
      this.#endless.add(length);
    }
    return this.#literal(from, length);
  }

  #emphasis(mark: string, from: number): number {
    const text = this.#text;
    let length = 1;
    while (text[from + length] === mark) length++;
    const [before, after] = [text[from - 1] ?? " ", text[from + length] ?? " "];
    const isWord = mark === "_" && WORD.test(before) && WORD.test(after);
    // Runs of more than three mean nothing, and one tilde is an "about".
    if (length > 3 || isWord || (mark === "~" && length !== 2)) return this.#literal(from, length);
    const [mayBegin, mayEnd] = [!/\s/.test(after), !/\s/.test(before)];
    let left = length;
    while (left > 0) {
      const size = this.#size(mark, left, mayEnd);
      const name = mark.repeat(size);
      left -= size;
      if (mayEnd && this.#open[name]) this.#end(name, size === 2 ? (mark === "~" ? "del" : "strong") : "em");
      else if (!mayBegin || !this.#begin(name)) this.#add(name);
    }
    return from + length;
  }

  /** How many of a run of marks belong together: whatever ends what was begun last, else two, then one. */
  #size(mark: string, left: number, mayEnd: boolean): number {
    if (left === 1) return 1;
    const top = this.#frames[this.#frames.length - 1]!.mark;
    return mayEnd && top === mark ? 1 : 2;
  }

  #begin(mark: string): boolean {
    if (this.#frames.length > DEEPEST) return false;
    this.#frames.push({ mark, children: [] });
    this.#open[mark] = (this.#open[mark] ?? 0) + 1;
    return true;
  }

  #end(mark: string, kind: "strong" | "em" | "del"): void {
    this.#add({ kind, children: this.#pop(mark) });
  }

  /** What stands in the last frame of a mark; what was begun in it and has no end is text. */
  #pop(mark: string): Inline[] {
    const children = this.#flatten(this.#last(mark));
    this.#frames.pop();
    this.#open[mark]!--;
    return children;
  }

  /** Makes text of whatever was begun above a frame; what that holds then. */
  #flatten(nth: number): Inline[] {
    const above = this.#frames.splice(nth + 1);
    for (const { mark, children } of above) {
      this.#open[mark]!--;
      this.#add(mark);
      for (const child of children) this.#add(child);
    }
    return this.#frames[nth]!.children;
  }

  #last(mark: string): number {
    let nth = this.#frames.length - 1;
    while (nth >= 0 && this.#frames[nth]!.mark !== mark) nth--;
    return nth;
  }

  #bracket(from: number): number {
    const cite = at(CITE, this.#text, from);
    if (cite) {
      this.#add({ kind: "cite", number: Number(cite[1]) });
      return from + cite[0].length;
    }
    return this.#begin("[") ? from + 1 : this.#literal(from, 1);
  }

  #close(from: number): number {
    const mark = this.#last("![") > this.#last("[") ? "![" : "[";
    if (!this.#open[mark]) return this.#literal(from, 1);
    const target = at(TARGET, this.#text, from + 1);
    const children = this.#pop(mark);
    if (!target) {
      this.#add(mark);
      for (const child of children) this.#add(child);
      return this.#literal(from, 1);
    }
    const isImage = mark === "![";
    // Pictures are not fetched: whoever writes an address could send what was said to it. What they show is told.
    if (isImage) for (const child of children) this.#add(child);
    else this.#add({ kind: "link", href: target[1] ?? target[2] ?? "", children: withoutLinks(children) });
    return from + 1 + target[0].length;
  }

  #line(from: number): number {
    this.#add({ kind: "break" });
    return from + 1;
  }

  #angled(mark: string, from: number): number {
    const text = this.#text;
    const entity = mark === "&" ? at(ENTITY, text, from) : null;
    const link = at(ANGLED, text, from);
    const end = at(BREAK, text, from);
    if (entity) this.#add(ENTITIES[entity[1]!]!);
    else if (link) this.#add({ kind: "link", href: link[1]!, children: [shownAs(link[1]!.replace(/^mailto:/, ""))] });
    else if (end) this.#add({ kind: "break" });
    else return this.#literal(from, 1);
    return from + (entity ?? link ?? end)![0].length;
  }

  #address(from: number): number {
    const found = at(ADDRESS, this.#text, from);
    if (!found) return this.#literal(from, 8);
    const address = withoutEnd(found[0]);
    this.#add({ kind: "link", href: address, children: [shownAs(address)] });
    return from + address.length;
  }
}

/** An address without what is rather the end of its sentence. */
const withoutEnd = (address: string): string => {
  let end = address.length;
  const closes = !address.includes("(");
  while (end > 8 && (".,:;!?*_~".includes(address[end - 1]!) || (closes && address[end - 1] === ")"))) end--;
  return address.slice(0, end);
};

/** An address without what would turn it round before the eyes (UAX #9, explicit formatting). */
const shownAs = (address: string): string => address.replace(/[\u202A-\u202E\u2066-\u2069]/g, "");

/** Links do not stand in each other. */
const withoutLinks = (children: Inline[]): Inline[] =>
  children.flatMap((child): Inline[] => {
    if (typeof child === "string" || !("children" in child)) return [child];
    const bare = withoutLinks(child.children);
    return child.kind === "link" ? bare : [{ ...child, children: bare }];
  });
