// One question, answered by two prompts or models; and what a model is sent.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, told } from "./kit.mjs";

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant({ provider: "openai" });
  await tenant.admin.ask("POST", "/documents", { title: "Refunds", text: "A refund takes 14 days." });
  kit.kit.provider.says = (_, messages) => (messages[0].content.includes("in one word") ? "Fourteen. [1]" : "It takes **14 days**. [1]");
});

test("two prompts answer the same question beside each other, with sources, tokens and cost, and one of them is taken over", async () => {
  const page = await kit.enter(tenant.admin);
  await page.getByRole("link", { name: "Compare" }).click();
  await heading(page, "Compare").waitFor();
  await field(page, "Question").fill("How long does a refund take?");
  const [a, b] = [page.getByRole("group", { name: "A" }), page.getByRole("group", { name: "B" })];
  await b.getByLabel("Prompt").fill("Answer in one word.");
  await b.getByLabel("Model", { exact: true }).fill("not a model!");
  await button(page, "Ask both").click();
  await b.getByRole("alert").waitFor();
  await a.getByText("14 days").first().waitFor();
  await accessible(page);
  await b.getByLabel("Model", { exact: true }).fill("gpt-5.2");
  await button(page, "Ask both").click();
  await b.getByText("Fourteen.").waitFor();
  await b.getByText("gpt-5.2").waitFor();
  for (const side of [a, b]) {
    await side.locator(".source").getByText("Refunds").waitFor();
    await side.locator(".source .score").waitFor();
    await side.getByText(/tokens in/).waitFor();
    await side.getByText(/^(< )?\$/).first().waitFor();
  }
  await b.getByRole("button", { name: "Source 1" }).click();
  await b.locator(".source.pointed").waitFor();
  await b.getByText(/What the model was sent: about \d+ tokens/).click();
  await b.locator(".parts").getByText("Prompt").click();
  await b.locator(".parts pre").getByText("Answer in one word.").waitFor();
  await accessible(page);
  // Nothing has changed for anybody, and nobody's conversation has grown.
  const { ask } = tenant.admin;
  assert.equal((await ask("GET", "/tenants/current")).system_prompt, "");
  assert.deepEqual((await ask("GET", "/chat/sessions")).items, []);
  await b.getByRole("button", { name: "Use these settings" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator(".difference .new").getByText("Answer in one word.").waitFor();
  await accessible(page);
  await dialog.getByRole("button", { name: "Use these settings" }).click();
  await told(page, "Saved. It counts from the next question.");
  const { system_prompt, chat_model } = await ask("GET", "/tenants/current");
  assert.deepEqual([system_prompt, chat_model], ["Answer in one word.", "gpt-5.2"]);
  await b.getByText("As everybody is answered now.").waitFor();
});

test("beside a conversation it is shown what the model was sent, part by part", async () => {
  await tenant.admin.ask("PATCH", "/tenants/current", { system_prompt: "You are <b>kind</b>." });
  const page = await kit.enter(tenant.admin);
  const question = field(page, "Write a question");
  await question.fill("How long does a refund take?");
  await question.press("Enter");
  await page.getByText(/tokens in/).waitFor();
  await page.getByText("What the model was sent").click();
  const parts = page.locator(".parts");
  for (const name of ["Prompt", "How to treat passages", "Passages", "Question", "Together"]) await parts.getByText(new RegExp(`^${name} ≈ \\d+$`)).waitFor();
  await parts.getByText(/^Prompt ≈/).click();
  await parts.locator("pre").getByText("You are <b>kind</b>.").waitFor();
  await accessible(page);
});

test("what fails on one side is told there, and the other answers", async () => {
  kit.kit.provider.lacks = (model) => model === "gpt-9000";
  const page = await kit.enter(tenant.admin, "#/playground/compare", { options: { viewport: { width: 390, height: 844 }, hasTouch: true } });
  await field(page, "Question").fill("How long does a refund take?");
  const [a, b] = [page.getByRole("group", { name: "A" }), page.getByRole("group", { name: "B" })];
  await b.getByLabel("Model", { exact: true }).fill("gpt-9000");
  await button(page, "Ask both").click();
  await b.getByRole("alert").locator("code").first().waitFor();
  await a.getByText("14 days").first().waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await accessible(page);
});
