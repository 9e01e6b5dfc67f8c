// What answers are made of: the Markdown that models write, and what attackers have them write.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const load = (name) => import(join(process.env.MARKDOWN, `${name}.js`));
const [{ parse }, { inline }, { safeLink }] = await Promise.all(["blocks", "inline", "links"].map(load));

const blocks = (text) => parse(text).map(({ block }) => block);
const paragraph = (text) => ({ kind: "paragraph", text });

test("blocks", () => {
  assert.deepEqual(blocks("One\ntwo\n\nThree"), [paragraph("One\ntwo"), paragraph("Three")]);
  assert.deepEqual(blocks("# A ##\n### B"), [
    { kind: "heading", level: 1, text: "A" },
    { kind: "heading", level: 3, text: "B" },
  ]);
  assert.deepEqual(blocks("#no heading"), [paragraph("#no heading")]);
  assert.deepEqual(blocks("```js\nlet a = `b`;\n\n```\nafter"), [{ kind: "code", language: "js", text: "let a = `b`;\n" }, paragraph("after")]);
  assert.deepEqual(blocks("~~~\n```\n~~~"), [{ kind: "code", language: "", text: "```" }]);
  assert.deepEqual(blocks("```\nnot yet closed"), [{ kind: "code", language: "", text: "not yet closed" }]);
  assert.deepEqual(blocks("> a\nb\n\nc"), [{ kind: "quote", blocks: [paragraph("a\nb")] }, paragraph("c")]);
  assert.deepEqual(blocks("***"), [{ kind: "rule" }]);
});

test("lists", () => {
  const list = (items, start) => ({ kind: "list", start, items });
  assert.deepEqual(blocks("- a\n- b\n\ntext"), [list([[paragraph("a")], [paragraph("b")]]), paragraph("text")]);
  assert.deepEqual(blocks("3. a\n4. b"), [list([[paragraph("a")], [paragraph("b")]], 3)]);
  // Loose ones, and those whose parts models indent by two, three or four.
  assert.deepEqual(blocks("1. a\n\n2. b"), [list([[paragraph("a")], [paragraph("b")]], 1)]);
  for (const indent of ["  ", "   ", "    "]) {
    assert.deepEqual(blocks(`1. a\n${indent}- b\n2. c`), [list([[paragraph("a"), list([[paragraph("b")]])], [paragraph("c")]], 1)]);
  }
  assert.deepEqual(blocks("- a\n\n  ```\n  code\n  ```"), [list([[paragraph("a"), { kind: "code", language: "", text: "code" }]])]);
  assert.deepEqual(blocks("Text\n- a"), [paragraph("Text"), list([[paragraph("a")]])]);
});

test("tables", () => {
  const [table] = blocks("| a | b |\n|:--|--:|\n| 1 | 2 \\| 3 |\n| 4 |");
  assert.deepEqual(table, { kind: "table", align: ["left", "right"], rows: [["a", "b"], ["1", "2 | 3"], ["4"]] });
  assert.deepEqual(blocks("a | b"), [paragraph("a | b")]);
});

test("words", () => {
  const kinds = (kind, ...children) => ({ kind, children });
  assert.deepEqual(inline("a **b** *c* ~~d~~ `e`"), ["a ", kinds("strong", "b"), " ", kinds("em", "c"), " ", kinds("del", "d"), " ", { kind: "code", text: "e" }]);
  assert.deepEqual(inline("***both***"), [kinds("strong", kinds("em", "both"))]);
  assert.deepEqual(inline("**a *b* c**"), [kinds("strong", "a ", kinds("em", "b"), " c")]);
  for (const plain of ["snake_case_name", "5 * 3 * 2", "**open", "a ~ b", "`open", "1 < 2 & 3"]) assert.deepEqual(inline(plain), [plain]);
  assert.deepEqual(inline("\\*a\\* &amp; &lt;b&gt;"), ["*a* & <b>"]);
  assert.deepEqual(inline("a\nb<br>c"), ["a", { kind: "break" }, "b", { kind: "break" }, "c"]);
  assert.deepEqual(inline("``a ` b``"), [{ kind: "code", text: "a ` b" }]);
});

