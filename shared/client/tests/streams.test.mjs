// Answers in Node, against the service, through a proxy that cuts.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { TEXT, THOUGHT, client, gate, read, refused, start, test, textOf, until } from "./kit.mjs";

const { Parlance, Problem } = client;

let kit;
before(async () => (kit = await start()));
after(() => kit?.stop());
beforeEach(() => Object.assign(kit.proxy, { cuts: [], asked: [], before: undefined }));

const loggedIn = async (options) => {
  const api = new Parlance({ baseUrl: kit.proxy.url, tenant: kit.tenant, ...options });
  await api.login(kit.user.email, kit.user.password);
  kit.proxy.asked = [];
  return api;
};

test("an answer comes as events, and as a whole", async () => {
  const api = await loggedIn();
  const { all, error } = await read(api.ask("How long?"));
  assert.equal(error, undefined);
  assert.equal(all[0].event, "start");
  assert.equal(all.at(-1).event, "done");
  assert.equal(textOf(all), TEXT);
  assert.equal(all.at(-1).id, Buffer.byteLength(TEXT));
  const { session_id } = all[0].data;
  const whole = await api.answer({ message: "And again?", session_id });
  assert.equal(whole.text, TEXT);
  assert.deepEqual([whole.start.session_id, whole.done.status], [session_id, "complete"]);
});

test("an answer that is cut off anywhere is the same", async () => {
  const api = await loggedIn();
  const question = { message: "Please think.", reasoning: true };
  const { all: uncut } = await read(api.ask(question));
  assert.equal(textOf(uncut), TEXT);
  assert.equal(textOf(uncut, "reasoning"), THOUGHT);
  const positions = [];
  for (let first = 100; first < 3600; first += 250) {
    kit.proxy.cuts = [first, 350, 500];
    kit.proxy.asked = [];
    const { all, error } = await read(api.ask(question));
    assert.equal(error, undefined);
    assert.equal(textOf(all), TEXT, `cut after ${first}`);
    assert.equal(textOf(all, "reasoning"), THOUGHT, `cut after ${first}`);
    for (const once of ["start", "done"]) assert.equal(all.filter((e) => e.event === once).length, 1, once);
    assert.ok(all.every((e, n) => n === 0 || e.id >= all[n - 1].id), "positions only grow");
    const id = all[0].data.message_id;
    assert.equal((await api.request("GET", `/chat/messages/${id}`)).content, TEXT);
    for (const asked of kit.proxy.asked) positions.push(asked.split(`GET /chat/messages/${id}/stream `)[1] ?? "0");
  }
  assert.ok(new Set(positions).size > 3, `it was resumed at ${positions}`);
});

test("an answer that is cut off while it is written goes on", async () => {
  const api = await loggedIn();
  kit.provider.hold = gate();
  kit.proxy.cuts = [/event: delta\ndata: .*\n\n/];
  // The second half is written once the first is read on.
  kit.proxy.before = ({ url }) => {
    if (url.startsWith("/chat/messages/")) kit.provider.hold.open();
  };
  const { all, error } = await read(api.ask("Please wait."));
  assert.equal(error, undefined);
  assert.equal(textOf(all), TEXT);
  assert.deepEqual(kit.proxy.asked.map((asked) => asked.split(" ")[0]), ["POST", "GET"]);
});

test("a question whose answer never began is asked once", async () => {
  const api = await loggedIn();
  kit.proxy.cuts = [1, 20];
  const { all, error } = await read(api.ask("How long?"));
  assert.equal(error, undefined);
  assert.equal(textOf(all), TEXT);
  assert.equal(kit.proxy.asked.filter((asked) => asked === "POST /chat").length, 3);
  const { items } = await api.sessions.messages(all[0].data.session_id);
  assert.deepEqual(items.map((item) => item.role), ["user", "assistant"]);
});

test("a stream that falls silent is read on elsewhere", async () => {
  const api = await loggedIn({ idle: 300 });
  kit.proxy.cuts = [-600];
  const { all, error } = await read(api.ask("How long?"));
  assert.equal(error, undefined);
  assert.equal(textOf(all), TEXT);
  assert.ok(kit.proxy.asked.some((asked) => asked.startsWith("GET /chat/messages/")), kit.proxy.asked.join());
});

