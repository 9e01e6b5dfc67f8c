// What was done and what it cost; and a superuser's day.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, logIn, PASSWORD, told, until } from "./kit.mjs";

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant({ provider: "openai" });
});

const saved = async (page, name) => {
  const [file] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return readFileSync(await file.path(), "utf8");
};

test("usage is seen by day and model, with what the limits leave, and saved as a file", async () => {
  await kit.root("PUT", `/tenants/${tenant.id}/limits`, { tenant: { tokens_per_day: 1000000 } });
  const page = await kit.enter(tenant.admin, "#/usage");
  await heading(page, "Nothing was asked in these days").waitFor();
  await accessible(page);
  await tenant.admin.ask("POST", "/chat", { message: "How long does a refund take?" });
  await until(async () => {
    await page.getByRole("link", { name: "Audit log" }).click();
    await page.getByRole("link", { name: "Usage and cost" }).click();
    await page.locator(".facts-of").waitFor();
    return (await page.locator(".chart rect").count()) > 0;
  });
  await page.getByText("Tokens today").waitFor();
  await field(page, "Told apart by").selectOption("user");
  await page.locator(".shares").getByText(tenant.admin.email).or(page.locator(".shares li")).first().waitFor();
  await page.getByText("The numbers").click();
  await accessible(page);
  assert.match(await saved(page, "Save as CSV"), /^[a-z_,]*day/);
});

test("the audit log is filtered by its address, and saved as a file", async () => {
  await tenant.admin.ask("PATCH", "/tenants/current", { name: "<b>Another</b> name" });
  const page = await kit.enter(tenant.admin, "#/audit?action=tenant.");
  await page.locator("tbody").getByText("tenant.update").first().waitFor();
  assert.equal(await page.locator("tbody").getByText("login", { exact: true }).count(), 0);
  await accessible(page);
  await field(page, "Deed").fill("login");
  await page.locator("tbody").getByText("login", { exact: true }).first().waitFor();
  assert.ok(page.url().includes("action=login"));
  assert.match(await saved(page, "Save as CSV"), /login/);
  await field(page, "Outcome").selectOption("denied");
  await heading(page, "Nothing fits").waitFor();
  await accessible(page);
});

test("the audit log says what things are called that are still there", async () => {
  await tenant.admin.ask("POST", "/documents", { title: "<b>Refunds</b>", text: "A refund takes 14 days." });
  const gone = await tenant.admin.ask("POST", "/documents", { title: "Prices", text: "The price is 14." });
  await tenant.admin.ask("DELETE", `/documents/${gone.id}`);
  const page = await kit.enter(tenant.admin, "#/audit?action=document.create");
  await page.locator("tbody").getByText("<b>Refunds</b>").waitFor();
  await page.locator("tbody code", { hasText: gone.id }).waitFor();
  assert.equal(await page.locator("tbody").getByText("Prices").count(), 0);
  await accessible(page);
});

test("a login elsewhere is ended once that was asked", async () => {
  const other = await kit.enter(tenant.admin, "#/account");
  const page = await kit.enter(tenant.admin, "#/account");
  const logins = async () => (await tenant.admin.ask("GET", "/login/sessions")).items.length;
  const before = await logins();
  await page.getByRole("button", { name: /^End/ }).first().click();
  await heading(page, "End this login?").waitFor();
  await accessible(page);
  assert.equal(await logins(), before);
  await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
  await told(page, "That login is ended.");
  assert.equal(await logins(), before - 1);
  await other.context().close();
});

test("a superuser creates an organisation with its administrator in one step, who comes in", async () => {
  const page = await kit.enter({ ...kit.kit.superuser, tenant: undefined });
  await heading(page, "Organisations").waitFor();
  await accessible(page);
  await button(page, "Create an organisation").click();
  await field(page, "Name").fill(`Müller & Söhne ${Date.now()}`);
  assert.match(await field(page, "Short name").inputValue(), /^muller-sohne-\d+$/);
  const email = `first${Date.now()}@new.example`;
  await field(page, "Email of its first administrator").fill(email);
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Create an organisation" }).click();
  await page.getByText(`Hand this link to ${email}`).waitFor();
  const link = await page.getByRole("dialog").locator("code").innerText();
  await accessible(page);
  const guest = await kit.open(link.slice(link.indexOf("#")));
  await field(guest, "Password").fill(PASSWORD);
  await field(guest, "Password, once more").fill(PASSWORD);
  await button(guest, "Set the password").click();
  await button(guest, "Log in").click();
  await logIn(guest, { email, password: PASSWORD });
  await guest.getByRole("link", { name: "People" }).click();
  await heading(guest, "People").waitFor();
});

