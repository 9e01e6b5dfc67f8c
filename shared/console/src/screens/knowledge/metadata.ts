/** What is told beside a document, as lines that people write: `product: a`. What would be read otherwise is JSON. */

type Value = string | number | boolean | (string | number | boolean)[];

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Whether a text means itself where it stands. */
const isPlain = (text: string): boolean => text !== "" && text === text.trim() && !/[\n"]/.test(text) && asJson(text) === undefined;

export const linesOf = (metadata: Record<string, unknown>): string =>
  Object.entries(metadata)
    .map(([name, value]) => {
      const shown = isPlain(name) && !name.includes(":") ? name : JSON.stringify(name);
      return `${shown}: ${typeof value === "string" && isPlain(value) ? value : JSON.stringify(value)}`;
    })
    .join("\n");

const LINE = /^\s*(?:("(?:[^"\\]|\\.)*")|([^":][^:]*?))\s*:\s*(.*?)\s*$/;

/** What the lines say; nothing where one of them says nothing. */
export const metadataOf = (lines: string): Record<string, Value> | undefined => {
  const told: Record<string, Value> = {};
  for (const line of lines.split("\n").filter((line) => line.trim())) {
    const [, quoted, plain, value = ""] = LINE.exec(line) ?? [];
    const name = quoted === undefined ? plain?.trim() : asJson(quoted);
    if (typeof name !== "string" || name === "" || value === "") return undefined;
    const read = asJson(value);
    told[name] = typeof read === "number" || typeof read === "boolean" || typeof read === "string" || Array.isArray(read) ? (read as Value) : value;
  }
  return told;
};
