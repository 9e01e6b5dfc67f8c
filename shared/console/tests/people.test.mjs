// The people of an organisation, its websites, and its keys.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, told, until } from "./kit.mjs";

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant();
});

const ask = (...args) => tenant.admin.ask(...args);

test("somebody is invited by a link, which leads to a password", async () => {
  const page = await kit.enter(tenant.admin, "#/people");
  await button(page, "Invite").click();
  await field(page, "Email").fill("not an address");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email").fill(`grace@${tenant.slug}.example`);
  await dialog.getByLabel("Role").selectOption("admin");
  await accessible(page);
  await button(page, "Make the link").click();
  await heading(page, `grace@${tenant.slug}.example is invited`).waitFor();
  const link = await dialog.locator("code").innerText();
  await accessible(page);
  await button(page, "Done").click();
  await page.locator("tbody tr", { hasText: "grace@" }).getByText("invited").waitFor();
  const guest = await kit.open(link.slice(link.indexOf("#")));
  await heading(guest, "Welcome").waitFor();
});

test("people are searched, made members of groups, promoted, deactivated, brought back and deleted", async () => {
  for (const name of ["Grace", "Mary", "<i>Ada</i>"]) await ask("POST", "/admin/users", { email: `${name.replace(/\W/g, "")}2@${tenant.slug}.example`, full_name: name, password: "seven green bicycles sing" });
  const page = await kit.enter(tenant.admin, "#/people");
  await until(async () => (await page.locator("tbody tr").count()) === 4);
  assert.equal(await page.locator("tbody i").count(), 0);
  await field(page, "Name or email").fill("grac");
  await until(async () => (await page.locator("tbody tr").count()) === 1);
  assert.ok(page.url().includes("?search=grac"));
  await page.getByRole("link", { name: "Grace" }).click();
  await heading(page, "Grace").waitFor();
  await field(page, "Role").selectOption("admin");
  await field(page, "Groups").fill("staff");
  await accessible(page);
  await button(page, "Save").first().click();
  await told(page, "Saved.");
  await field(page, "Questions in a minute").fill("3");
  await button(page, "Save").last().click();
  await until(async () => (await ask("GET", `/admin/users/${page.url().split("/").pop()}/limits`)).limits.requests_per_minute === 3);
  await button(page, "Deactivate").click();
  await page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click();
  await told(page, "Grace is deactivated.");
  await button(page, "Activate").click();
  await told(page, "Grace may log in again.");
  await button(page, "Delete").click();
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await told(page, "Grace is deleted.");
  await heading(page, "People").waitFor();
  const { items } = await ask("GET", "/admin/users");
  assert.equal(items.length, 3);
});

test("nobody can lock themselves out", async () => {
  const { user } = await ask("GET", "/login/me");
  const page = await kit.enter(tenant.admin, `#/people/${user.id}`);
  await heading(page, "Ada Lovelace").waitFor();
  assert.ok(await field(page, "Role").isDisabled());
  assert.equal(await button(page, "Deactivate").count(), 0);
});

test("a website is added with its address, its chat is seen as it will look, and its lines are copied", async () => {
  const page = await kit.enter(tenant.admin, "#/sites");
  await heading(page, "No website has the chat yet").waitFor();
  await accessible(page);
  await button(page, "Add a website").first().click();
  await field(page, "Name").fill("The <shop>");
  await field(page, "Addresses").fill("www.clean.example/some/page");
  await page.getByRole("dialog").getByRole("button", { name: "Add a website" }).click();
  await told(page, "The <shop> is added.");
  await heading(page, "The <shop>").waitFor();
  const { items } = await ask("GET", "/tenants/current/sites");
  assert.deepEqual(items[0].origins, ["https://www.clean.example"]);
  await page.locator("parlance-chat").waitFor();
  await field(page, "Title").fill('Ask "us"');
  await page.locator("pre", { hasText: 'data-heading="Ask &quot;us&quot;"' }).waitFor();
  await page.locator('parlance-chat[heading=\'Ask "us"\']').waitFor();
  await accessible(page);
  await page.getByText("Limits").click();
  await field(page, "Questions a minute, of each visitor").fill("3");
  await page.getByLabel("Visitors may come in and ask").uncheck();
  await button(page, "Save").click();
  await told(page, "Saved.");
  const site = await ask("GET", `/tenants/current/sites/${items[0].id}`);
  assert.deepEqual([site.is_on, site.visitor_limits.requests_per_minute], [false, 3]);
  await button(page, "Delete").click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await told(page, "The <shop> is deleted.");
});

