import { define, ParlanceChat, type ChatFile } from "./element.js";

// Beside this file, so that bundlers make a part of its own of it, which is loaded when it is wanted.
define(() => import("./chat.js") as Promise<ChatFile>);

export { ParlanceChat };
