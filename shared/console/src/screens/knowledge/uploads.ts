import type { components } from "parlance-client";
import { tagged } from "../../call.js";
import { Cell } from "../../cell.js";
import { session, whereabouts } from "../../session.js";

/** A file on its way. It goes on whatever screen is looked at. */
export interface Sending {
  key: number;
  file: File;
  /** With the folders that it lies in. */
  name: string;
  /** Whom it is for; everybody, if there is none. */
  groups: string[];
  state: "waiting" | "sending" | "sent" | "known" | "failed";
  id?: string;
  error?: unknown;
}

export const uploads = new Cell<Sending[]>([]);
/** Grows with each file that has arrived, so that lists know. */
export const arrived = new Cell(0);

/** More at once would make each slower. */
const AT_ONCE = 2;
/** The service reads no more in one request. */
export const LARGEST = 20 * 1024 * 1024 - 64 * 1024;
let last = 0;

const change = (key: number, to: Partial<Sending>) => {
  uploads.value = uploads.value.map((one) => (one.key === key ? { ...one, ...to } : one));
};

/** Sends files, after those that are on their way. */
export const upload = (files: { file: File; name: string }[], groups: string[]): void => {
  uploads.value = [...uploads.value, ...files.map(({ file, name }): Sending => ({ key: ++last, file, name, groups, state: "waiting" }))];
  next();
};

export const retryUpload = (key: number): void => {
  change(key, { state: "waiting", error: undefined });
  next();
};

/** Takes those from the list that need nobody any more. */
export const forgetUploads = (): void => {
  uploads.value = uploads.value.filter(({ state }) => state === "waiting" || state === "sending");
};

const next = (): void => {
  while (uploads.value.filter(({ state }) => state === "sending").length < AT_ONCE) {
    const one = uploads.value.find(({ state }) => state === "waiting");
    if (!one) return;
    change(one.key, { state: "sending" });
    void send(one).finally(next);
  }
};

const send = async ({ key, file, name, groups }: Sending): Promise<void> => {
  try {
    if (file.size > LARGEST) throw new TooLarge();
    if (file.size === 0) throw new Empty();
    const body = new FormData();
    body.append("file", file, file.name);
    if (name !== file.name) body.append("title", name.slice(-300));
    if (groups.length > 0) body.append("groups", JSON.stringify(groups));
    const { data, isFound } = await tagged<components["schemas"]["AddedDocument"]>("POST", "/documents", { body });
    change(key, { state: isFound ? "known" : "sent", id: data.id });
    arrived.value++;
  } catch (error) {
    change(key, { state: "failed", error });
  }
};

/** Refused before it is sent: nobody waits for 20 MB to hear it. */
export class TooLarge extends Error {}
/** Likewise. */
export class Empty extends Error {}

/** Whether something is on its way that leaving the page would lose. */
const isSending = () => uploads.value.some(({ state }) => state === "waiting" || state === "sending");
addEventListener("beforeunload", (event) => isSending() && event.preventDefault());

// What is on its way is of one organisation: nobody else sends, or sees, it.
let whose: string | undefined;
session.listen(() => {
  const now = session.value;
  const next = now ? whereabouts(now) : undefined;
  if (next !== whose) uploads.value = [];
  whose = next;
});

/** The files of what was dropped, with those in its folders. */
export const dropped = async (data: DataTransfer): Promise<{ file: File; name: string }[]> => {
  // They are only there until this function waits for the first time.
  const entries = [...data.items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found: { file: File; name: string }[] = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push({ file: entry, name: entry.name });
    else if (entry) await walk(entry, "", found);
  }
  return found;
};

const walk = async (entry: FileSystemEntry, path: string, found: { file: File; name: string }[]): Promise<void> => {
  // What systems put into folders for themselves.
  if (entry.name.startsWith(".") || entry.name === "Thumbs.db") return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, name: path + file.name });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, `${path}${entry.name}/`, found);
  }
};

export const chosen = (files: FileList): { file: File; name: string }[] =>
  [...files].filter(({ name }) => !name.startsWith(".")).map((file) => ({ file, name: file.webkitRelativePath || file.name }));
