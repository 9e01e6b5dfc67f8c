// Ten thousand documents, people, deeds and organisations: screens show a page at a time, and what is looked for is found.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, until } from "./kit.mjs";

const MANY = 10_000;

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant();
});

/** Copies one row of a table, each with an id of its own and what else `as` says of copy number `n`. */
const copies = (table, of, as) =>
  kit.kit.sql(`
    insert into parlance.${table}
    select (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), ${as}))).*
    from parlance.${table} o, generate_series(1, ${MANY}) n where ${of};
    analyze parlance.${table};`);

const rows = (page) => page.locator("tbody tr");
const more = (page) => button(page, "Show more");

/** The first page is a page, and the next ones come after it. */
const readsOn = async (page) => {
  await rows(page).first().waitFor();
  const first = await rows(page).count();
  assert.ok(first <= 50, `${first} at once`);
  for (let nth = 2; nth <= 4; nth++) {
    await more(page).click();
    await until(async () => (await rows(page).count()) === nth * first);
  }
  await accessible(page);
};

test("ten thousand documents come page by page, and one is found by its title", async () => {
  const { id } = await tenant.admin.ask("POST", "/documents", { title: "Number 0", text: "All about nothing." });
  copies("documents", `o.id = '${id}'`, `'title', 'Number ' || n, 'hash', null`);
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await readsOn(page);
  await field(page, "Part of the title").fill("NUMBER 9876");
  await until(async () => (await rows(page).count()) === 1);
  await page.getByRole("link", { name: "Number 9876", exact: true }).waitFor();
  assert.ok(page.url().includes("?search=NUMBER"));
  await accessible(page);
  await field(page, "Part of the title").fill("no such thing");
  await page.getByText("No title holds that").waitFor();
  await accessible(page);
});

test("ten thousand people come page by page, and one is found by the address", async () => {
  const email = `grace@${tenant.slug}.example`;
  const { id } = await tenant.admin.ask("POST", "/admin/users", { email, password: "seven green bicycles sing", full_name: "Grace" });
  copies("users", `o.id = '${id}'`, `'email', 'person' || n || '@many.example', 'full_name', 'Person ' || n`);
  const page = await kit.enter(tenant.admin, "#/people");
  await readsOn(page);
  await field(page, "Name or email").fill("person9876@");
  await until(async () => (await rows(page).count()) === 1);
  await page.getByRole("link", { name: "Person 9876", exact: true }).click();
  await page.getByRole("heading", { name: "Person 9876" }).waitFor();
});

test("ten thousand deeds come page by page, are filtered, and saved as a file", async () => {
  await tenant.admin.ask("PATCH", "/tenants/current", { name: "Another name" });
  const one = `o.tenant_id = '${tenant.id}' and o.action = 'tenant.update'`;
  copies("audit_log", one, `'action', 'site.create', 'target', 'thing-' || n`);
  const page = await kit.enter(tenant.admin, "#/audit");
  await readsOn(page);
  await field(page, "Id of that").fill("thing-9876");
  await until(async () => (await rows(page).count()) === 1);
  await accessible(page);
  await field(page, "Id of that").fill("");
  await field(page, "Deed").fill("site.create");
  await until(async () => (await rows(page).count()) === 50);
  const [saved] = await Promise.all([page.waitForEvent("download"), button(page, "Save as CSV").click()]);
  assert.ok(readFileSync(await saved.path(), "utf8").trim().split("\n").length > MANY);
});

test("ten thousand organisations come page by page, and one is found by its name", async () => {
  copies("tenants", `o.id = '${tenant.id}'`, `'slug', 'many-' || n, 'name', 'Many ' || n`);
  const page = await kit.enter({ ...kit.kit.superuser, tenant: undefined }, "#/tenants");
  await readsOn(page);
  await field(page, "Part of the name").fill("many 9876");
  await until(async () => (await rows(page).count()) === 1);
  await page.getByRole("button", { name: "Go in Many 9876" }).waitFor();
  await accessible(page);
});
