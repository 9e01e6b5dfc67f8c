// The documents: put in, read as they were cut, searched, corrected, limited, deleted.

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

const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
const ask = (...args) => tenant.admin.ask(...args);

test("files are put in, one fails with its reason and is tried again, and all go on while somebody looks elsewhere", async () => {
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await heading(page, "There are no documents yet").waitFor();
  await accessible(page);
  let refused = 0;
  kit.kit.proxy.before = ({ method, url }, answer) => {
    if (method !== "POST" || url !== "/documents" || ++refused !== 2) return false;
    answer.writeHead(503, { "content-type": "application/problem+json" });
    answer.end(JSON.stringify({ type: "urn:parlance:error:overloaded", status: 503, detail: "There is too much to do." }));
    return true;
  };
  const names = ["refunds.txt", "shipping.txt", "tents.txt"];
  await page.locator("input[type=file][multiple]").setInputFiles(names.map((name) => file(name, `All about ${name}: it takes 14 days.`)));
  await page.getByRole("link", { name: "Playground" }).click();
  await heading(page, "Playground").waitFor();
  await page.getByRole("link", { name: "Knowledge" }).click();
  await page.getByText("2 of 3 files are there. 1 failed.").waitFor();
  await page.getByText("There is too much to do.").waitFor();
  await accessible(page);
  await button(page, "Try again").click();
  await page.getByText("3 of 3 files are there.").waitFor();
  // Jobs read them; the list says when that is done.
  await until(async () => (await page.locator("tbody .badge.good").count()) === 3);
  await accessible(page);
});

test("a folder is dropped with what lies in it, and what is no file of people is left out", async () => {
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await page.locator(".drop").evaluate((drop) => {
    const entry = (name, of) => ({
      name,
      isFile: typeof of === "string",
      file: (done) => done(new File([of], name)),
      createReader: () => {
        const parts = [of, []];
        return { readEntries: (done) => done(parts.shift()) };
      },
    });
    const folder = entry("manuals", [entry("tent.txt", "A tent has poles."), entry(".DS_Store", "x"), entry("deep", [entry("boot.txt", "A boot has a sole.")])]);
    const event = new Event("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: { items: [{ kind: "file", webkitGetAsEntry: () => folder, getAsFile: () => null }] } });
    drop.dispatchEvent(event);
  });
  await page.getByText("2 of 2 files are there.").waitFor();
  const { items } = await ask("GET", "/documents");
  assert.deepEqual(items.map(({ title }) => title).sort(), ["manuals/deep/boot.txt", "manuals/tent.txt"]);
});

test("a text is written, read as it was cut, and corrected", async () => {
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await button(page, "Write a text").click();
  await field(page, "Title").fill("Refunds");
  await field(page, "Text").fill("A refund takes 14 days.");
  await accessible(page);
  await button(page, "Add").click();
  await told(page, "Refunds is added.");
  await page.getByRole("link", { name: "Refunds", exact: true }).click();
  await heading(page, "As it was cut").waitFor();
  await page.locator(".passages").getByText("A refund takes 14 days.").waitFor();
  await accessible(page);
  await button(page, "Correct the text").click();
  await field(page, "Text").fill("A refund takes 5 days.");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await told(page, "Saved.");
  await page.locator(".passages").getByText("A refund takes 5 days.").waitFor();
});

test("it is limited to a group, and deleted after it was asked once", async () => {
  const { id } = await ask("POST", "/documents", { title: "Secret prices", text: "The price is 14." });
  const page = await kit.enter(tenant.admin, `#/knowledge/${id}`);
  await field(page, "For whom").fill("staff, board");
  await button(page, "Save").click();
  await told(page, "Saved.");
  assert.deepEqual((await ask("GET", `/documents/${id}`)).groups.sort(), ["board", "staff"]);
  await button(page, "Delete").click();
  await page.getByText("It is found, read and cited no more").waitFor();
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await told(page, "Secret prices is deleted.");
  await heading(page, "There are no documents yet").waitFor();
});

test("what a chat would be given is searched, with scores and the way to the document; the question is in the address", async () => {
  await ask("POST", "/documents", { title: "Refunds", text: "A refund takes 14 days." });
  const page = await kit.enter(tenant.admin, "#/knowledge/search");
  await field(page, "Question").fill("How long does a refund take?");
  await page.keyboard.press("Enter");
  await heading(page, "Passages found: 1").waitFor();
  await page.getByText(/Words: /).waitFor();
  await page.getByText("What the model would be given").click();
  await page.locator(".given").getByText("A refund takes 14 days.").waitFor();
  await accessible(page);
  assert.ok(page.url().includes("?q=How"));
  await field(page, "Question").fill("xylophone");
  await page.keyboard.press("Enter");
  await heading(page, "Nothing was found").waitFor();
  await accessible(page);
});

test("a file that cannot be read says why, and can be tried again", async () => {
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await page.locator("input[type=file][multiple]").setInputFiles([{ name: "broken.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\nnothing of it is true") }]);
  await until(async () => (await page.locator("tbody .badge.bad").count()) === 1 || (await page.getByRole("alert").count()) === 1);
  if ((await page.locator("tbody .badge.bad").count()) === 1) {
    await page.locator("tbody").getByRole("link").click();
    await button(page, "Try again").waitFor();
  }
  await accessible(page);
});

test("titles of 300 characters, from right to left, with HTML, break nothing on a phone", async () => {
  for (const title of ["مستند طويل جدا ".repeat(19), `<b onmouseover=alert(1)>${"x".repeat(270)}`, "🦀".repeat(140)]) await ask("POST", "/documents", { title, text: title });
  const page = await kit.enter(tenant.admin, "#/knowledge", { options: { viewport: { width: 390, height: 844 } } });
  await until(async () => (await page.locator("tbody tr").count()) === 3);
  await until(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  assert.equal(await page.locator("main b").count(), 0);
  await accessible(page);
});
