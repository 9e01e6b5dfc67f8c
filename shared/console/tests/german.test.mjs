// German, whose words are long: every screen, on a phone and on a desk, with something on it.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, PASSWORD, until } from "./kit.mjs";

let kit;
before(async () => (kit = await begin()));
after(() => kit?.end());

const SIZES = { phone: { viewport: { width: 390, height: 844 }, hasTouch: true }, desk: { viewport: { width: 1280, height: 900 } } };

/** Logged in, by fields that speak German. */
const enter = async ({ email, password, tenant }, options) => {
  const page = await kit.open("#/account", { options: { locale: "de-DE", ...options } });
  const form = page.locator(".door form");
  await form.getByLabel("E-Mail", { exact: true }).fill(email);
  await form.getByLabel("Passwort", { exact: true }).fill(password);
  if (tenant) {
    await form.getByRole("button", { name: "mehreren Organisationen" }).click();
    await form.getByLabel("Organisation").fill(tenant);
  }
  await form.getByRole("button", { name: "Anmelden" }).click();
  await page.locator(".inside").waitFor();
  return page;
};

/** What is wider than its place, and is no part of what can be scrolled on purpose. */
const cut = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("button, a.button, label, h1, h2, h3, dt, dd, th, summary, .badge, .hint, .lead")]
      .filter((one) => one.offsetParent && !one.closest(".hidden") && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
      .map((one) => `${one.tagName} ${one.className}: ${one.textContent.trim().slice(0, 60)}`),
  );

const look = async (page, screens) => {
  for (const screen of screens) {
    await page.evaluate((hash) => (location.hash = hash), `#/${screen}`);
    await until(async () => (await page.locator(".skeleton").count()) === 0 && (await page.locator("h1").count()) > 0);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${screen} is wider than the screen`);
    assert.deepEqual(await cut(page), [], screen);
    await accessible(page);
  }
};

for (const [size, options] of Object.entries(SIZES)) {
  test(`nothing is cut off, and nothing too wide, on a ${size}`, async () => {
    await kit.reset();
    const { admin, ...tenant } = await kit.newTenant({ provider: "openai" });
    const { ask } = admin;
    await ask("PATCH", "/tenants/current", { share_conversations: true, share_unanswered: true, system_prompt: "Sei freundlich." });
    const { id: person } = await ask("POST", "/admin/users", { email: `grace@${tenant.slug}.example`, password: PASSWORD, full_name: "Grace Hopper" });
    const { id: site } = await ask("POST", "/tenants/current/sites", { name: "Laden" });
    await ask("POST", "/admin/api-keys", { name: "Server", scopes: ["chat", "documents", "usage"] });
    await ask("PUT", "/tenants/current/secrets/openai", { api_key: "sk-0123456789abcdefWXYZ" });
    const { id: document } = await ask("POST", "/documents", { title: "Rückgabebedingungen", text: "Eine Erstattung dauert 14 Tage." });
    const { id: connector } = await ask("POST", "/documents/connectors", { name: "Hilfe", url: "https://help.example.com/", is_on: false });
    const { session_id, message_id } = await ask("POST", "/chat", { message: "Wie lange dauert eine Erstattung?" });
    await ask("PUT", `/chat/messages/${message_id}/feedback`, { rating: "down" });
    await ask("POST", "/chat", { message: "Verkaufen Sie Donaudampfschifffahrtsgesellschaftskapitänsmützen?" });
    const { id: rehearsal } = await ask("POST", "/tenants/current/rehearsals", { settings: { system_prompt: "Antworte kurz." }, sample: "latest", budget: "1" });
    const page = await enter(admin, options);
    await look(page, [
      "playground",
      `playground/${session_id}`,
      "playground/compare",
      "prompt",
      "rehearsals",
      "rehearsals/new",
      `rehearsals/${rehearsal}`,
      "knowledge",
      "knowledge/search?q=Erstattung",
      `knowledge/${document}`,
      "knowledge/connectors",
      `knowledge/connectors/${connector}`,
      "people",
      `people/${person}`,
      "sites",
      `sites/${site}`,
      "api-keys",
      "usage",
      "conversations",
      `conversations/${session_id}`,
      "unanswered",
      "audit",
      "account",
      "nothing",
    ]);
    await look(await enter({ ...kit.kit.superuser, tenant: undefined }, options), ["tenants", "deployment", "usage"]);
  });
}
