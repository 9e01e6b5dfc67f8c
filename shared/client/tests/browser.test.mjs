// The client in Chromium: tabs that share a login, and streams that break. Needs TOOLS, a folder with playwright-core, and
// CHROMIUM, the program: without it, nothing of this is tested.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, beforeEach } from "node:test";
import { TEXT, gate, listen, start, test as testAnywhere } from "./kit.mjs";

const { chromium } = createRequire(join(process.env.TOOLS, "package.json"))("playwright-core");

const test = process.env.CHROMIUM ? testAnywhere : () => {};
let kit, browser, pages;

before(async () => {
  if (!process.env.CHROMIUM) return;
  kit = await start();
  // The page and the service have different origins, as in life. Locks need TLS or this very name.
  pages = await listen((asked, answer) => {
    const file = /^\/client\/([a-z]+\.js)$/.exec(asked.url)?.[1];
    answer.setHeader("content-type", file ? "text/javascript" : "text/html");
    answer.end(file ? readFileSync(join(process.env.CLIENT, file)) : "<!doctype html><title>A page</title>");
  }, "localhost");
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
});

after(async () => {
  await browser?.close();
  pages?.server.close();
  pages?.server.closeAllConnections();
  await kit?.stop();
});

beforeEach(() => Object.assign(kit.proxy, { cuts: [], asked: [], before: undefined }));

/** Tabs of one browser, each with a client; the first one has logged in. */
const tabs = async (count, { store = "browserStore", prepare = () => {} } = {}) => {
  const context = await browser.newContext();
  const all = [];
  for (let n = 0; n < count; n++) {
    const page = await context.newPage();
    await page.goto(pages.url);
    await page.evaluate(prepare);
    await page.evaluate(async ({ baseUrl, tenant, store }) => {
      window.client = await import("/client/index.js");
      window.store = client[store]();
      window.api = new client.Parlance({ baseUrl, tenant, store: window.store });
    }, { baseUrl: kit.proxy.url, tenant: kit.tenant, store });
    all.push(page);
  }
  await all[0].evaluate(({ email, password }) => api.login(email, password), kit.user);
  kit.proxy.asked = [];
  return all;
};

const spoil = (page) => page.evaluate(async () => store.set({ ...(await store.get()), access_token: "spoilt" }));
const me = (page) => page.evaluate(async () => (await api.me()).user.email);
const count = (what) => kit.proxy.asked.filter((asked) => asked === what).length;
const everybody = (number) => Array(number).fill(kit.user.email);

test("two tabs that renew at once renew once, and both stay logged in", async () => {
  const all = await tabs(2);
  const bothAsked = gate();
  await spoil(all[0]);
  kit.proxy.before = async ({ method, url }) => {
    if (method === "GET" && count("GET /login/me") >= 2) bothAsked.open();
    // Until both have been refused, nobody gets a new pair.
    if (method === "POST" && url === "/login/refresh") await bothAsked.opened;
  };
  assert.deepEqual(await Promise.all(all.map(me)), everybody(2));
  assert.equal(count("POST /login/refresh"), 1);
  // Neither has taken the other for a thief.
  await spoil(all[1]);
  assert.deepEqual(await Promise.all([...all, ...all].map(me)), everybody(4));
  assert.equal(count("POST /login/refresh"), 2);
  await all[1].evaluate(() => api.logout());
  const ended = await all[0].evaluate(() => api.me().catch(({ code, status }) => ({ code, status })));
  assert.deepEqual(ended, { code: "not_logged_in", status: 401 });
});

test("with localStorage, which other tabs see late, both stay logged in", async () => {
  const all = await tabs(2, { store: "textStore" });
  for (const page of [...all, ...all]) {
    await spoil(page);
    assert.deepEqual(await Promise.all([...all, ...all].map(me)), everybody(4));
  }
});

test("without locks both renew, and both stay logged in", async () => {
  const all = await tabs(2, { prepare: () => Object.defineProperty(navigator, "locks", { value: undefined }) });
  const bothRenew = gate();
  await spoil(all[0]);
  kit.proxy.before = async ({ method, url }) => {
    if (method !== "POST" || url !== "/login/refresh") return;
    if (count("POST /login/refresh") === 2) bothRenew.open();
    await bothRenew.opened;
  };
  assert.deepEqual(await Promise.all(all.map(me)), everybody(2));
  assert.equal(count("POST /login/refresh"), 2);
  kit.proxy.before = undefined;
  await spoil(all[1]);
  assert.deepEqual([await me(all[0]), await me(all[1])], everybody(2));
});

test("an answer that is cut off is the same", async () => {
  const [page] = await tabs(1);
  kit.provider.hold = gate();
  await page.evaluate(() => {
    window.said = [];
    window.whole = (async () => {
      for await (const event of api.ask("Please wait.")) said.push(event);
      return said;
    })();
  });
  await page.waitForFunction(() => said.some((event) => event.event === "delta"));
  // The rest is written once the beginning is read on.
  kit.proxy.before = ({ method, url }) => {
    if (method === "GET" && url.startsWith("/chat/messages/")) kit.provider.hold.open();
  };
  for (const answer of kit.proxy.open) answer.destroy();
  const said = await page.evaluate(() => whole);
  assert.equal(said.filter((e) => e.event === "delta").map((e) => e.data.text).join(""), TEXT);
  assert.deepEqual([said[0].event, said.at(-1).event], ["start", "done"]);
  assert.ok(kit.proxy.asked.some((asked) => /^GET .*\/stream [1-9]/.test(asked)), kit.proxy.asked.join());
});

test("reading can be stopped", async () => {
  const [page] = await tabs(1);
  kit.provider.hold = gate();
  const name = await page.evaluate(async () => {
    const stop = new AbortController();
    try {
      for await (const event of api.ask("Please wait.", { signal: stop.signal })) if (event.event === "delta") stop.abort();
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(name, "AbortError");
  kit.provider.hold.open();
});

test("a page of another origin reads what went wrong, and when to come again", async () => {
  const [page] = await tabs(1);
  const wrong = await page.evaluate(() =>
    api.login("nobody@acme.example", "wrong").catch((error) => ({ ...error, is: error instanceof client.Problem })),
  );
  assert.equal(wrong.is, true);
  assert.deepEqual([wrong.code, wrong.status], ["invalid_credentials", 401]);
  kit.proxy.before = ({ url, headers }, answer) =>
    url === "/login/me" &&
    headers.authorization &&
    answer
      .writeHead(429, {
        "access-control-allow-origin": headers.origin,
        "access-control-expose-headers": "retry-after, x-request-id",
        "retry-after": "9",
        "x-request-id": "of-a-proxy",
      })
      .end();
  const limited = await page.evaluate(() => api.me().catch((error) => ({ ...error })));
  assert.deepEqual([limited.retryAfter, limited.requestId], [9, "of-a-proxy"]);
});
