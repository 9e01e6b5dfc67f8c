// Login, requests and errors in Node, against the service.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, beforeEach } from "node:test";
import { TEXT, client, refused, start, test, until } from "./kit.mjs";

const { Parlance, Problem, memoryStore, textStore } = client;

let kit;
before(async () => (kit = await start()));
after(() => kit?.stop());
beforeEach(() => Object.assign(kit.proxy, { cuts: [], asked: [], before: undefined }));

const connect = (options) => new Parlance({ baseUrl: `${kit.proxy.url}/`, tenant: kit.tenant, ...options });

const loggedIn = async (options, who = kit.user) => {
  const api = connect(options);
  await api.login(who.email, who.password);
  kit.proxy.asked = [];
  return api;
};

const spoil = (tokens) => ({ ...tokens, access_token: "spoilt" });

test("what the service refuses is a typed error", async () => {
  const api = connect();
  const wrong = await refused(api.login(kit.user.email, "wrong"));
  assert.ok(wrong instanceof Problem && wrong instanceof Error);
  assert.deepEqual([wrong.name, wrong.code, wrong.status, wrong.retryable], ["Problem", "invalid_credentials", 401, false]);
  assert.match(wrong.message, /wrong/);
  assert.match(wrong.requestId, /^[0-9a-f-]{36}$/);
  const nobody = await refused(api.me());
  assert.deepEqual([nobody.code, nobody.status], ["not_logged_in", 401]);

  await api.login(kit.user.email, kit.user.password);
  const blank = await refused(api.ask({ message: " " }).next());
  assert.equal(blank.code, "invalid_request");
  assert.equal(blank.errors[0].field, "message");
  const missing = await refused(api.sessions.show("0193d0f2-7c1e-7d6b-9a55-3f0e6c1b2a4d"));
  assert.deepEqual([missing.code, missing.status], ["not_found", 404]);
  const role = await refused(api.documents.create({ title: "x", text: "y" }));
  assert.equal(role.status, 403);
  // An id is one part of a path, whatever is in it.
  const elsewhere = await refused(api.sessions.show("../../login/me"));
  assert.ok(elsewhere instanceof Problem, elsewhere);
});

test("what a proxy says is a typed error as well", async () => {
  const api = await loggedIn();
  kit.proxy.before = (_, answer) => answer.writeHead(502, { "retry-after": "7" }).end("<h1>Bad Gateway</h1>");
  const bad = await refused(api.me());
  assert.deepEqual([bad.code, bad.status, bad.retryAfter, bad.retryable], ["unknown", 502, 7, true]);
  const later = new Date(Date.now() + 60_000).toUTCString();
  kit.proxy.before = (_, answer) => answer.writeHead(429, { "retry-after": later }).end();
  const limited = await refused(api.me());
  assert.ok(limited.retryAfter > 0 && limited.retryAfter <= 60, `${limited.retryAfter}`);
});

test("a visitor comes in, and is known later with what it has asked", async () => {
  const admin = await loggedIn({}, kit.admin);
  const page = "https://shop.example";
  await admin.request("PATCH", "/tenants/current", { body: { allowed_origins: [page] } });
  const body = { name: "The shop", origins: [page], identity: "optional" };
  const site = await admin.request("POST", "/tenants/current/sites", { body });
  const keys = `/tenants/current/sites/${site.id}/identity-keys`;
  const { secret } = await admin.request("POST", keys, { body: { algorithm: "HS256" } });
  const sign = (sub) => {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const exp = Math.floor(Date.now() / 1000) + 60;
    const message = `${part({ alg: "HS256" })}.${part({ aud: site.id, sub, jti: crypto.randomUUID(), exp })}`;
    return `${message}.${createHmac("sha256", secret).update(message).digest("base64url")}`;
  };
  // As a browser says by itself.
  const from = (url, init) => fetch(url, { ...init, headers: { ...init.headers, origin: page } });
  const visit = () => connect({ fetch: from, store: memoryStore() });
  const api = visit();
  const nobody = await api.visitor({ siteKey: site.site_key });
  assert.equal(nobody.user.role, "visitor");
  await api.answer("How long does a refund take?");
  const known = await api.visitor({ siteKey: site.site_key, identityToken: sign("ada") });
  assert.notEqual(known.user.id, nobody.user.id);
  assert.equal((await api.sessions.list()).items.length, 1);
  // Once more, and from another device: the same one, of whom nothing is merged.
  for (const again of [api, visit()]) {
    const { user } = await again.visitor({ siteKey: site.site_key, identityToken: sign("ada") });
    assert.equal(user.id, known.user.id);
    assert.equal((await again.sessions.list()).items.length, 1);
  }
  const forged = await refused(api.visitor({ siteKey: site.site_key, identityToken: `${sign("ada")}x` }));
  assert.deepEqual([forged.code, forged.status], ["invalid_identity_token", 401]);
});

