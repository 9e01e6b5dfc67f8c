// What the tests of the console stand on: those of the client, a browser, and a clean tenant for each test, made as an operator
// makes one.
//
// The environment has PARLANCE, the program; CLIENT, the compiled client; TOOLS, a folder with playwright-core and axe-core;
// CHROMIUM, the program; BUILT, the console as it was just built; and PG_BIN.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { start, until } from "../../client/tests/kit.mjs";

const tools = createRequire(join(process.env.TOOLS, "package.json"));
const { chromium } = tools("playwright-core");
const axe = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");

export const PASSWORD = "seven green bicycles sing";

/**
 * Has a browser load the console that was just built, whichever the program has inside, so that a change of it needs no other
 * program. What the program says of the page, such as its policy, counts.
 */
const serveBuilt = (context) =>
  context.route(/\/console(\/[^/]*)?$/, async (route) => {
    const name = new URL(route.request().url()).pathname.split("/console")[1];
    if (name === "/") return route.continue();
    const file = name === "" ? "index.html" : name.replace(/-[0-9a-f]{16}/, "").slice(1);
    const body = readFileSync(join(process.env.BUILT, file));
    if (name !== "") return route.fulfill({ body, contentType: file.endsWith(".css") ? "text/css" : "text/javascript" });
    const response = await route.fetch();
    const { "content-encoding": _, "content-length": __, ...headers } = response.headers();
    await route.fulfill({ status: response.status(), headers, body });
  });

/** A service and a browser. */
export const begin = async () => {
  // People may stay logged in.
  process.env.LOGIN_COOKIES ??= "on";
  const kit = await start();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  const contexts = [];
  let made = 0;

  const ask = async (method, path, body, token) => {
    const answer = await fetch(kit.service + path, {
      method,
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  const login = async (tenant, { email, password }) => {
    const { access_token } = await ask("POST", "/login", { tenant, email, password });
    return (method, path, body) => ask(method, path, body, access_token);
  };
  const root = await login("platform", kit.superuser);

  const self = {
    kit,
    host: kit.proxy.url,
    root,
    /** A tenant without anything, with an administrator; `admin.ask` asks the service as that one. */
    newTenant: async (settings = {}) => {
      const slug = `clean-${++made}`;
      const tenant = await root("POST", "/tenants", { slug, name: `Clean ${made}`, ...settings });
      const { access_token } = await root("POST", `/admin/tenants/${tenant.id}/assume`, { reason: "A test" });
      const admin = { email: `ada@${slug}.example`, password: PASSWORD, tenant: slug };
      await ask("POST", "/admin/users", { email: admin.email, password: PASSWORD, role: "admin", full_name: "Ada Lovelace" }, access_token);
      return { ...tenant, admin: { ...admin, ask: await login(slug, admin) } };
    },
    /** A browser of its own, at an address of the console. What must not happen there is in `page.faults`. */
    open: async (address = "", { options = {} } = {}) => {
      const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 900 }, ...options });
      contexts.push(context);
      await serveBuilt(context);
      return self.tab(context, address);
    },
    tab: async (context, address = "") => {
      const page = await context.newPage();
      page.faults = [];
      page.on("pageerror", (error) => page.faults.push(error.message));
      page.on("console", (said) => {
        // What the browser says of an answer that is no good one is no fault of the page.
        if (said.type() === "error" && !said.text().startsWith("Failed to load resource")) page.faults.push(said.text());
      });
      page.on("request", (asked) => {
        const { origin, protocol } = new URL(asked.url());
        if (origin !== self.host && protocol !== "data:" && protocol !== "blob:") page.faults.push(`asked ${asked.url()}`);
      });
      await page.goto(`${self.host}/console${address}`);
      return page;
    },
    /** Logged in, at a screen. */
    enter: async (who, address = "", more = {}) => {
      const page = await self.open(address, more);
      await logIn(page, who);
      return page;
    },
    reset: async () => {
      for (const context of contexts.splice(0)) await context.close();
      Object.assign(kit.proxy, { cuts: [], asked: [], before: undefined });
      Object.assign(kit.provider, { says: undefined, lacks: undefined });
      kit.provider.hold.open();
    },
    end: async () => {
      await browser.close();
      await kit.stop();
    },
  };
  return self;
};

/** Fills in what the door asks for. */
export const logIn = async (page, { email, password, tenant }, { keep = false } = {}) => {
  const form = page.locator(".door form");
  await form.getByLabel("Email", { exact: true }).fill(email);
  await form.getByLabel("Password", { exact: true }).fill(password);
  if (tenant) {
    await form.getByRole("button", { name: "My email belongs" }).click();
    await form.getByLabel("Organisation").fill(tenant);
  }
  if (keep) await form.getByLabel("Stay logged in").check();
  await form.getByRole("button", { name: "Log in" }).click();
  await page.locator(".inside").waitFor();
};

export const button = (page, name) => page.getByRole("button", { name, exact: true });
export const field = (page, name) => page.getByLabel(name, { exact: true });
export const heading = (page, name) => page.getByRole("heading", { name, exact: true });
/** Waits until something is said to have happened. */
export const told = (page, text) => page.locator(".said-last").getByText(text).waitFor();

/** Fails if what is on the screen has a violation that axe finds, or if something went wrong in the page. */
export const accessible = async (page) => {
  // What is just appearing is not yet as readable as it will be.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations === 1).map((one) => one.finished.catch(() => {}))));
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n  ")}`);
  assert.deepEqual(found, []);
  assert.deepEqual(page.faults, []);
};

export { until };
