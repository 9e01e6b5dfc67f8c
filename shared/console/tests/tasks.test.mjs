// What an administrator does every day, from an organisation without anything, and where each is shown:
//
//    1  create an organisation                          operator: "a superuser creates an organisation ..."
//    2  invite its administrator                        the same
//    3  accept an invitation                            door: "somebody who was invited ..."
//    4  set the prompt                                  playground: "a prompt is changed, compared ..."
//    5  put the chat onto a website                     people: "a website is added with its address ..."
//    6  let a preview's address ask, and take it back   below
//    7  choose a model                                  playground: "model and keys are set ..."
//    8  notice a model that does not exist              below
//    9  set a provider's key                            playground: "model and keys are set ..."
//   10  find out which providers there are              below
//   11  test a key                                      playground: "a key is tested ..."
//   12  put files in                                    knowledge: "files are put in ..."
//   13  put a long text in                              below
//   14  notice that a text is there already             below
//   15  read what a document says                       knowledge: "a text is written, read as it was cut ..."
//   16  correct it                                      the same
//   17  delete it                                       knowledge: "it is limited to a group, and deleted ..."
//   18  read what people ask                            operator: "conversations are private until ..."
//   19  save that                                       below
//   20  see what was used                               operator: "usage is seen by day and model ..."
//   21  deactivate somebody, who is out at once         below
//   22  look into the audit log                         operator: "the audit log is filtered ..."
//   23  save that                                       the same
//   24  end an organisation                             operator: "an organisation is suspended ..."
//
// And a superuser's day: operator.test.mjs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, PASSWORD, told, until } from "./kit.mjs";

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant({ provider: "openai" });
});

const ask = (...args) => tenant.admin.ask(...args);
const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });

test("the address of a preview is let in, and taken back; a pattern is refused with what would be right", async () => {
  const page = await kit.enter(tenant.admin, "#/sites");
  const allowed = page.getByRole("textbox", { name: "Addresses that may ask" });
  await allowed.fill("www.acme.example\nhttps://*.previews.example");
  await button(page, "Save").click();
  await page.getByRole("alert").getByText("https://app.example.com").first().waitFor();
  assert.equal(await allowed.inputValue(), "www.acme.example\nhttps://*.previews.example");
  await accessible(page);
  await allowed.fill("www.acme.example/shop\nhttps://pr-17.previews.example");
  await button(page, "Save").click();
  await told(page, "Saved.");
  const origins = async () => (await ask("GET", "/tenants/current")).allowed_origins;
  assert.deepEqual(await origins(), ["https://www.acme.example", "https://pr-17.previews.example"]);
  const asked = (origin) => fetch(`${kit.kit.service}/chat`, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });
  await until(async () => (await asked("https://pr-17.previews.example")).headers.has("access-control-allow-origin"));
  await allowed.fill("https://www.acme.example");
  await button(page, "Save").click();
  await until(async () => (await origins()).length === 1);
  await until(async () => !(await asked("https://pr-17.previews.example")).headers.has("access-control-allow-origin"));
  await accessible(page);
});

test("whoever chooses a model that does not exist hears so, and not whoever asks next", async () => {
  kit.kit.provider.lacks = (model) => model === "gpt-9000";
  const page = await kit.enter(tenant.admin, "#/prompt");
  await field(page, "Model").fill("gpt-9000");
  const card = page.locator(".card").nth(1);
  await card.getByRole("button", { name: "Save" }).click();
  await card.getByRole("alert").getByText(/^The settings are saved, but openai does not answer with gpt-9000: /).waitFor();
  await card.getByRole("alert").locator("code").waitFor();
  await accessible(page);
  await field(page, "Model").fill("gpt-4o-mini");
  await card.getByRole("button", { name: "Save" }).click();
  await card.getByText("openai answers with gpt-4o-mini.").waitFor();
  assert.equal(await card.getByRole("alert").count(), 0);
  // A provider without a key is told of, too.
  await field(page, "Provider").fill("deepseek");
  await field(page, "Model").fill("");
  await card.getByRole("button", { name: "Save" }).click();
  await card.getByRole("alert").getByText("there is no key for deepseek").waitFor();
  await accessible(page);
});

test("a provider's name that is none is answered with those that there are", async () => {
  const page = await kit.enter(tenant.admin, "#/prompt");
  await button(page, "Add a key").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").fill("chatgpt");
  await dialog.getByLabel("Key", { exact: true }).fill("sk-0123456789abcdefWXYZ");
  await dialog.getByRole("button", { name: "Save" }).click();
  const alert = dialog.getByRole("alert");
  for (const name of ["openai", "deepseek", "pinecone"]) await alert.getByText(name).first().waitFor();
  await accessible(page);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  const card = page.locator(".card").nth(1);
  await field(page, "Provider").fill("chatgpt");
  await card.getByRole("button", { name: "Save" }).click();
  await card.locator(".fault", { hasText: "openai" }).waitFor();
});

