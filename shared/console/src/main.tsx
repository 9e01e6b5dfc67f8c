import { render } from "preact";
import { begin } from "./session.js";
import { Console } from "./shell/console.js";

const root = document.getElementById("console")!;
// What was on the screen until now.
root.replaceChildren();
render(<Console />, root);
void begin();