test("links, marks and pictures", () => {
  const link = (href, ...children) => ({ kind: "link", href, children });
  assert.deepEqual(inline("[a](https://b.c/d_(e) 'f')"), [link("https://b.c/d_(e)", "a")]);
  assert.deepEqual(inline("[a](<https://b.c/d e>)"), [link("https://b.c/d e", "a")]);
  assert.deepEqual(inline("see https://b.c/d."), ["see ", link("https://b.c/d", "https://b.c/d"), "."]);
  assert.deepEqual(inline("(https://b.c)"), ["(", link("https://b.c", "https://b.c"), ")"]);
  assert.deepEqual(inline("[see https://b.c](https://d.e)"), [link("https://d.e", "see ", "https://b.c")]);
  assert.deepEqual(inline("<mailto:a@b.c>"), [link("mailto:a@b.c", "a@b.c")]);
  assert.deepEqual(inline("a [1][2] [3](https://b.c)"), ["a ", { kind: "cite", number: 1 }, { kind: "cite", number: 2 }, " ", link("https://b.c", "3")]);
  // A picture is what it shows, never where it is.
  assert.deepEqual(inline("![a cat](https://b.c/?secret)"), ["a cat"]);
  assert.deepEqual(inline("[![a](https://b.c)](https://d.e)"), [link("https://d.e", "a")]);
});

test("links lead to pages and mailboxes only", () => {
  for (const good of ["https://a.b/c?d#e", "HTTPS://a.b", "mailto:a@b.c"]) assert.ok(safeLink(good), good);
  for (const bad of [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)", "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "vbscript:x", "http://a.b", "//a.b", "/a", "a", "#a", "", "file:///etc/passwd",
    "blob:https://a.b/c", "intent://a", "https://", "javascript&colon;alert(1)",
    "https://bank.example@a.b/", "https://user:pass@a.b/", "https://:pass@a.b/",
  ]) assert.equal(safeLink(bad), undefined, bad);
});

test("a beginning makes the same blocks as the whole, but for the last", () => {
  const text = "# A\n\nText with **words**.\n\n- a\n- b\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n> q\n\n```js\ncode\n```\n\nThe end.";
  const whole = parse(text).map(({ source }) => source);
  for (let end = 0; end < text.length; end++) {
    const begun = parse(text.slice(0, end)).map(({ source }) => source);
    const settled = begun.slice(0, -2);
    assert.deepEqual(settled, whole.slice(0, settled.length), text.slice(0, end));
  }
});

// What takes more than time in proportion to its length would not end before the test does.
const deep = 10_000;
const long = 1_000_000;
const attacks = {
  "nested quotes": "> ".repeat(deep) + "a",
  "quotes on lines": Array.from({ length: 200 }, (_, n) => "> ".repeat(n)).join("\n"),
  "nested lists": Array.from({ length: 2000 }, (_, n) => `${" ".repeat(2 * n)}- a`).join("\n"),
  "one word": "a".repeat(long),
  "blanks": `${" ".repeat(long)}x`,
  "a fence of blanks": `\`\`\`${" ".repeat(long)}\``,
  "a fence of letters": `\`\`\`${"a".repeat(long)}\``,
  "a delimiter of blanks": `| a |\n| -${" ".repeat(long)}x`,
  "stars": "*a ".repeat(long / 4),
  "double stars": "**a".repeat(long / 4),
  "stars alone": "* ".repeat(long / 2),
  "underscores": "_a_b".repeat(long / 4),
  "brackets": "[".repeat(long),
  "closing brackets": "]".repeat(long),
  "links that do not end": "[a](".repeat(long / 4),
  "links of blanks": `[a](${" ".repeat(long)}`,
  "pictures": "![".repeat(long / 2),
  "backticks": Array.from({ length: 1400 }, (_, n) => "`".repeat(n)).join(" "),
  "addresses": `https://${".".repeat(1980)}a `.repeat(500),
  "angles": "<https://".repeat(long / 10),
  "entities": "&".repeat(long),
  "rules": `${"- ".repeat(long / 2)}x`,
  "tables": "|".repeat(long / 2) + "\n" + "-|".repeat(200),
  "headings": `# ${"# ".repeat(long / 2)}x`,
  "lines": "a\n".repeat(long / 2),
  "mixed": "*_~~[`".repeat(long / 6),
};
for (const [name, text] of Object.entries(attacks)) {
  test(`is read at once: ${name}`, () => {
    const walk = (block) => {
      if (block.text !== undefined) inline(block.text);
      (block.blocks ?? block.items?.flat() ?? []).forEach(walk);
    };
    blocks(text).forEach(walk);
  });
}
