import type { ScreenProps } from "./index.js";
import { DocumentScreen } from "./knowledge/document.js";
import { Documents } from "./knowledge/list.js";
import { SearchScreen } from "./knowledge/search.js";

/** The documents that answers are made of: all of them, one of them, and what is found in them. */
export const Knowledge = ({ path: [name] }: ScreenProps) => {
  if (name === undefined) return <Documents />;
  if (name === "search") return <SearchScreen />;
  return <DocumentScreen key={name} id={name} />;
};
