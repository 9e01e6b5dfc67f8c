/** The blocks of a Markdown text, as far as answers have them. Whatever is HTML is text. */
export type Block =
  | { kind: "paragraph"; text: string }
  | { kind: "heading"; level: number; text: string }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "list"; start: number | undefined; items: Block[][] }
  | { kind: "table"; align: Align[]; rows: string[][] }
  | { kind: "rule" };

export type Align = "left" | "center" | "right" | undefined;

/** A block, and the text that it was made of: the same text makes the same block. */
export type Sourced = { block: Block; source: string };

/** How deep blocks may stand in each other: what is deeper is text. */
const DEEPEST = 8;
/** The most columns of a table. */
const WIDEST = 30;
/** The longest line that can be a fence, or what divides a table's head from its rows. */
const LONGEST = 500;

const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^\s`]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+|$)/;
const QUOTE = /^ {0,3}> ?/;
const RULE = /^ {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?: {1,4}|$)/;
const DELIMITERS = /^ {0,3}\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$/;
const BLANK = /^\s*$/;

/** The blocks of a text, in order. Takes time in proportion to its length. */
export const parse = (text: string): Sourced[] => read(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0);

const inside = (lines: string[], depth: number): Block[] => read(lines, depth + 1).map(({ block }) => block);

const read = (lines: string[], depth: number): Sourced[] => {
  const all: Sourced[] = [];
  for (let at = 0; at < lines.length; ) {
    if (BLANK.test(lines[at]!)) {
      at++;
      continue;
    }
    const [block, next] = one(lines, at, depth);
    all.push({ block, source: lines.slice(at, next).join("\n") });
    at = next;
  }
  return all;
};

/** The block that begins at a line, and the line after it. */
const one = (lines: string[], at: number, depth: number): [Block, number] => {
  const line = lines[at]!;
  const fence = fenceOf(line);
  if (fence) return code(lines, at, fence[1]!, fence[2]!);
  const heading = HEADING.exec(line);
  if (heading) {
    const text = line.slice(heading[0].length).trim().replace(/(?:^|\s)#+$/, "");
    return [{ kind: "heading", level: heading[1]!.length, text }, at + 1];
  }
  if (RULE.test(line)) return [{ kind: "rule" }, at + 1];
  if (depth < DEEPEST && QUOTE.test(line)) return quote(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return list(lines, at, depth);
  if (isTable(lines, at)) return table(lines, at);
  return paragraph(lines, at, depth);
};

const code = (lines: string[], at: number, fence: string, language: string): [Block, number] => {
  const indent = lines[at]!.search(/\S/);
  let end = at + 1;
  // One without an end goes on to the end of the text: it is being written.
  while (end < lines.length && !isEnd(lines[end]!, fence)) end++;
  const text = lines.slice(at + 1, end).map((line) => line.slice(Math.min(indent, Math.max(0, line.search(/\S|$/)))));
  return [{ kind: "code", language, text: text.join("\n") }, end + 1];
};

const fenceOf = (line: string): RegExpExecArray | null => (line.length > LONGEST ? null : FENCE.exec(line));

const isEnd = (line: string, fence: string): boolean => {
  const text = line.trim();
  return text.length >= fence.length && text === fence[0]!.repeat(text.length);
};

const quote = (lines: string[], at: number, depth: number): [Block, number] => {
  const quoted: string[] = [];
  let end = at;
  for (; end < lines.length; end++) {
    const line = lines[end]!;
    if (QUOTE.test(line)) quoted.push(line.replace(QUOTE, ""));
    else if (BLANK.test(line) || begins(lines, end, depth)) break;
    else quoted.push(line);
  }
  return [{ kind: "quote", blocks: inside(quoted, depth) }, end];
};

const list = (lines: string[], at: number, depth: number): [Block, number] => {
  const first = ITEM.exec(lines[at]!)![2]!;
  const kind = first.slice(-1);
  const items: Block[][] = [];
  let end = at;
  while (end < lines.length) {
    const begun = ITEM.exec(lines[end]!);
    if (!begun || begun[2]!.slice(-1) !== kind || RULE.test(lines[end]!)) break;
    const content = begun[0].length + (begun[0].endsWith(" ") ? 0 : 1);
    const [item, next] = itemLines(lines, end, content, depth);
    items.push(inside(item, depth));
    end = next;
  }
  const start = /\d/.test(first) ? Number.parseInt(first, 10) : undefined;
  return [{ kind: "list", start, items }, end];
};

/** The lines of one item without their indent, and the line after it. */
const itemLines = (lines: string[], at: number, content: number, depth: number): [string[], number] => {
  const item = [lines[at]!.slice(content)];
  let end = at + 1;
  for (; end < lines.length; end++) {
    const line = lines[end]!;
    const indent = line.search(/\S|$/);
    const isBlank = BLANK.test(line);
    // Models indent what belongs to an item by less than they should.
    const belongs = indent >= Math.min(content, 2);
    if (isBlank) {
      const after = lines.slice(end + 1, end + 3).find((next) => !BLANK.test(next));
      if (after === undefined) break;
      if (after.search(/\S/) >= Math.min(content, 2)) item.push("");
      else return [item, ITEM.test(after) ? skipBlank(lines, end) : end];
    } else if (belongs) {
      item.push(line.slice(Math.min(indent, content)));
    } else if (BLANK.test(lines[end - 1]!) || begins(lines, end, depth)) {
      break;
    } else {
      item.push(line);
    }
  }
  return [item, end];
};

const skipBlank = (lines: string[], at: number): number => {
  while (at < lines.length && BLANK.test(lines[at]!)) at++;
  return at;
};

/** Whether something other than a paragraph begins here. */
const begins = (lines: string[], at: number, depth: number): boolean => {
  const line = lines[at]!;
  return fenceOf(line) !== null || HEADING.test(line) || RULE.test(line) || (depth < DEEPEST && (QUOTE.test(line) || ITEM.test(line)));
};

const paragraph = (lines: string[], at: number, depth: number): [Block, number] => {
  let end = at + 1;
  while (end < lines.length && !BLANK.test(lines[end]!) && !begins(lines, end, depth) && !isTable(lines, end)) end++;
  return [{ kind: "paragraph", text: lines.slice(at, end).join("\n").trim() }, end];
};

const isTable = (lines: string[], at: number): boolean => {
  const [head, delimiters] = [lines[at]!, lines[at + 1]];
  if (delimiters === undefined || delimiters.length > LONGEST) return false;
  return delimiters.includes("-") && head.includes("|") && DELIMITERS.test(delimiters);
};

const table = (lines: string[], at: number): [Block, number] => {
  const align = cells(lines[at + 1]!).map((cell): Align => {
    const [left, right] = [cell.startsWith(":"), cell.endsWith(":")];
    return left && right ? "center" : right ? "right" : left ? "left" : undefined;
  });
  const rows = [cells(lines[at]!)];
  let end = at + 2;
  while (end < lines.length && lines[end]!.includes("|")) rows.push(cells(lines[end++]!));
  return [{ kind: "table", align, rows: rows.map((row) => row.slice(0, align.length)) }, end];
};

/** The cells of a row; a bar after a backslash is text. */
const cells = (line: string): string[] => {
  const bare = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  const parts = bare.replace(/\\\|/g, "\u0000").split("|", WIDEST);
  return parts.map((part) => part.replace(/\u0000/g, "|").trim());
};
