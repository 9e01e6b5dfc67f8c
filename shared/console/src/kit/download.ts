import { asCaller } from "../session.js";

/** Saves what a request answers as a file, by a name of our own. */
export const download = async (path: string, query: Record<string, string | undefined>, name: string): Promise<void> => {
  const answer = await asCaller((api) => api.fetch("GET", path, { query }));
  saveAs(await answer.blob(), name);
};

export const saveAs = (content: Blob, name: string): void => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // Some browsers begin to read it only now.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};
