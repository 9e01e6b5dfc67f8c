// What the tests of the widget stand on: those of the client, a page of another origin, and a browser that looks into it.
//
// The environment has PARLANCE, the program; CLIENT, the compiled client; TOOLS, a folder with playwright-core and axe-core;
// APPS, where the pages of tests/apps are bundled; CHROMIUM, the program; and PG_BIN.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { listen, start, until } from "../../client/tests/kit.mjs";

export const tools = createRequire(join(process.env.TOOLS, "package.json"));
const { chromium } = tools("playwright-core");

/** What a page may do that allows no more than the widget needs. */
export const strict = (host) => `default-src 'none'; script-src ${host}; connect-src ${host}`;

/** A page with the two lines that the documentation tells of. */
const page = (host, attributes, html) => {
  const data = Object.entries(attributes).map(([name, value]) => ` data-${name}="${value.replace(/"/g, "&quot;")}"`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>A shop</title><meta name="viewport" content="width=device-width"><body><main><h1>A shop</h1>${html}</main>
    ${attributes.site && `<script src="${host}/widget.js"${data.join("")} async></script>`}</body></html>`;
};

/** A service, a site of it, and pages that have its chat. */
export const begin = async () => {
  const kit = await start();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  let shown = { attributes: {}, html: "", policy: undefined };
  const modules = [];
  const pages = await listen((asked, answer) => {
    const [, app, module] = /^\/module\/(apps\/)?([\w-]+\.js)$/.exec(asked.url) ?? [];
    if (module) {
      modules.push(module);
      answer.setHeader("content-type", "text/javascript");
      return answer.end(readFileSync(app ? join(process.env.APPS, module) : new URL(`../built/${module}`, import.meta.url)));
    }
    if (shown.policy) answer.setHeader("content-security-policy", shown.policy);
    answer.setHeader("content-type", "text/html");
    answer.end(page(kit.proxy.url, shown.attributes, shown.html));
  }, "localhost");
  const admin = await administrator(kit);
  const contexts = [];

  const self = {
    kit,
    admin,
    host: kit.proxy.url,
    origin: pages.url,
    /** Which files of the package were loaded. */
    modules,
    site: undefined,
    /** Another site, so that nothing is left of other tests. */
    newSite: async (more = {}) => {
      self.site = await admin("POST", "/tenants/current/sites", { name: "A shop", origins: [pages.url], ...more });
      return self.site;
    },
    /** A browser of its own, which opens the page. `sees`: whether it can look into the closed element. */
    open: async ({ attributes = {}, html = "", policy, options = {}, sees = true, prepare } = {}) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      if (sees) await context.addInitScript(look);
      if (prepare) await context.addInitScript(prepare);
      shown = { attributes: { site: self.site.site_key, ...attributes }, html, policy };
      return self.tab(context);
    },
    /** Another tab of it. */
    tab: async (context) => {
      const tab = await context.newPage();
      tab.faults = [];
      tab.on("pageerror", (error) => tab.faults.push(error.message));
      tab.on("console", (said) => said.type() === "error" && tab.faults.push(said.text()));
      await tab.goto(pages.url);
      return tab;
    },
    reset: async () => {
      for (const context of contexts.splice(0)) await context.close();
      Object.assign(kit.proxy, { cuts: [], asked: [], before: undefined });
      kit.provider.says = undefined;
      modules.length = 0;
      kit.provider.hold.open();
      await self.newSite();
    },
    end: async () => {
      await browser.close();
      pages.server.close();
      pages.server.closeAllConnections();
      await kit.stop();
    },
  };
  await self.newSite();
  return self;
};

/** Opens what the element closes, before any script of the page runs. */
const look = () => {
  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function () {
    return attachShadow.call(this, { mode: "open" });
  };
};

/** What the tenant's administrator asks of the service. */
const administrator = async ({ service, tenant, admin }) => {
  const ask = async (method, path, body, headers = {}) => {
    const answer = await fetch(service + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  };
  const { access_token } = await ask("POST", "/login", { tenant, email: admin.email, password: admin.password });
  return (method, path, body) => ask(method, path, body, { authorization: `Bearer ${access_token}` });
};

export { until };
