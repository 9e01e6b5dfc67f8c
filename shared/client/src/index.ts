export { Parlance, type Answered, type Options, type Page, type Question, type Reading, type Visitor } from "./client.js";
export { Problem } from "./problem.js";
export type { AnswerEvent } from "./stream.js";
export { browserStore, memoryStore, textStore, type Store, type TextStorage, type Tokens } from "./store.js";
export type { components, operations, paths } from "./schema.js";
