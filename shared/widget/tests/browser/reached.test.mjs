// By whomever and with whatever: keyboards, screen readers, both directions, light and dark.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach } from "node:test";
import { gate, test } from "../../../client/tests/kit.mjs";
import { begin, tools, until } from "../kit.mjs";
import { ask, button, field, holds, idle, last, launcher, openChat, panel, shows } from "../talk.mjs";

const axe = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");

let kit;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(() => kit.reset());

const ANSWER = "# Refunds\n\nIt takes **5 days** [1], see [the terms](https://example.com).\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n> Quoted\n\n1. `one`\n2. two\n\n```js\nrefund();\n```";

/** What axe-core finds, of all that it looks for; also the size of targets. */
const violations = async (page) => {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run("parlance-chat", { rules: { "target-size": { enabled: true } } }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html.slice(0, 150) + failureSummary).join("; ")}`);
};

for (const colorScheme of ["light", "dark"]) {
  for (const [place, options] of Object.entries({ wide: { viewport: { width: 1280, height: 800 } }, narrow: { viewport: { width: 390, height: 844 }, hasTouch: true } })) {
    test(`nothing keeps anybody out: ${colorScheme}, ${place}`, async () => {
      kit.kit.provider.says = () => ANSWER;
      const page = await kit.open({ options: { colorScheme, reducedMotion: "reduce", ...options }, attributes: { suggestions: "One?|Two?", notice: "A machine answers." } });
      await launcher(page).waitFor();
      assert.deepEqual(await violations(page), [], "closed");
      await openChat(page);
      assert.deepEqual(await violations(page), [], "empty");
      await ask(page, "How long does a refund take?");
      await idle(page);
      await last(page).locator(".sources li").waitFor();
      assert.deepEqual(await violations(page), [], "answered");
      await button(page, "Bad answer").click();
      assert.deepEqual(await violations(page), [], "rated");
      kit.kit.provider.hold = gate();
      kit.kit.provider.says = undefined;
      await ask(page, "Please wait.");
      await shows(page, "Eine Erstattung");
      assert.deepEqual(await violations(page), [], "answering");
      await button(page, "Stop the answer").click();
      await idle(page);
      kit.kit.proxy.before = ({ method, url }, answer) =>
        method === "POST" && url === "/chat" && answer.writeHead(500, { "access-control-allow-origin": kit.origin }).end();
      await ask(page, "And?");
      await shows(page, "Something went wrong");
      assert.deepEqual(await violations(page), [], "failed");
    });
  }
}

test("a keyboard is enough, stays in the chat, and comes back to the button", async () => {
  kit.kit.provider.says = () => ANSWER;
  const page = await kit.open();
  const focused = () =>
    page.evaluate(() => {
      const element = document.querySelector("parlance-chat").shadowRoot.activeElement;
      return element && (element.getAttribute("aria-label") ?? element.textContent);
    });
  await launcher(page).focus();
  await page.keyboard.press("Enter");
  await panel(page).waitFor();
  assert.equal(await focused(), "Write a message");
  assert.equal(await panel(page).getAttribute("role"), "dialog");
  await page.keyboard.type("How long does a refund take?");
  await page.keyboard.press("Enter");
  await idle(page);
  await last(page).locator(".sources li").waitFor();
  // Once around, and back.
  const around = [];
  do {
    await page.keyboard.press("Tab");
    around.push(await focused());
  } while (around.at(-1) !== "Write a message" && around.length < 40);
  for (const name of ["New conversation", "Close the chat", "Conversation", "Edit the question", "the terms", "Good answer", "Copy the code"]) {
    assert.ok(around.some((seen) => seen?.startsWith(name)), `${name}: ${around}`);
  }
  for (let nth = around.length - 2; nth >= 0; nth--) {
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(), around[nth]);
  }
  await page.keyboard.press("Escape");
  await panel(page).waitFor({ state: "hidden" });
  assert.equal(await focused(), "Open the chat");
  assert.equal(await launcher(page).getAttribute("aria-expanded"), "false");
});

test("what goes away when it is pressed leaves the keyboard in the chat", async () => {
  const page = await kit.open({ attributes: { suggestions: "How long does a refund take?" } });
  const focused = () => page.evaluate(() => document.querySelector("parlance-chat").shadowRoot.activeElement?.localName);
  await openChat(page);
  await button(page, "How long does a refund take?").press("Enter");
  await holds(page, ["How long does a refund take?"]);
  await idle(page);
  assert.equal(await focused(), "textarea");
  const question = page.locator("parlance-chat .message.user");
  await question.getByRole("button", { name: "Edit the question" }).press("Enter");
  await question.locator("textarea").fill("And abroad?");
  await question.locator("textarea").press("Enter");
  await holds(page, ["And abroad?"]);
  await idle(page);
  assert.equal(await focused(), "textarea");
  await button(page, "Answer again").press("Enter");
  await idle(page);
  assert.equal(await focused(), "textarea");
  await page.keyboard.press("Escape");
  await panel(page).waitFor({ state: "hidden" });
});

test("what an input method writes is not sent by its Enter", async () => {
  const page = await kit.open();
  await openChat(page);
  await field(page).fill("にほん");
  // Safari tells the key that ends a word as one that is typed, but for its number.
  const pressed = (keyCode) => field(page).evaluate((field, keyCode) => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode, bubbles: true, composed: true })), keyCode);
  await pressed(229);
  assert.equal(await field(page).inputValue(), "にほん");
  await pressed(13);
  await page.locator("parlance-chat .bubble", { hasText: "にほん" }).waitFor();
});

test("what is typed in the chat is none of the page's shortcuts", async () => {
  const page = await kit.open();
  await page.evaluate(() => addEventListener("keydown", ({ key }) => (window.pressed ??= []).push(key)));
  await openChat(page);
  await field(page).pressSequentially("ab");
  assert.equal(await page.evaluate(() => window.pressed), undefined);
});

test("an answer is read out sentence by sentence", async () => {
  kit.kit.provider.hold = gate();
  const page = await kit.open();
  await openChat(page);
  kit.kit.provider.says = () => "**One** is 3.5. Two [1]. Wait here and there for more. Three!";
  await page.evaluate(() => {
    window.told = [];
    const region = document.querySelector("parlance-chat").shadowRoot.querySelector("[role=status].hidden");
    new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach((node) => told.push(node.textContent)))).observe(region, { childList: true });
  });
  assert.equal(await panel(page).getByRole("log").getAttribute("aria-live"), "off");
  await ask(page, "Please wait.");
  await until(async () => (await page.evaluate(() => told.join(" "))).includes("Two"));
  assert.ok(!(await page.evaluate(() => told.join(" "))).includes("Wait"));
  kit.kit.provider.hold.open();
  await idle(page);
  await until(async () => (await page.evaluate(() => told.join(" "))).includes("Three!"));
  assert.equal((await page.evaluate(() => told.join(" "))).replace(/\s+/g, " "), "One is 3.5. Two [1]. Wait here and there for more. Three!");
  // What was said before is not read out again.
  await page.reload();
  await last(page).getByText("Three!").waitFor();
  assert.equal(await page.locator("parlance-chat [role=status].hidden").textContent(), "");
});

test("every language has its texts, and Arabic its direction", async () => {
  const texts = { en: "Write a message", de: "Nachricht schreiben", fr: "Écrire un message", es: "Escriba un mensaje", it: "Scrivi un messaggio", pt: "Escreva uma mensagem", nl: "Schrijf een bericht", ar: "اكتب رسالة" };
  for (const [lang, text] of Object.entries(texts)) {
    const page = await kit.open({ attributes: { lang } });
    await openChat(page);
    assert.equal(await field(page).getAttribute("placeholder"), text);
    assert.equal(await panel(page).evaluate((element) => getComputedStyle(element).direction), lang === "ar" ? "rtl" : "ltr");
    await page.context().close();
  }
  const own = await kit.open({ attributes: { lang: "de-AT", placeholder: "Servus!", texts: '{"close": "Zumachen", "send": 5}' } });
  await openChat(own);
  assert.equal(await field(own).getAttribute("placeholder"), "Servus!");
  await button(own, "Zumachen").waitFor();
  await button(own, "Senden").waitFor();
});

test("a page gives it colours and forms of its own", async () => {
  const html = "<style>parlance-chat { --parlance-accent: rgb(0, 100, 80); --parlance-radius: 3px } parlance-chat::part(header) { background: rgb(1, 2, 3) }</style>";
  const page = await kit.open({ html, attributes: { theme: "dark", side: "left" } });
  await openChat(page);
  const style = (locator, name) => locator.evaluate((element, name) => getComputedStyle(element)[name], name);
  assert.equal(await style(launcher(page), "backgroundColor"), "rgb(0, 100, 80)");
  assert.equal(await style(panel(page), "borderRadius"), "3px");
  assert.equal(await style(panel(page).locator(".header"), "backgroundColor"), "rgb(1, 2, 3)");
  assert.equal(await style(panel(page), "colorScheme"), "dark");
  assert.ok((await launcher(page).boundingBox()).x < 100);
});

test("nothing moves for those who want it so", async () => {
  const page = await kit.open({ options: { reducedMotion: "reduce" } });
  await openChat(page);
  kit.kit.provider.hold = gate();
  await ask(page, "Please wait.");
  await shows(page, "Eine Erstattung");
  const moving = await page.evaluate(() => document.querySelector("parlance-chat").shadowRoot.getAnimations().length);
  assert.equal(moving, 0);
});