// R30
test("a superuser goes into an organisation with a reason, which is seen as long as it lasts, and read there", async () => {
  const page = await kit.enter({ ...kit.kit.superuser, tenant: undefined });
  await page.getByRole("button", { name: `Go in ${tenant.name}` }).click();
  await field(page, "Reason").fill("Ticket 4711");
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Go in" }).click();
  await page.getByText(`You are in ${tenant.name} as a superuser: Ticket 4711.`).waitFor();
  await heading(page, "Prompt and model").waitFor();
  await accessible(page);
  await page.getByRole("link", { name: "Playground" }).click();
  await heading(page, "You ask nothing in a user's name").waitFor();
  await accessible(page);
  await button(page, "Leave").click();
  await heading(page, "Organisations").waitFor();
  const { items } = await tenant.admin.ask("GET", "/admin/audit?action=tenant.");
  assert.ok(items.some(({ detail }) => detail?.includes("Ticket 4711")));
});

test("a stay that ends while one works is asked for again, and what was typed is sent then", async () => {
  const page = await kit.enter({ ...kit.kit.superuser, tenant: undefined });
  await page.getByRole("button", { name: `Go in ${tenant.name}` }).click();
  await field(page, "Reason").fill("Ticket 4712");
  await page.getByRole("dialog").getByRole("button", { name: "Go in" }).click();
  const prompt = page.locator(".card").first().getByRole("textbox");
  await prompt.fill("Half a thought");
  kit.kit.proxy.before = ({ method, url }, answer) => {
    if (method !== "PATCH" || url !== "/tenants/current") return false;
    kit.kit.proxy.before = undefined;
    answer.writeHead(401, { "content-type": "application/problem+json" });
    answer.end(JSON.stringify({ type: "urn:parlance:error:token_expired", status: 401, detail: "It has ended." }));
    return true;
  };
  await button(page, "Save").first().click();
  await heading(page, `Your time in ${tenant.name} is over`).waitFor();
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Go in" }).click();
  await told(page, "Saved as version");
  assert.equal((await tenant.admin.ask("GET", "/tenants/current")).system_prompt, "Half a thought");
});

