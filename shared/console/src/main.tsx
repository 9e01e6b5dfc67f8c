import { render } from "preact";
import { begin } from "./session.js";
import { Console } from "./shell/console.js";

render(<Console />, document.getElementById("console")!);
void begin();
