// Asking as the tenant's people do, and changing what they are answered with.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { gate, test, TEXT } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, logIn, told, until } from "./kit.mjs";

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant({ provider: "openai" });
});

const question = (page) => field(page, "Write a question");
const ask = async (page, text) => {
  await question(page).fill(text);
  await question(page).press("Enter");
};

test("a question is answered piece by piece, with the passages beside it", async () => {
  await tenant.admin.ask("POST", "/documents", { title: "Refunds", text: "A refund takes 14 days, and is paid to the card." });
  kit.kit.provider.says = () => "It takes **14 days** [1]. ".repeat(3);
  const page = await kit.enter(tenant.admin);
  await heading(page, "Ask your assistant something").waitFor();
  await accessible(page);
  await ask(page, "How long does a refund take?");
  await page.locator(".answer strong").first().waitFor();
  const source = page.locator(".source");
  await source.getByText("Refunds").waitFor();
  await page.getByText(/tokens in/).waitFor();
  await page.getByRole("button", { name: "Source 1" }).first().click();
  await page.locator(".source.pointed").waitFor();
  await accessible(page);
  // The address names the conversation: after a reload, and the login that it asks for, it is there.
  assert.match(new URL(page.url()).hash, /^#\/playground\/[0-9a-f-]{36}$/);
  await page.reload();
  await logIn(page, tenant.admin);
  await page.locator(".answer strong").first().waitFor();
  await source.getByText("Refunds").waitFor();
});

test("an answer is stopped, and what there is of it stays", async () => {
  kit.kit.provider.hold = gate();
  const page = await kit.enter(tenant.admin);
  await ask(page, "Please wait");
  await page.getByText(TEXT.slice(0, 20)).waitFor();
  await button(page, "Stop the answer").click();
  await page.getByText("Stopped.").waitFor();
  await page.getByText(TEXT.slice(0, 20)).waitFor();
});

test("a failure is told with its code, and asking again works", async () => {
  const page = await kit.enter(tenant.admin);
  await ask(page, "fail");
  const alert = page.getByRole("alert");
  await alert.locator("code").first().waitFor();
  await accessible(page);
  await question(page).fill("And now?");
  await button(page, "Send").click();
  await page.getByText(/tokens in/).waitFor();
});

test("HTML in question, answer and document is text", async () => {
  const evil = "<img src=x onerror=\"window.harm=1\"><script>window.harm=1</script> ‮RTL‬ 🦀";
  await tenant.admin.ask("POST", "/documents", { title: `${evil} refund`.slice(0, 200), text: `refund ${evil}` });
  kit.kit.provider.says = () => `${evil} [1]`;
  const page = await kit.enter(tenant.admin);
  await ask(page, `refund ${evil}`);
  await page.getByText(/tokens in/).waitFor();
  await page.locator(".source").first().waitFor();
  assert.equal(await page.evaluate(() => window.harm), undefined);
  assert.equal(await page.locator("main img, main script").count(), 0);
  await accessible(page);
});

test("a prompt is changed, compared, and an earlier one restored", async () => {
  const page = await kit.enter(tenant.admin, "#/prompt");
  const prompt = page.locator(".card").first().getByRole("textbox");
  await prompt.fill("You are kind.\nAnswer briefly.");
  await button(page, "Save").first().click();
  await told(page, "Saved as version");
  await prompt.fill("You are kind.\nAnswer at length.");
  await button(page, "Show what changes").click();
  await page.locator(".difference .gone", { hasText: "Answer briefly." }).waitFor();
  await page.locator(".difference .new", { hasText: "Answer at length." }).waitFor();
  await accessible(page);
  const { prompt_version: before } = await tenant.admin.ask("GET", "/tenants/current");
  await button(page, "Save").first().click();
  await told(page, `Saved as version ${before + 1}.`);
  await page.getByText(/Earlier versions/).click();
  await page.locator(".versions li").nth(1).getByRole("button", { name: "Restore" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await told(page, `Saved as version ${before + 2}.`);
  const { system_prompt } = await tenant.admin.ask("GET", "/tenants/current");
  assert.equal(system_prompt, "You are kind.\nAnswer briefly.");
  await until(async () => (await prompt.inputValue()) === system_prompt);
  await accessible(page);
});

test("what was typed into the prompt is there after a reload", async () => {
  const page = await kit.enter(tenant.admin, "#/prompt");
  const prompt = page.locator(".card").first().getByRole("textbox");
  await prompt.fill("Half a thought");
  await page.reload();
  await page.locator(".door form").waitFor();
  await logIn(page, tenant.admin);
  await heading(page, "Prompt and model").waitFor();
  await until(async () => (await prompt.inputValue()) === "Half a thought");
});

test("model and keys are set; what is refused says why at its field", async () => {
  const page = await kit.enter(tenant.admin, "#/prompt");
  await field(page, "Model").fill("not a model!");
  const model = page.locator(".card").nth(1);
  await model.getByRole("button", { name: "Save" }).click();
  await model.getByRole("alert").waitFor();
  await model.locator(".fault").waitFor();
  await field(page, "Model").fill("gpt-4o-mini");
  await model.getByRole("button", { name: "Save" }).click();
  await told(page, "Saved.");
  await button(page, "Add a key").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Provider").fill("deepseek");
  await dialog.getByLabel("Key", { exact: true }).fill("sk-0123456789abcdefWXYZ");
  await accessible(page);
  await dialog.getByRole("button", { name: "Save" }).click();
  await told(page, "The key for deepseek is set.");
  await page.getByText("…WXYZ").waitFor();
  await page.getByText("not tried yet").waitFor();
  assert.ok(!(await page.content()).includes("0123456789abcdef"));
  await page.getByRole("button", { name: "Delete the key for deepseek" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await told(page, "The key for deepseek is deleted.");
  await page.getByText("There is no key of your own.").waitFor();
});

test("a key is tested: what came of it is told in a sentence, and stays beside the key", async () => {
  await tenant.admin.ask("PUT", "/tenants/current/secrets/openai", { api_key: "sk-0123456789abcdefWXYZ" });
  const page = await kit.enter(tenant.admin, "#/prompt");
  await button(page, "Test openai").click();
  await page.locator(".said-last").getByText(/^openai answered with .*: the key works\.$/).waitFor();
  await page.locator(".badge").getByText("works", { exact: true }).waitFor();
  await accessible(page);
  kit.kit.provider.refuses = true;
  try {
    await button(page, "Test openai").click();
    await told(page, "The key for openai does not work: The provider refused the API key.");
    await page.locator(".badge").getByText("does not work", { exact: true }).waitFor();
    await page.locator(".rows code", { hasText: "provider_auth_failed" }).waitFor();
    await accessible(page);
  } finally {
    kit.kit.provider.refuses = false;
  }
  const [key] = await tenant.admin.ask("GET", "/tenants/current/secrets");
  assert.equal(key.failure.code, "provider_auth_failed");
});
