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

test("a text is added for some people only, in a language that was said", async () => {
  const page = await kit.enter(tenant.admin, "#/knowledge");
  await button(page, "Write a text").click();
  await field(page, "Title").fill("Prices");
  await field(page, "Text").fill("The price is 14.");
  await page.getByRole("dialog").getByLabel("For whom").fill("board");
  await page.getByRole("dialog").getByLabel("Language").fill("en");
  await accessible(page);
  await button(page, "Add").click();
  await told(page, "Prices is added.");
  await page.locator(".drop summary").click();
  await page.locator(".drop").getByLabel("For whom").fill("staff");
  await page.getByText("What is put in here is for: staff").waitFor();
  await accessible(page);
  await page.locator("input[type=file][multiple]").setInputFiles([file("hours.txt", "We are here from 9 to 5.")]);
  await page.getByText("The file is there.").waitFor();
  await page.locator("input[type=file][multiple]").setInputFiles([file("nothing.txt", "")]);
  await page.getByText("There is nothing in the file.").waitFor();
  await page.getByText("1 of 2 files is there. 1 failed.").waitFor();
  const { items } = await ask("GET", "/documents");
  const of = Object.fromEntries(items.map((one) => [one.title, one]));
  assert.deepEqual([of.Prices.groups, of.Prices.language, of.hours.groups], [["board"], "en", ["staff"]]);
});

test("what is told beside a document is written by lines, and kept as it is meant", async () => {
  const { id } = await ask("POST", "/documents", { title: "Tents", text: "A tent has poles.", metadata: { product: "tent", code: "7" } });
  const page = await kit.enter(tenant.admin, `#/knowledge/${id}`);
  const lines = field(page, "Metadata");
  await until(async () => (await lines.inputValue()) === 'code: "7"\nproduct: tent');
  await lines.fill("no such thing");
  await page.getByText("Each line needs a name").waitFor();
  await accessible(page);
  assert.ok(await button(page, "Save").last().isDisabled());
  await lines.fill('product: boot\ncode: "7"\nsize: 42\nsold: true\nsizes: ["s", "m"]\n"a: b": c: d');
  await field(page, "Where it is published").fill("https://www.clean.example/boots");
  await button(page, "Save").last().click();
  await told(page, "Saved.");
  const { metadata, source_url, version } = await ask("GET", `/documents/${id}`);
  assert.deepEqual(metadata, { product: "boot", code: "7", size: 42, sold: true, sizes: ["s", "m"], "a: b": "c: d" });
  assert.deepEqual([source_url, version], ["https://www.clean.example/boots", 1]);
});

test("a file takes a document's place, which keeps its groups and what is told beside it", async () => {
  const { id } = await ask("POST", "/documents", { title: "Boots", text: "A boot has a sole.", metadata: { product: "boot" }, groups: ["staff"] });
  const page = await kit.enter(tenant.admin, `#/knowledge/${id}`);
  await page.locator(".passages").getByText("A boot has a sole.").waitFor();
  await page.locator("input[type=file]").setInputFiles([file("boots.txt", "A boot has a sole and a lace.")]);
  await heading(page, "Another version of Boots").waitFor();
  await accessible(page);
  await button(page, "Replace it").click();
  await told(page, "The file is there, and is being read.");
  await page.locator(".passages").getByText("A boot has a sole and a lace.").waitFor();
  await page.getByText("boots.txt").waitFor();
  const { metadata, groups, version } = await ask("GET", `/documents/${id}`);
  assert.deepEqual([metadata, groups, version], [{ product: "boot" }, ["staff"], 2]);
  await accessible(page);
});

test("all that failed is tried again at once", async () => {
  const page = await kit.enter(tenant.admin, "#/knowledge");
  const broken = (n) => ({ name: `broken${n}.pdf`, mimeType: "application/pdf", buffer: Buffer.from(`%PDF-1.7\nnothing of ${n} is true`) });
  await page.locator("input[type=file][multiple]").setInputFiles([broken(1), broken(2)]);
  await until(async () => (await page.locator("tbody .badge.bad").count()) === 2);
  await accessible(page);
  await button(page, "Try all that failed again").click();
  await told(page, "Tried again: 2.");
  await until(async () => (await page.locator("tbody .badge.bad").count()) === 2);
});

test("it is limited to a group, and deleted after it was asked once", async () => {
  const { id } = await ask("POST", "/documents", { title: "Secret prices", text: "The price is 14." });
  const page = await kit.enter(tenant.admin, `#/knowledge/${id}`);
  await field(page, "For whom").fill("staff, board");
  await button(page, "Save").first().click();
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
