// What the tests stand on: the service with demo data, a provider that says what it is told to, and a proxy that cuts.
//
// The environment has PARLANCE, the program; CLIENT, the folder of the compiled client; and PG_BIN.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as nodeTest } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

export const client = await import(pathToFileURL(join(process.env.CLIENT, "index.js")));

/** What the provider answers: of one to four bytes a character. */
export const TEXT = "Eine Erstattung dauert für gewöhnlich 5 Werktage – höchstens 14 €. 返金は五日です。 🦀 Fertig.";
export const THOUGHT = "Die Frage ist, wie lange es dauert. 🤔 Fünf Tage, sage ich.";

/** A test that ends, so that what was started is stopped. */
export const test = (name, run) => nodeTest(name, { timeout: 120_000 }, run);

/** A promise, and what settles it. */
export const gate = () => {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { opened, open };
};

/** Waits until something holds, for as long as the test may take. */
export const until = async (holds) => {
  while (!(await holds())) await sleep(10);
};

export const listen = async (answer, host = "127.0.0.1") => {
  const server = createServer(answer).listen(0, host);
  await new Promise((resolve) => server.once("listening", resolve));
  return { server, url: `http://${host}:${server.address().port}` };
};

/**
 * Answers in small pieces. A question with `wait` gets the second half of its answer once `hold` is opened. `says` may give
 * the answer to a question, of all that is sent; with `refuses` every key is refused; `lacks` may say that there is no such model.
 */
const startProvider = async () => {
  const provider = { hold: gate(), says: undefined, refuses: false, lacks: undefined };
  const { server, url } = await listen(async (asked, answer) => {
    let body = "";
    for await (const piece of asked) body += piece;
    if (provider.refuses) return answer.writeHead(401).end("{}");
    const { messages, model } = JSON.parse(body);
    if (provider.lacks?.(model)) return answer.writeHead(404).end(JSON.stringify({ error: { code: "model_not_found", message: "There is no such model." } }));
    const question = messages.at(-1).content;
    if (question.includes("fail")) return answer.writeHead(400).end("{}");
    answer.writeHead(200, { "content-type": "text/event-stream" });
    const say = (delta, finish_reason = null) =>
      answer.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
    const characters = [...(provider.says?.(question, messages) ?? TEXT)];
    if (question.includes("think")) for (const piece of THOUGHT.match(/.{1,7}/gsu)) say({ reasoning_content: piece });
    const step = Math.max(3, Math.ceil(characters.length / 1000) * 3);
    for (let at = 0; at < characters.length; at += step) {
      if (question.includes("wait") && at === 30) await provider.hold.opened;
      say({ content: characters.slice(at, at + step).join("") });
    }
    say({}, "stop");
    answer.end("data: [DONE]\n\n");
  });
  return Object.assign(provider, { server, url });
};

/**
 * A proxy before the service. For each streamed answer, `cuts` has where it is cut off: after so many bytes, or what a
 * pattern matches; after a negative number of bytes it falls silent instead. `asked` has what was asked. `before` may wait,
 * or answer in the service's place. `open` are the answers that are under way.
 */