test("an organisation is suspended while somebody works in it, and resumed", async () => {
  const worker = await kit.enter(tenant.admin, "#/account");
  const page = await kit.enter({ ...kit.kit.superuser, tenant: undefined });
  await page.getByRole("button", { name: `Suspend ${tenant.name}` }).click();
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Suspend" }).click();
  await told(page, `${tenant.name} is suspended.`);
  await field(worker, "Name").fill("Still typing");
  await until(async () => {
    if (!(await worker.getByRole("dialog").count())) await button(worker, "Save").first().click({ timeout: 1000 }).catch(() => {});
    return (await worker.getByRole("dialog").or(worker.getByRole("alert")).count()) > 0;
  });
  // Whoever has the right password reads why nobody comes in; who has not reads nothing of it.
  const out = await kit.open("");
  const door = out.locator(".door form");
  await door.getByLabel("Email", { exact: true }).fill(tenant.admin.email);
  await door.getByLabel("Password", { exact: true }).fill("another password than theirs");
  await door.getByRole("button", { name: "Log in" }).click();
  await out.getByText("Email, password or organisation is wrong.").waitFor();
  await door.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await door.getByRole("button", { name: "Log in" }).click();
  await out.getByText("your organisation is suspended").waitFor();
  await accessible(out);
  await page.getByRole("button", { name: `Delete ${tenant.name}` }).click();
  await heading(page, `How ${tenant.name} is deleted`).waitFor();
  await page.getByText(`parlance erase --tenant ${tenant.slug} --confirm ${tenant.slug}`).waitFor();
  await accessible(page);
  await button(page, "Done").click();
  await page.getByRole("button", { name: `Resume ${tenant.name}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await told(page, `${tenant.name} is active again.`);
});

test("what was not answered is numbers until people are told, then questions from which a document is written", async () => {
  const page = await kit.enter(tenant.admin, "#/unanswered");
  await page.getByText("Without a document").waitFor();
  assert.equal(await heading(page, "The questions").count(), 0);
  await accessible(page);
  await page.getByLabel("Administrators may read these questions").check();
  await told(page, "Questions from now on can be read here.");
  await tenant.admin.ask("POST", "/chat", { message: "Do you sell <b>kayaks</b>?" });
  await page.reload();
  await logIn(page, tenant.admin);
  await page.locator("tbody").getByText("Do you sell <b>kayaks</b>?").waitFor();
  await accessible(page);
  await button(page, "Write a text").click();
  assert.equal(await field(page, "Title").inputValue(), "Do you sell <b>kayaks</b>?");
  await field(page, "Text").fill("We do, from March on.");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await told(page, "is added.");
  await page.locator("tbody").getByText("Written", { exact: true }).waitFor();
});

test("limits are set: of an organisation by a superuser, of its people by their administrator", async () => {
  const page = await kit.enter({ ...kit.kit.superuser, tenant: undefined });
  await page.getByRole("button", { name: `Limits ${tenant.name}` }).click();
  await field(page, "Dollars in a month").fill("12.50");
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await told(page, `The limits of ${tenant.name} are set.`);
  const limits = () => tenant.admin.ask("GET", "/tenants/current/limits");
  assert.equal(Number((await limits()).tenant.cost_per_month), 12.5);
  const own = await kit.enter(tenant.admin, "#/usage");
  await own.getByText("Cost this month").waitFor();
  await field(own, "Questions in a minute").fill("7");
  await button(own, "Save").click();
  await told(own, "Saved.");
  assert.equal((await limits()).users.requests_per_minute, 7);
  await accessible(own);
});

test("conversations are private until people are told, then searched, read, and a document is written from one", async () => {
  await tenant.admin.ask("POST", "/chat", { message: "A secret of before" });
  const page = await kit.enter(tenant.admin, "#/conversations");
  await heading(page, "Conversations are private").waitFor();
  await accessible(page);
  await page.getByLabel("Administrators may read conversations").check();
  await told(page, "Conversations that begin from now on can be read here.");
  await heading(page, "There are no conversations here").waitFor();
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByText("Your administrators may read conversations that begin from now on").waitFor();
  await tenant.admin.ask("POST", "/documents", { title: "Boats", text: "We sell kayaks from March on." });
  kit.kit.provider.says = () => "From March on. [1]";
  const { message_id } = await tenant.admin.ask("POST", "/chat", { message: "Do you sell <b>kayaks</b>?" });
  await tenant.admin.ask("PUT", `/chat/messages/${message_id}/feedback`, { rating: "down", comment: "No <i>answer</i>." });
  await tenant.admin.ask("POST", "/chat", { message: "Where is my order?" });
  await page.getByRole("link", { name: "Conversations" }).click();
  await page.getByRole("link", { name: "Where is my order?" }).waitFor();
  assert.equal(await page.getByText("A secret of before").count(), 0);
  await field(page, "Words in conversations").fill("KAYAKS");
  await page.keyboard.press("Enter");
  await until(async () => (await page.getByRole("link", { name: "Where is my order?" }).count()) === 0);
  await field(page, "Words in conversations").fill("");
  await page.keyboard.press("Enter");
  await field(page, "Opinion").selectOption("down");
  await page.getByText("not of use: 1").waitFor();
  await accessible(page);
  await page.getByRole("link", { name: "Do you sell <b>kayaks</b>?" }).click();
  await heading(page, "A conversation").waitFor();
  await page.getByText("No <i>answer</i>.").waitFor();
  await accessible(page);
  await page.locator("button.cite").click();
  await page.locator(".source.pointed").getByText("Boats").waitFor();
  await accessible(page);
  await button(page, "Write a text").click();
  assert.equal(await field(page, "Title").inputValue(), "Do you sell <b>kayaks</b>?");
  await field(page, "Text").fill("We do, from March on.");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await told(page, "is added.");
  const log = await tenant.admin.ask("GET", "/admin/audit?action=conversation.read");
  assert.equal(log.items.length, 1);
});

test("a superuser sees how the deployment is: what runs, what is to be done, what was given up", async () => {
  const page = await kit.enter({ ...kit.kit.superuser, tenant: undefined });
  await page.getByRole("link", { name: "Health" }).click();
  await heading(page, "What runs").waitFor();
  await page.getByText("PostgreSQL").waitFor();
  await until(async () => {
    await button(page, "Look again").click();
    return (await page.getByText("There is nothing to see to.").count()) === 1;
  });
  await heading(page, "Nothing was given up").waitFor();
  await page.getByText("Keep the ledger").waitFor();
  await accessible(page);
  // It is nobody else's.
  const own = await kit.enter(tenant.admin, "#/deployment");
  await heading(own, "There is nothing here").last().waitFor();
});
