import { Cell } from "./cell.js";

/** What the address names behind `#`: browsers send that to nobody, and it outlives a reload behind any front. */
export interface Route {
  /** Such as `["knowledge", "0193d0f2-..."]`. */
  path: string[];
  query: URLSearchParams;
  /** Of `#invitation=...`. */
  invitation: string | undefined;
}

const read = (): Route => {
  const text = location.hash.slice(1);
  const invitation = /^invitation=(.+)$/.exec(text)?.[1];
  const [path = "", query = ""] = (invitation ? "" : text).split("?");
  return { path: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query), invitation };
};

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

export const route = new Cell<Route>(read());
addEventListener("hashchange", () => (route.value = read()));

/** The address of a screen. */
export const to = (...path: string[]): string => `#/${path.map(encodeURIComponent).join("/")}`;

export const go = (address: string): void => {
  location.hash = address.slice(1);
};

/** Puts another address in the place of this one: going back leads to the one before. */
export const replace = (address: string): void => {
  history.replaceState(history.state, "", address);
  route.value = read();
};

/** Puts a filter into the address, so that it can be passed on, and is there after a reload. */
export const setQuery = (changes: Record<string, string | undefined>): void => {
  const { path, query } = route.value;
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
  const text = next.toString();
  replace(to(...path) + (text && `?${text}`));
};
