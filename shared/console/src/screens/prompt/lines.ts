/** A line of two texts: in both, only before, or only after. */
export interface Line {
  kind: "same" | "gone" | "new";
  text: string;
}

/** More, and the table below would take too long; nobody reads that many. */
const MOST = 2000;

/** How a text became another, line by line: the longest lines in common stay. */
export const difference = (before: string, after: string): Line[] => {
  const old = before.split("\n");
  const now = after.split("\n");
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const line = (kind: Line["kind"]) => (text: string) => ({ kind, text });
  const middle = between(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
  return [...old.slice(0, head).map(line("same")), ...middle, ...old.slice(old.length - tail).map(line("same"))];
};

const between = (old: string[], now: string[]): Line[] => {
  const lines: Line[] = [];
  if (old.length * now.length > MOST * MOST) {
    return [...old.map((text) => ({ kind: "gone" as const, text })), ...now.map((text) => ({ kind: "new" as const, text }))];
  }
  // How many lines the rests from (i, j) on have in common.
  const common = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      common[i]![j] = old[i] === now[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ kind: "same", text: old[i]! });
      i++;
      j++;
    } else if (j >= now.length || (i < old.length && common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push({ kind: "gone", text: old[i++]! });
    else lines.push({ kind: "new", text: now[j++]! });
  }
  return lines;
};