test("visitors may say who they are once a server can sign it, with a secret that is shown once", async () => {
  const site = await ask("POST", "/tenants/current/sites", { name: "Shop" });
  const page = await kit.enter(tenant.admin, `#/sites/${site.id}`);
  await page.getByText("There is no key yet").waitFor();
  await button(page, "Add a signing key").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Add a signing key" }).click();
  await heading(page, "Your secret").waitFor();
  await dialog.getByText(/^sis_/).waitFor();
  await accessible(page);
  await dialog.getByRole("button", { name: "Done" }).click();
  await field(page, "Visitors").selectOption("required");
  await told(page, "Saved.");
  assert.equal((await ask("GET", `/tenants/current/sites/${site.id}`)).identity, "required");
  await button(page, "Add a signing key").click();
  await field(page, "How your server signs").selectOption("ES256");
  await field(page, "Public key").fill("no key");
  await dialog.getByRole("button", { name: "Add a signing key" }).click();
  await dialog.getByRole("alert").waitFor();
  await accessible(page);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  const [key] = await ask("GET", `/tenants/current/sites/${site.id}/identity-keys`);
  await button(page, `Delete the key for ${key.hint}`).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("There is no key yet").waitFor();
});

test("an address that is none is refused at its field, and what was typed stays", async () => {
  const page = await kit.enter(tenant.admin, "#/sites");
  await button(page, "Add a website").first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Shop");
  await dialog.getByLabel("Addresses").fill("*");
  await dialog.getByRole("button", { name: "Add a website" }).click();
  await dialog.getByRole("alert").waitFor();
  await accessible(page);
  assert.equal(await dialog.getByLabel("Addresses").inputValue(), "*");
});

test("a key for a server is made, shown once, and revoked", async () => {
  const page = await kit.enter(tenant.admin, "#/api-keys");
  await heading(page, "There are no keys yet").waitFor();
  await accessible(page);
  await button(page, "Make a key").first().click();
  await field(page, "Name").fill("The shop's server");
  await page.getByLabel("manage documents").check();
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Make a key" }).click();
  await heading(page, "The key The shop's server").waitFor();
  const key = await page.getByRole("dialog").locator("code").innerText();
  const answer = await fetch(`${kit.kit.service}/documents`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(answer.status, 200);
  await accessible(page);
  await button(page, "Done").click();
  assert.ok(!(await page.content()).includes(key));
  await page.getByRole("button", { name: "Revoke The shop's server" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await told(page, "The shop's server is revoked.");
  await heading(page, "There are no keys yet").waitFor();
});

test("two who change one prompt do not overwrite each other, and nothing typed is lost", async () => {
  const page = await kit.enter(tenant.admin, "#/prompt");
  const prompt = page.locator(".card").first().getByRole("textbox");
  await prompt.fill("Mine.");
  await ask("PATCH", "/tenants/current", { system_prompt: "Theirs." });
  await button(page, "Save").first().click();
  await page.getByText("Somebody else has changed this meanwhile").waitFor();
  await page.getByText("precondition_failed").waitFor();
  await accessible(page);
  assert.equal((await ask("GET", "/tenants/current")).system_prompt, "Theirs.");
  await button(page, "See what it is now").click();
  await page.locator(".difference .gone", { hasText: "Theirs." }).waitFor();
  assert.equal(await prompt.inputValue(), "Mine.");
  await button(page, "Save").first().click();
  await told(page, "Saved as version");
  assert.equal((await ask("GET", "/tenants/current")).system_prompt, "Mine.");
});