test("a stream that breaks off whenever it has begun is given up", async () => {
  const api = await loggedIn();
  const { setTimeout } = globalThis;
  // The waits between, but not those for what may fall silent.
  globalThis.setTimeout = (work, ms, ...rest) => setTimeout(work, ms < 45_000 ? ms / 100 : ms, ...rest);
  try {
    kit.proxy.cuts = Array.from({ length: 40 }, () => /event: start\ndata: .*\n\n/);
    const { all, error } = await read(api.ask("How long?"));
    assert.equal(error?.message, "The answer broke off.");
    assert.deepEqual(all.map((event) => event.event), ["start"]);
    assert.ok(kit.proxy.asked.length < 12, kit.proxy.asked.join());
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});

test("a service that is overloaded is asked again, and one that stays away is given up", async () => {
  const api = await loggedIn();
  let times = 2;
  kit.proxy.before = (_, answer) => times-- > 0 && answer.writeHead(503, { "retry-after": "0" }).end();
  assert.equal((await api.answer("How long?")).text, TEXT);
  kit.proxy.before = (_, answer) => answer.writeHead(503, { "retry-after": "3600" }).end();
  assert.equal((await refused(api.answer("How long?"))).status, 503);
});

test("reading can be stopped, and the answer is made all the same", async () => {
  const api = await loggedIn();
  kit.provider.hold = gate();
  const stop = new AbortController();
  const events = api.ask("Please wait.", { signal: stop.signal });
  const { value: begun } = await events.next();
  assert.equal((await events.next()).value.event, "delta");
  const { closed } = kit.proxy;
  stop.abort();
  const { error } = await read(events);
  assert.equal(error.name, "AbortError");
  await until(() => kit.proxy.closed > closed);
  assert.equal((await events.next()).done, true);

  const before = await refused(api.ask("How long?", { signal: stop.signal }).next());
  assert.equal(before.name, "AbortError");
  // Also while it waits to try again.
  const later = new AbortController();
  kit.proxy.before = (_, answer) => {
    answer.writeHead(503, { "retry-after": "50" }).end();
    setTimeout(() => later.abort(new Error("enough")), 100);
    return true;
  };
  const waiting = await refused(api.ask("How long?", { signal: later.signal }).next());
  assert.equal(waiting.message, "enough");
  kit.proxy.before = undefined;

  kit.provider.hold.open();
  const { all } = await read(api.follow(begun.data.message_id));
  assert.equal(textOf(all), TEXT);
});

test("who leaves the loop leaves the connection", async () => {
  const api = await loggedIn();
  kit.provider.hold = gate();
  const { closed } = kit.proxy;
  for await (const event of api.ask("Please wait.")) if (event.event === "delta") break;
  await until(() => kit.proxy.closed > closed);
  kit.provider.hold.open();
});

test("an answer can be stopped", async () => {
  const api = await loggedIn();
  kit.provider.hold = gate();
  const events = api.ask("Please wait.");
  const { value: begun } = await events.next();
  await events.next();
  const stopped = await api.stop(begun.data.message_id);
  assert.equal(stopped.status, "stopped");
  const { all, error } = await read(events);
  assert.equal(error, undefined);
  assert.equal(all.at(-1).data.status, "stopped");
  kit.provider.hold.open();
});

test("an answer that fails throws what the service says", async () => {
  const api = await loggedIn();
  const { all, error } = await read(api.ask("Please fail."));
  assert.equal(all[0].event, "start");
  assert.ok(error instanceof Problem, error);
  assert.match(error.code, /^provider_/);
  assert.equal(typeof error.retryable, "boolean");
  assert.deepEqual(kit.proxy.asked, ["POST /chat"]);
});

test("where fetch has no stream, as in React Native, the answer comes at its end", async () => {
  const bare = async (url, options) => {
    const answer = await fetch(url, options);
    const { ok, status, headers } = answer;
    return { ok, status, headers, text: () => answer.text(), json: () => answer.json() };
  };
  const api = await loggedIn({ fetch: bare });
  kit.proxy.cuts = [500];
  const { all, error } = await read(api.ask("How long?"));
  assert.equal(error, undefined);
  assert.equal(textOf(all), TEXT);
});
