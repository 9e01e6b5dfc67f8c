// What nobody means to type, in every field that shows it again; and pages that come slowly.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, heading, logIn, PASSWORD, until } from "./kit.mjs";

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant();
});

const PHONE = { options: { viewport: { width: 390, height: 844 }, hasTouch: true } };
const EVIL = '<img src=x onerror="window.harm=1">"\'><script>window.harm=1</script> שלום 🦀 ';
const NAME = (EVIL + "x".repeat(200)).slice(0, 200);

/** Nothing of it was taken for HTML, and nothing is wider than the screen. */
const harmless = async (page) => {
  assert.equal(await page.evaluate(() => window.harm), undefined);
  assert.equal(await page.locator("main img, main script").count(), 0);
  await until(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await accessible(page);
};

test("names of 200 characters, from right to left, with HTML and emoji, break no screen of an administrator on a phone", async () => {
  const { ask } = tenant.admin;
  const { id: person } = await ask("POST", "/admin/users", { email: `grace@${tenant.slug}.example`, password: PASSWORD, full_name: NAME });
  await ask("PATCH", "/login/me", { full_name: NAME });
  await ask("PATCH", "/tenants/current", { name: NAME.slice(0, 100), system_prompt: EVIL, share_conversations: true });
  const { id: site } = await ask("POST", "/tenants/current/sites", { name: NAME.slice(0, 100) });
  await ask("POST", "/admin/api-keys", { name: NAME.slice(0, 100), scopes: ["chat"] });
  await ask("POST", "/documents", { title: NAME, text: EVIL });
  const { id: source } = await ask("POST", "/documents/connectors", { name: NAME.slice(0, 100), url: "https://127.0.0.1:1/", is_on: false }).catch(() => ({}));
  const { session_id: session, message_id } = await ask("POST", "/chat", { message: EVIL + "x".repeat(300) });
  await ask("PUT", `/chat/messages/${message_id}/feedback`, { rating: "down", comment: EVIL });
  const page = await kit.enter(tenant.admin, "#/account", PHONE);
  const all = ["account", "people", `people/${person}`, "sites", `sites/${site}`, "api-keys", "knowledge", "prompt", "audit", "unanswered", "conversations", `conversations/${session}`, `playground/${session}`, "usage"];
  for (const screen of [...all, ...(source ? [`knowledge/connectors/${source}`] : [])]) {
    await page.evaluate((hash) => (location.hash = hash), `#/${screen}`);
    await until(async () => (await page.locator(".skeleton").count()) === 0 && (await page.locator("h1").count()) > 0);
    await harmless(page);
  }
});

test("nor those of a superuser", async () => {
  await kit.root("POST", "/tenants", { slug: `evil-${tenant.slug}`, name: NAME.slice(0, 100) });
  const page = await kit.enter({ ...kit.kit.superuser, tenant: undefined }, "#/tenants", PHONE);
  await page.locator("tbody tr").first().waitFor();
  await harmless(page);
});

test("a hundred people are a page, and the others come when they are asked for", async () => {
  for (let n = 0; n < 120; n++) await tenant.admin.ask("POST", "/admin/users/invite", { email: `p${n}@${tenant.slug}.example`, full_name: `${NAME.slice(0, 150)} ${n}` });
  const page = await kit.enter(tenant.admin, "#/people");
  await page.locator("tbody tr").first().waitFor();
  const first = await page.locator("tbody tr").count();
  assert.ok(first < 121, `${first} at once`);
  while (await page.getByRole("button", { name: "Show more" }).count()) {
    const before = await page.locator("tbody tr").count();
    await page.getByRole("button", { name: "Show more" }).click();
    await until(async () => (await page.locator("tbody tr").count()) > before);
  }
  assert.equal(await page.locator("tbody tr").count(), 121);
});

test("a service that answers slowly, or not at all, is told of, and asked again", async () => {
  const page = await kit.open("#/people");
  kit.kit.proxy.before = ({ url }, answer) => {
    if (!url.startsWith("/admin/users")) return false;
    setTimeout(() => answer.writeHead(503, { "content-type": "application/problem+json", "retry-after": "1" }).end(JSON.stringify({ type: "urn:parlance:error:unavailable", status: 503, detail: "The service is busy." })), 700);
    return true;
  };
  await logIn(page, tenant.admin);
  await page.locator(".skeleton").first().waitFor();
  await page.getByRole("alert").getByText("The service is busy.").waitFor();
  await accessible(page);
  kit.kit.proxy.before = undefined;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator("tbody tr").first().waitFor();
  await heading(page, "People").waitFor();
});