test("a visitor does the work that a site asks for", async () => {
  const admin = await loggedIn({}, kit.admin);
  const page = "https://shop.example";
  await admin.request("PATCH", "/tenants/current", { body: { allowed_origins: [page] } });
  const body = { name: "Busy", origins: [page], challenge: "always" };
  const site = await admin.request("POST", "/tenants/current/sites", { body });
  const sent = [];
  const from = async (url, init) => {
    sent.push(Object.keys(JSON.parse(init.body).proof ?? {}));
    return fetch(url, { ...init, headers: { ...init.headers, origin: page } });
  };
  const { user } = await connect({ fetch: from, store: memoryStore() }).visitor({ siteKey: site.site_key });
  assert.equal(user.role, "visitor");
  assert.deepEqual(sent, [[], ["salt", "number", "signature"]]);
  // Where nothing that is sent is a solution, it gives up, and says what the service said.
  const spoil = async (url, init) => {
    const { proof, ...asked } = JSON.parse(init.body);
    const spoilt = { ...asked, ...(proof && { proof: { ...proof, number: 0 } }) };
    return fetch(url, { ...init, body: JSON.stringify(spoilt), headers: { ...init.headers, origin: page } });
  };
  const failed = await refused(connect({ fetch: spoil, store: memoryStore() }).visitor({ siteKey: site.site_key }));
  assert.deepEqual([failed.code, failed.status], ["challenge_failed", 401]);
  assert.equal(failed.challenge.algorithm, "SHA-256");
});

test("requests that need a new token take turns, and it is renewed once", async () => {
  let kept;
  const store = { get: () => kept, set: (tokens) => (kept = tokens) };
  const api = await loggedIn({ store });
  for (const spoilt of [spoil, (tokens) => ({ ...tokens, ends: 0 })]) {
    kept = spoilt(kept);
    kit.proxy.asked = [];
    const all = await Promise.all(Array.from({ length: 5 }, () => api.me()));
    assert.ok(all.every((me) => me.user.email === kit.user.email));
    assert.equal(kit.proxy.asked.filter((asked) => asked === "POST /login/refresh").length, 1);
  }
  // A stream, too.
  kept = spoil(kept);
  assert.equal((await api.answer("How long?")).text, TEXT);
});

test("a login that has ended is forgotten, and another one is not", async () => {
  let kept;
  const store = { get: () => kept, set: (tokens) => (kept = tokens) };
  const api = await loggedIn({ store });
  const old = kept;
  await api.logout();
  assert.equal(await api.loggedIn(), false);
  kept = spoil(old);
  const ended = await refused(api.me());
  assert.deepEqual([ended.status, ended.code], [401, "session_expired"]);
  assert.equal(kept, undefined);
  // Somebody logs in elsewhere while this client still tries the old one.
  await api.login(kit.user.email, kit.user.password);
  const fresh = kept;
  kept = spoil(old);
  kit.proxy.before = (asked) => {
    if (asked.url === "/login/refresh") kept = fresh;
  };
  assert.equal((await api.me()).user.email, kit.user.email);
  assert.deepEqual(kept, fresh);
});

test("a logout ends the login at the service", async () => {
  const store = memoryStore();
  const api = await loggedIn({ store });
  const tokens = store.get();
  await api.logout();
  const ended = await refused(connect({ store: memoryStore(spoil(tokens)) }).me());
  assert.equal(ended.status, 401);
  await api.logout();
});

test("conversations are listed, shown, renamed, read and deleted", async () => {
  const api = await loggedIn();
  await api.answer("An older one.");
  const { start } = await api.answer("How long?");
  const id = start.session_id;
  await api.answer({ message: "Really?", session_id: id });
  const { items, next_cursor } = await api.sessions.list({ limit: 1 });
  assert.equal(items[0].id, id);
  const { items: more } = await api.sessions.list({ limit: 1, cursor: next_cursor });
  assert.notEqual(more[0].id, id);
  assert.equal((await api.sessions.rename(id, "Refunds & 返金")).title, "Refunds & 返金");
  assert.equal((await api.sessions.show(id)).title, "Refunds & 返金");
  const messages = await api.sessions.messages(id, { limit: 3, branches: true });
  assert.deepEqual(messages.items.map((m) => m.role), ["user", "assistant", "user"]);
  assert.match(await api.request("GET", `/chat/sessions/${id}/export`, { query: { format: "markdown" } }), /Really\?/);
  assert.equal(await api.sessions.delete(id), undefined);
  assert.equal((await refused(api.sessions.show(id))).code, "not_found");
});

test("documents are added once, listed, searched, cited and deleted", async () => {
  const api = await loggedIn({}, kit.admin);
  const document = { title: "Zwieback", text: "Zwieback keeps for 400 days." };
  const { id } = await api.documents.create(document, "the-same");
  assert.equal((await api.documents.create(document, "the-same")).id, id);
  await until(async () => (await api.documents.show(id)).status === "ready");
  assert.ok((await api.documents.list()).items.some((item) => item.id === id));
  const { items } = await api.documents.search({ query: "zwieback" });
  assert.equal(items[0].document_id, id);
  const { sources } = await api.answer("How long does zwieback keep?");
  assert.equal(sources[0].title, "Zwieback");
  await api.documents.delete(id);
  assert.equal((await refused(api.documents.show(id))).code, "not_found");
});

test("a server asks with an API key", async () => {
  const admin = await loggedIn({}, kit.admin);
  const { key } = await admin.request("POST", "/admin/api-keys", { body: { name: "test", scopes: ["chat"] } });
  const api = connect({ apiKey: key });
  assert.equal((await api.answer("How long?")).text, TEXT);
  assert.equal((await refused(api.documents.list())).code, "scope_missing");
});

test("a storage of texts keeps what is its own, and survives what is not", async () => {
  const kept = new Map();
  const storage = {
    // As React Native's.
    getItem: async (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
  const api = await loggedIn({ store: textStore(storage, "mine") });
  assert.deepEqual([...kept.keys()], ["mine"]);
  const again = connect({ store: textStore(storage, "mine") });
  assert.equal((await again.me()).user.email, kit.user.email);
  await again.logout();
  assert.equal(kept.size, 0);
  kept.set("mine", "{");
  assert.equal(await api.loggedIn(), false);
});
