// The client in each runtime that can be had.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TEXT, start, test } from "./kit.mjs";

let kit;
before(async () => (kit = await start()));
after(() => kit?.stop());

const smoke = fileURLToPath(new URL("smoke.mjs", import.meta.url));

for (const [name, ...command] of [
  ["Node", process.execPath],
  ["Deno", "deno", "run", "--allow-all"],
  ["Bun", "bun", "run"],
]) {
  test(`${name} logs in, renews, asks and stops`, async (context) => {
    if (spawnSync(command[0], ["--version"]).status !== 0) return context.skip(`${name} is not installed, or not for this machine`);
    const client = pathToFileURL(join(process.env.CLIENT, "index.js")).href;
    const { email, password } = kit.user;
    const [program, ...options] = command;
    const ran = spawn(program, [...options, smoke, client, kit.proxy.url, kit.tenant, email, password], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    for await (const piece of ran.stdout) said += piece;
    assert.deepEqual(JSON.parse(said), { text: TEXT, aborted: "AbortError", problem: "not_logged_in" });
  });
}
