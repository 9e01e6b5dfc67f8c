// Two who change one thing: neither takes away what the other has just done, and nothing that was typed is lost.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, logIn, told, until } from "./kit.mjs";

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant();
});

const ask = (...args) => tenant.admin.ask(...args);
const card = (page, name) => page.locator(".card", { has: heading(page, name) });

/** Saves what was typed against what somebody else has saved meanwhile: it is refused, and what they did is shown. */
const refused = async (page, of) => {
  await of.getByRole("button", { name: "Save", exact: true }).click();
  await of.getByText("Somebody else has changed this meanwhile").waitFor();
  await accessible(page);
  await of.getByRole("button", { name: "See what it is now" }).click();
  await of.getByText("Somebody else has changed meanwhile:").waitFor();
  await accessible(page);
};

test("groups of a document: theirs is shown, and mine is saved after all", async () => {
  const { id } = await ask("POST", "/documents", { title: "Prices", text: "The price is 14." });
  const page = await kit.enter(tenant.admin, `#/knowledge/${id}`);
  const of = card(page, "For whom");
  await of.getByLabel("For whom").fill("board");
  await ask("PUT", `/documents/${id}/groups`, { groups: ["staff"] });
  await refused(page, of);
  assert.deepEqual((await ask("GET", `/documents/${id}`)).groups, ["staff"]);
  await of.locator(".meanwhile").getByText("staff").waitFor();
  assert.equal(await of.getByLabel("For whom").inputValue(), "board");
  await of.getByRole("button", { name: "Save", exact: true }).click();
  await told(page, "Saved.");
  assert.deepEqual((await ask("GET", `/documents/${id}`)).groups, ["board"]);
});

test("a text: what the other wrote is shown line by line, and taken over, while the title that was typed stays", async () => {
  const { id } = await ask("POST", "/documents", { title: "Refunds", text: "A refund takes 14 days." });
  const page = await kit.enter(tenant.admin, `#/knowledge/${id}`);
  await button(page, "Correct the text").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill("All about refunds");
  await dialog.getByLabel("Text", { exact: true }).fill("A refund takes 5 days.");
  await ask("PUT", `/documents/${id}`, { title: "Refunds", text: "A refund takes 7 days.\nWithout the shipping." });
  await refused(page, dialog);
  await dialog.locator(".meanwhile .new", { hasText: "7 days" }).waitFor();
  await dialog.getByRole("button", { name: "Take theirs Text" }).click();
  assert.equal(await dialog.getByLabel("Text", { exact: true }).inputValue(), "A refund takes 7 days.\nWithout the shipping.");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await told(page, "Saved.");
  const { title, version } = await ask("GET", `/documents/${id}`);
  assert.deepEqual([title, version], ["All about refunds", 3]);
});

test("a draft that outlives a reload says what has changed under it", async () => {
  const { id } = await ask("POST", "/documents", { title: "Refunds", text: "A refund takes 14 days." });
  const page = await kit.enter(tenant.admin, `#/knowledge/${id}`);
  await button(page, "Correct the text").click();
  await field(page, "Text").fill("A refund takes 5 days.");
  await ask("PUT", `/documents/${id}`, { title: "Refunds", text: "A refund takes 7 days." });
  await page.reload();
  await logIn(page, tenant.admin);
  await button(page, "Correct the text").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Somebody else has changed meanwhile:").waitFor();
  await dialog.locator(".meanwhile").getByText("A refund takes 7 days.").waitFor();
  assert.equal(await field(page, "Text").inputValue(), "A refund takes 5 days.");
  await accessible(page);
  await dialog.getByRole("button", { name: "Discard changes" }).click();
  assert.equal(await field(page, "Text").inputValue(), "A refund takes 7 days.");
});

