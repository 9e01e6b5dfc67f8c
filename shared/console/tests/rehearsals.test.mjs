// A change of the prompt, tried on questions that were asked, before it counts.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { gate, test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, logIn, told } from "./kit.mjs";

const QUESTIONS = ["Do you ship to Iceland?", "Is there a <b>shop</b> in Oslo?", "May I wait with a dog?"];

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant({ provider: "openai" });
});

const ask = (...args) => tenant.admin.ask(...args);
const badge = (page, text) => page.locator(".badge").getByText(text, { exact: true }).first().waitFor();

test("another prompt is tried, looked at, judged by people, and published", async () => {
  const page = await kit.enter(tenant.admin, "#/rehearsals");
  await heading(page, "Nothing was rehearsed yet").waitFor();
  await accessible(page);
  await page.getByLabel("Administrators may read these questions").check();
  await told(page, "Questions from now on can be read here.");
  kit.kit.provider.says = () => "We are not sure about that, but we would be glad to look into it for you.";
  kit.kit.provider.hold.open();
  for (const message of QUESTIONS) await ask("POST", "/chat", { message });

  await page.getByRole("link", { name: "Begin a rehearsal" }).first().click();
  await field(page, "Prompt").fill("Answer in one word.");
  await page.locator(".difference .new").getByText("Answer in one word.").waitFor();
  await field(page, "Questions").selectOption("latest");
  await field(page, "At most").fill("10");
  await field(page, "Budget, in dollars").fill("0");
  await accessible(page);
  await button(page, "Begin a rehearsal").click();
  await page.getByRole("alert").getByText("budget").first().waitFor();
  await accessible(page);
  await field(page, "Budget, in dollars").fill("0.50");
  const hold = (kit.kit.provider.hold = gate());
  kit.kit.provider.says = (_, messages) => (messages[0].content.includes("in one word") ? "Yes." : "We are not sure about that, but we would be glad to look into it for you.");
  await button(page, "Begin a rehearsal").click();
  await badge(page, "being asked");
  await page.getByText("of 6 answers").waitFor();
  await accessible(page);
  // It is left, and found again by its address.
  const address = new URL(page.url()).hash;
  assert.match(address, /^#\/rehearsals\/[0-9a-f-]{36}$/);
  await page.reload();
  await logIn(page, tenant.admin);
  await badge(page, "being asked");
  hold.open();
  await badge(page, "done");
  const first = page.locator(".rehearsed > li").first();
  await first.getByRole("heading", { name: "May I wait with a dog?" }).waitFor();
  await first.getByRole("group", { name: "Changed" }).getByText("Yes.").waitFor();
  await first.getByRole("group", { name: "As now" }).getByText("We are not sure").waitFor();
  await page.getByText("<b>shop</b>").waitFor();
  await first.getByRole("button", { name: "Changed is better" }).click();
  await first.getByPlaceholder("Why").fill("It is short.");
  await first.getByRole("button", { name: "Save" }).click();
  await page.locator("tr", { hasText: "Found better by people" }).getByText("1", { exact: true }).waitFor();
  await accessible(page);

  // Somebody else changes the settings while the question whether to publish is asked.
  await button(page, "Publish").click();
  const dialog = page.getByRole("dialog");
  await dialog.locator(".difference .new").waitFor();
  await ask("PATCH", "/tenants/current", { name: "Renamed", system_prompt: "Answer with a joke.", temperature: 0.3 });
  await dialog.getByRole("button", { name: "Publish" }).click();
  await dialog.getByRole("alert").getByText("precondition_failed").waitFor();
  await accessible(page);
  await dialog.getByRole("button", { name: "See what it is now" }).click();
  await dialog.getByRole("alert").waitFor({ state: "detached" });
  // What goes is what is there by now, and what was not tried is no change.
  await dialog.locator(".difference .gone").getByText("Answer with a joke.").waitFor();
  await dialog.getByText("The prompt was changed since the rehearsal began. Publishing replaces it.").waitFor();
  assert.equal(await dialog.getByText("0.3").count(), 0);
  await dialog.getByRole("button", { name: "Publish" }).click();
  await told(page, "Published. It counts from the next question.");
  await badge(page, "published");
  const now = await ask("GET", "/tenants/current");
  assert.deepEqual([now.system_prompt, now.name, now.temperature], ["Answer in one word.", "Renamed", 0.3]);
  const { items } = await ask("GET", `/tenants/current/rehearsals/${address.split("/")[2]}/questions`);
  assert.deepEqual([items[0].verdict, items[0].comment], ["changed", "It is short."]);
  await accessible(page);
});

test("one that is running is cancelled, and what it tried is dropped", async () => {
  await ask("PATCH", "/tenants/current", { share_unanswered: true });
  kit.kit.provider.hold.open();
  for (const message of QUESTIONS) await ask("POST", "/chat", { message });
  kit.kit.provider.hold = gate();
  const settings = { system_prompt: "Answer in one word." };
  const { id } = await ask("POST", "/tenants/current/rehearsals", { settings, sample: "unanswered", budget: "1" });
  const page = await kit.enter(tenant.admin, `#/rehearsals/${id}`);
  await button(page, "Cancel it").click();
  await told(page, "No question more is asked.");
  await badge(page, "cancelled");
  // What was not asked on both sides is said before it is published.
  await button(page, "Publish").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/questions? (was|were) not asked on both sides/).waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Publish" }).isDisabled());
  await accessible(page);
  await dialog.getByLabel("Publish it all the same").check();
  assert.ok(await dialog.getByRole("button", { name: "Publish" }).isEnabled());
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await button(page, "Drop").click();
  await accessible(page);
  await dialog.getByRole("button", { name: "Drop" }).click();
  await told(page, "Dropped. Nothing has changed.");
  await badge(page, "dropped");
  assert.equal((await ask("GET", "/tenants/current")).system_prompt, "");
  await page.getByRole("link", { name: "Rehearsals" }).first().click();
  await page.getByRole("table").getByText("Without a document, or refused").waitFor();
  await accessible(page);
});
