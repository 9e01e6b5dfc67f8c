import type { ScreenProps } from "./index.js";
import { ConnectorScreen } from "./knowledge/connector.js";
import { Connectors } from "./knowledge/connectors.js";
import { DocumentScreen } from "./knowledge/document.js";
import { Documents } from "./knowledge/list.js";
import { SearchScreen } from "./knowledge/search.js";

/** The documents that answers are made of: all of them, one of them, and what is found in them. */
export const Knowledge = ({ path: [name, id] }: ScreenProps) => {
  if (name === undefined) return <Documents />;
  if (name === "connectors") return id === undefined ? <Connectors /> : <ConnectorScreen key={id} id={id} />;
  if (name === "search") return <SearchScreen />;
  return <DocumentScreen key={name} id={name} />;
};