test("a source, of which each has changed something else: both count", async () => {
  const source = { name: "Help", url: "https://help.example.com/", is_on: false, every_hours: 24 };
  const { id } = await ask("POST", "/documents/connectors", source);
  const page = await kit.enter(tenant.admin, `#/knowledge/connectors/${id}`);
  await field(page, "Name").fill("Help pages");
  await ask("PUT", `/documents/connectors/${id}`, { ...source, every_hours: 1, max_pages: 7 });
  const of = card(page, "Settings");
  await refused(page, of);
  await of.locator(".meanwhile").getByText("Pages at most").waitFor();
  assert.equal(await of.getByText("It is taken over.").count(), 2);
  await of.getByRole("button", { name: "Save", exact: true }).click();
  await told(page, "Saved.");
  const { name, every_hours, max_pages } = await ask("GET", `/documents/connectors/${id}`);
  assert.deepEqual([name, every_hours, max_pages], ["Help pages", 1, 7]);
});

test("limits of people and of an organisation, and one's own name", async () => {
  const page = await kit.enter(tenant.admin, "#/usage");
  await field(page, "Questions in a minute").fill("7");
  await ask("PUT", "/tenants/current/limits", { users: { requests_per_minute: 9 } });
  const of = card(page, "Limits of each person");
  await refused(page, of);
  await of.getByRole("button", { name: "Take theirs Questions in a minute" }).click();
  assert.equal(await field(page, "Questions in a minute").inputValue(), "9");
  const root = await kit.enter({ ...kit.kit.superuser, tenant: undefined });
  await root.getByRole("button", { name: `Limits ${tenant.name}` }).click();
  await field(root, "Dollars in a month").fill("12.50");
  await kit.root("PUT", `/tenants/${tenant.id}/limits`, { tenant: { cost_per_month: "3" } });
  await refused(root, root.getByRole("dialog"));
  await button(root, "Save").click();
  await told(root, `The limits of ${tenant.name} are set.`);
  const own = await kit.enter(tenant.admin, "#/account");
  await field(own, "Name").fill("Ada");
  const { user } = await ask("GET", "/login/me");
  await ask("PATCH", `/admin/users/${user.id}`, { full_name: "Ada L." });
  await refused(own, card(own, "Who you are"));
  await button(own, "Save").first().click();
  await told(own, "Saved.");
});

test("an earlier prompt is not brought back over one that nobody here has seen", async () => {
  await ask("PATCH", "/tenants/current", { system_prompt: "First." });
  await ask("PATCH", "/tenants/current", { system_prompt: "Second." });
  const page = await kit.enter(tenant.admin, "#/prompt");
  await page.getByText(/Earlier versions/).click();
  await page.locator(".versions li", { hasText: "Version 2" }).getByRole("button", { name: "Restore" }).click();
  await ask("PATCH", "/tenants/current", { system_prompt: "Third." });
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Restore" }).click();
  await dialog.getByText("Somebody else has changed this meanwhile").waitFor();
  await dialog.getByRole("button", { name: "See what it is now" }).click();
  await dialog.locator(".gone", { hasText: "Third." }).waitFor();
  await dialog.getByRole("button", { name: "Restore" }).click();
  await told(page, "Saved as version 5");
  assert.equal((await ask("GET", "/tenants/current")).system_prompt, "First.");
});

test("where vectors are, and who puts passages in order, is set beside what another sets", async () => {
  const page = await kit.enter(tenant.admin, "#/prompt");
  const of = card(page, "Search by meaning");
  await of.getByLabel("Where vectors are").selectOption("none");
  await of.getByText("found by their words alone").waitFor();
  await accessible(page);
  await ask("PATCH", "/tenants/current", { system_prompt: "Be kind." });
  await of.getByRole("button", { name: "Save", exact: true }).click();
  await of.getByRole("button", { name: "See what it is now" }).click();
  const prompt = page.locator(".card").first().getByRole("textbox");
  await until(async () => (await prompt.inputValue()) === "Be kind.");
  await of.getByRole("button", { name: "Save", exact: true }).click();
  await told(page, "Saved.");
  assert.equal((await ask("GET", "/tenants/current")).retrieval.vectors, "none");
  await of.getByLabel("Who puts passages in order").fill("nobody-here");
  await of.getByRole("button", { name: "Save", exact: true }).click();
  await of.getByRole("alert").waitFor();
  await accessible(page);
});