test("a text of 200 KB is put in, and is a document with all of its passages", async () => {
  const text = Array.from({ length: 2500 }, (_, n) => `Rule ${n} says that a refund of kind ${n} takes ${n % 30} working days.`).join("\n\n");
  assert.ok(text.length > 150_000);
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await button(page, "Write a text").click();
  await field(page, "Title").fill("All rules");
  // As a paste is: the driver's own way of filling in takes a browser a minute here.
  await field(page, "Text").evaluate((area, text) => {
    area.value = text;
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, text);
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await told(page, "All rules is added.");
  await until(async () => (await ask("GET", "/documents")).items[0]?.status === "ready");
  const [{ chunks }] = (await ask("GET", "/documents")).items;
  assert.ok(chunks > 50, `${chunks}`);
  await page.getByRole("link", { name: "All rules", exact: true }).click();
  await page.locator(".passages").getByText("Rule 0 says").first().waitFor();
  await accessible(page);
  const { items } = await ask("POST", "/documents/search", { query: "kind 2499" });
  assert.ok(items.some(({ snippet }) => snippet.includes("2499")));
});

test("a text and a file that are there already are not there twice, and that is said", async () => {
  await ask("POST", "/documents", { title: "Refunds", text: "A refund takes 14 days." });
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await button(page, "Write a text").click();
  await field(page, "Title").fill("Refunds");
  await field(page, "Text").fill("A refund takes 14 days.\n");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await told(page, "Refunds was there already, with this text.");
  const files = page.locator("input[type=file][multiple]");
  await files.setInputFiles([file("tents.txt", "A tent has poles.")]);
  await page.getByText("The file is there.").waitFor();
  await until(async () => (await ask("GET", "/documents")).items.every(({ status }) => status === "ready"));
  await button(page, "Close").click();
  await files.setInputFiles([file("tents.txt", "A tent has poles.")]);
  await page.getByText("was there already").waitFor();
  await accessible(page);
  assert.equal((await ask("GET", "/documents")).items.length, 2);
  await until(async () => (await page.locator("tbody tr").count()) === 2);
});

test("a conversation is saved as a file, with all that was said and thought of it", async () => {
  await ask("PATCH", "/tenants/current", { share_conversations: true });
  const { session_id, message_id } = await ask("POST", "/chat", { message: "Do you sell <b>kayaks</b>?" });
  await ask("PUT", `/chat/messages/${message_id}/feedback`, { rating: "down", comment: "No answer." });
  await ask("POST", "/chat", { message: "And canoes?", session_id });
  const page = await kit.enter(tenant.admin, `#/conversations/${session_id}`);
  await page.getByText("And canoes?").waitFor();
  const [saved] = await Promise.all([page.waitForEvent("download"), button(page, "Save as a file").click()]);
  assert.match(saved.suggestedFilename(), /^conversation-.*\.md$/);
  const text = readFileSync(await saved.path(), "utf8");
  for (const said of ["Do you sell <b>kayaks</b>?", "Not of use: No answer.", "And canoes?"]) assert.ok(text.includes(said), text);
  assert.equal(text.match(/^## /gm).length, 4);
  await accessible(page);
});

test("somebody who is deactivated is out at once, and cannot come back", async () => {
  const email = `grace@${tenant.slug}.example`;
  const { id } = await ask("POST", "/admin/users", { email, password: PASSWORD, full_name: "Grace Hopper" });
  const worker = await kit.enter({ email, password: PASSWORD, tenant: tenant.slug }, "#/account");
  const page = await kit.enter(tenant.admin, `#/people/${id}`);
  await button(page, "Deactivate").click();
  await page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click();
  await told(page, "Grace Hopper is deactivated.");
  await field(worker, "Name").fill("Still here");
  await until(async () => {
    if ((await worker.getByRole("dialog").count()) > 0) return true;
    await button(worker, "Save").first().click({ timeout: 1000 }).catch(() => {});
    await field(worker, "Name").fill(`Still here ${Date.now()}`).catch(() => {});
    return false;
  });
  await heading(worker, "Please log in again").waitFor();
  const dialog = worker.getByRole("dialog");
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await worker.keyboard.press("Enter");
  await dialog.getByRole("alert").locator("code").first().waitFor();
  await accessible(worker);
});
