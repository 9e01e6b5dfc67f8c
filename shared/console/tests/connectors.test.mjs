// Sources that documents follow: named, read, set otherwise, left.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listen, test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, told, until } from "./kit.mjs";

let kit;
let tenant;
let site;
let pages;
before(async () => {
  process.env.CONNECTOR_HOSTS = "127.0.0.1";
  site = await listen(({ url }, answer) => {
    const html = pages[url];
    answer.writeHead(html ? 200 : 404, { "content-type": "text/html" }).end(html ?? "");
  });
  kit = await begin();
});
after(async () => {
  await kit?.end();
  site?.server.close();
  site?.server.closeAllConnections();
});
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant();
  pages = {
    "/help/": '<title>Help</title><p>Ask us.</p><a href="/help/refunds">Refunds</a> <a href="/help/app">App</a> <a href="/shop">Shop</a>',
    "/help/refunds": "<title>Refunds</title><p>A refund takes 5 working days.</p>",
    "/help/app": "<title>App</title><div id=app></div><script>draw()</script>",
    "/shop": "<title>Shop</title><p>Tents and boots.</p>",
  };
});

const ask = (...args) => tenant.admin.ask(...args);
const badge = (page, text) => page.locator(".badge").getByText(text, { exact: true }).first().waitFor();

test("a website is followed: its pages are documents, what failed is told, and it is set otherwise and read again", async () => {
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await page.getByRole("link", { name: "Followed sources" }).click();
  await heading(page, "Nothing is followed yet").waitFor();
  await accessible(page);
  await button(page, "Follow a source").first().click();
  const dialog = page.getByRole("dialog");
  await field(page, "Name").fill("Our <help> pages");
  await field(page, "Where it begins").fill("ftp://nowhere.example");
  await dialog.getByRole("button", { name: "Follow a source" }).click();
  await dialog.getByRole("alert").waitFor();
  await accessible(page);
  await field(page, "Where it begins").fill(`${site.url}/help/`);
  await dialog.getByRole("button", { name: "Follow a source" }).click();
  await heading(page, "Our <help> pages").waitFor();
  await badge(page, "read");
  await page.getByText("3 added").waitFor();
  await page.getByText(/What was left out or failed/).click();
  await page.getByText("/help/app").waitFor();
  await accessible(page);

  await page.getByText("Which pages, and for whom").click();
  await field(page, "Only paths that begin with").fill("/help/");
  await field(page, "How often").selectOption("168");
  await button(page, "Save").click();
  await told(page, "Saved.");
  await button(page, "Read it now").click();
  await page.getByText("1 removed").waitFor();
  const { items } = await ask("GET", "/documents/connectors");
  assert.deepEqual([items[0].include, items[0].every_hours, items[0].documents], [["/help/"], 168, 2]);

  // What follows a source is changed there.
  await page.getByRole("link", { name: "Knowledge" }).first().click();
  await page.getByRole("link", { name: "Refunds" }).click();
  await heading(page, "It follows a source").waitFor();
  assert.equal(await button(page, "Delete").count(), 0);
  await accessible(page);
  await page.getByRole("link", { name: "Show the source" }).click();
  await heading(page, "Our <help> pages").waitFor();
});

test("a source that cannot be read says why, and its documents are kept when it is left", async () => {
  const { id } = await ask("POST", "/documents/connectors", { name: "Help", url: `${site.url}/help/` });
  await until(async () => (await ask("GET", `/documents/connectors/${id}`)).last_run?.status === "done" || sleep(200));
  pages = {};
  const page = await kit.enter(tenant.admin, `#/knowledge/connectors/${id}`);
  await button(page, "Read it now").click();
  await badge(page, "failed");
  await page.locator("ol .said").first().waitFor();
  await accessible(page);
  await button(page, "Delete").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Keep its documents").check();
  await accessible(page);
  await dialog.getByRole("button", { name: "Delete" }).click();
  await told(page, "Help is not followed any more.");
  await heading(page, "Nothing is followed yet").waitFor();
  const { items } = await ask("GET", "/documents");
  assert.equal(items.length, 3);
});

test("a bucket and a repository are named as well: what is wrong is told at its field, and what was typed stays", async () => {
  const page = await kit.enter(tenant.admin, "#/knowledge/connectors");
  await button(page, "Follow a source").first().click();
  const dialog = page.getByRole("dialog");
  await field(page, "What").selectOption("bucket");
  await field(page, "Name").fill("Our files");
  await field(page, "Address of the store").fill(`${site.url}/`);
  await field(page, "Bucket").fill("acme-help");
  await field(page, "Id of the access key").fill("AKIA0123456789");
  assert.ok(await dialog.getByRole("button", { name: "Follow a source" }).isDisabled());
  await field(page, "Secret of the access key").fill("a secret with spaces");
  await accessible(page);
  await dialog.getByRole("button", { name: "Follow a source" }).click();
  await dialog.getByRole("alert").waitFor();
  assert.equal(await field(page, "Bucket").inputValue(), "acme-help");
  await field(page, "Secret of the access key").fill("0123456789abcdef");
  await dialog.getByRole("button", { name: "Follow a source" }).click();
  await heading(page, "Our files").waitFor();
  let { items } = await ask("GET", "/documents/connectors");
  assert.deepEqual([items[0].bucket.name, items[0].bucket.access_key_id, items[0].every_hours], ["acme-help", "AKIA0123456789", 24]);
  assert.ok(!(await page.content()).includes("0123456789abcdef"));

  await page.getByRole("link", { name: "Sources that are followed" }).click();
  await button(page, "Follow a source").first().click();
  await field(page, "What").selectOption("repository");
  await field(page, "Name").fill("Handbook");
  await field(page, "Page of the repository").fill(`${site.url}/acme/handbook`);
  await field(page, "Software of the server").selectOption("forgejo");
  await field(page, "Folder").fill("docs");
  await accessible(page);
  await dialog.getByRole("button", { name: "Follow a source" }).click();
  await heading(page, "Handbook").waitFor();
  ({ items } = await ask("GET", "/documents/connectors"));
  const { repository } = items.find(({ name }) => name === "Handbook");
  assert.deepEqual([repository.server, repository.folder, repository.token_last4], ["forgejo", "docs", null]);
});