const startProxy = async (target) => {
  const proxy = { cuts: [], asked: [], closed: 0, before: undefined, open: new Set() };
  const { server, url } = await listen(async (asked, answer) => {
    const chunks = [];
    for await (const chunk of asked) chunks.push(chunk);
    const path = asked.url.split("?")[0];
    const position = asked.headers["last-event-id"];
    proxy.asked.push(`${asked.method} ${path}${position ? ` ${position}` : ""}`);
    if (await proxy.before?.(asked, answer)) return;
    const to = request(target + asked.url, { method: asked.method, headers: asked.headers, agent: false }, (from) => {
      answer.writeHead(from.statusCode, from.headers);
      answer.flushHeaders();
      const isStream = from.headers["content-type"] === "text/event-stream";
      const cut = (isStream && proxy.cuts.shift()) ?? Infinity;
      let left = typeof cut === "number" ? Math.abs(cut) : Infinity;
      let seen = "";
      from.on("data", (chunk) => {
        const found = cut instanceof RegExp && cut.exec((seen += chunk.toString("latin1")));
        if (found) left = found.index + found[0].length - (seen.length - chunk.length);
        const part = chunk.subarray(0, left);
        left -= part.length;
        if (left > 0) return answer.write(part);
        from.pause();
        // What was written reaches the client first.
        answer.write(part, () => cut < 0 || setImmediate(() => answer.destroy()));
      });
      from.on("end", () => answer.end());
      from.on("error", () => answer.destroy());
    });
    to.on("error", () => answer.destroy());
    proxy.open.add(answer);
    answer.on("close", () => {
      proxy.open.delete(answer);
      proxy.closed += 1;
      to.destroy();
    });
    to.end(Buffer.concat(chunks));
  });
  return Object.assign(proxy, { server, url });
};

const freePort = async () => {
  const { server, url } = await listen(() => {});
  await new Promise((closed) => server.close(closed));
  return new URL(url).port;
};

/** Has the database do what no request does, such as to have ten thousand rows. */
const sql = (folder, text) => {
  const read = (name) => readFileSync(join(folder, ".parlance/postgres", name), "utf8").trim();
  const address = `postgresql://parlance:${read("password")}@127.0.0.1:${read("port")}/postgres`;
  return execFileSync("psql", [address, "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text], { encoding: "utf8" }).trim();
};

/** All of it; `stop` ends it. */
export const start = async () => {
  const provider = await startProvider();
  const folder = mkdtempSync(join(tmpdir(), "parlance-client-"));
  // As root, PostgreSQL runs as another user, and its data would be made elsewhere, and stay there.
  chmodSync(folder, 0o711);
  const port = await freePort();
  const service = spawn(process.env.PARLANCE, ["dev"], {
    cwd: folder,
    env: {
      ...process.env,
      PORT: port,
      DATABASE_URL: "",
      RUST_LOG: "warn",
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: provider.url,
      LOGINS_PER_MINUTE_BY_EMAIL: "100000",
      LOGINS_PER_MINUTE_BY_ADDRESS: "100000",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  // Nothing outlives a test that is ended.
  process.once("SIGTERM", () => process.exit(1));
  process.once("exit", () => service.kill("SIGINT"));
  const target = `http://127.0.0.1:${port}`;
  const isReady = () => fetch(`${target}/ready`).then((answer) => answer.ok, () => false);
  await until(async () => {
    assert.equal(service.exitCode, null, "parlance dev ended; its reason is above");
    return (await isReady()) || sleep(100).then(() => false);
  });
  const proxy = await startProxy(target);
  const demo = JSON.parse(readFileSync(join(folder, ".parlance/demo.json"), "utf8"));
  const [tenant] = demo.tenants;
  return {
    provider,
    proxy,
    service: target,
    sql: (text) => sql(folder, text),
    superuser: demo.superuser,
    tenant: tenant.slug,
    admin: tenant.users[0],
    user: tenant.users.at(-1),
    stop: async () => {
      for (const { server } of [proxy, provider]) {
        server.close();
        server.closeAllConnections();
      }
      service.kill("SIGINT");
      if (service.exitCode === null) await new Promise((ended) => service.once("exit", ended));
      rmSync(folder, { recursive: true });
    },
  };
};

/** All events, or those until an error, with the error. */
export const read = async (events) => {
  const all = [];
  try {
    for await (const event of events) all.push(event);
    return { all };
  } catch (error) {
    return { all, error };
  }
};

export const textOf = (events, name = "delta") => events.filter((e) => e.event === name).map((e) => e.data.text).join("");

/** The error of what must not work. */
export const refused = (promise) => promise.then(() => assert.fail("it was taken"), (error) => error);
