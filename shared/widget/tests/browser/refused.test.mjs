// When the chat is closed, or somebody has asked enough: sentences that visitors can live with, in their language.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { test } from "../../../client/tests/kit.mjs";
import { begin, until } from "../kit.mjs";
import { answers, ask, button, field, holds, idle, last, openChat, shows } from "../talk.mjs";

let kit;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(() => kit.reset());

const change = (what) => kit.admin("PATCH", `/tenants/current/sites/${kit.site.id}`, what);
/** A refusal as the service gives it, of the next question. */
const refuse = (status, code, headers = {}, body = {}) => {
  kit.kit.proxy.before = ({ method, url }, answer) => {
    if (method !== "POST" || url !== "/chat") return false;
    answer.writeHead(status, { "access-control-allow-origin": kit.origin, "access-control-expose-headers": "retry-after", ...headers });
    answer.end(JSON.stringify({ type: `urn:parlance:error:${code}`, status, detail: "In English.", ...body }));
    return true;
  };
};

test("a site that is switched off says so, and finds its visitors again when it is switched on", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "The first?");
  await idle(page);
  await change({ is_on: false });
  // It takes up to five seconds.
  await until(async () => {
    await ask(page, "Are you still there?");
    await idle(page);
    return (await last(page).innerText()).includes("This chat is closed at the moment.");
  });
  assert.ok(!(await last(page).innerText()).includes("wrong"));
  await change({ is_on: true });
  await until(async () => {
    const retry = button(page, "Try again");
    if (await retry.count()) await retry.click();
    await idle(page);
    return (await last(page).innerText()).includes("Fertig.");
  });
  // It is the same visitor.
  await page.reload();
  await shows(page, "The first?");
});

test("somebody who comes to a site that is switched off is told before anything is asked", async () => {
  await change({ is_on: false });
  const page = await kit.open();
  await openChat(page);
  await until(async () => {
    await field(page).fill(`${await field(page).inputValue()}x`);
    return page.locator("parlance-chat .banner").isVisible();
  });
  assert.equal(await page.locator("parlance-chat .banner").innerText(), "This chat is closed at the moment.");
});

test("a site that has spent its money is closed politely", async () => {
  await change({ limits: { tokens_per_day: 1 } });
  const page = await kit.open();
  await openChat(page);
  await until(async () => {
    await ask(page, "How long does a refund take?");
    await idle(page);
    return (await last(page).innerText()).includes("This chat is closed for now. It opens again in");
  });
});

test("what is refused is said in the visitor's language", async () => {
  const page = await kit.open({ attributes: { lang: "de" } });
  await openChat(page);
  const said = async (text) => {
    await ask(page, "Wie lange?");
    await idle(page);
    await until(async () => (await last(page).locator(".note").innerText()).includes(text));
  };
  refuse(429, "limit_reached", { "retry-after": "10800" });
  await said("Dieser Chat ist vorerst geschlossen. Er öffnet wieder in 3 Stunden.");
  refuse(429, "limit_reached", { "retry-after": "20" });
  await said("Bitte versuchen Sie es in 20 Sekunden erneut.");
  refuse(403, "origin_not_allowed");
  await said("Dieser Chat ist auf dieser Seite nicht verfügbar.");
  refuse(409, "conversation_full");
  await said("Diese Unterhaltung ist so lang, wie sie sein darf.");
  await last(page).getByRole("button", { name: "Neue Unterhaltung" }).click();
  await holds(page, []);
  refuse(500, "internal");
  await said("Etwas ist schiefgegangen.");
});

test("an answer that failed can be asked for again", async () => {
  let fails = true;
  kit.kit.provider.says = () => "All is well.";
  const page = await kit.open();
  await openChat(page);
  kit.kit.proxy.before = ({ method, url }, answer) => {
    if (!fails || method !== "POST" || url !== "/chat") return false;
    fails = false;
    answer.writeHead(500, { "access-control-allow-origin": kit.origin }).end();
    return true;
  };
  await ask(page, "How are you?");
  await shows(page, "Something went wrong. Please try again.");
  await button(page, "Try again").click();
  await last(page).getByText("All is well.").waitFor();
  await holds(page, ["How are you?"]);
});

test("a message that is too long is not sent", async () => {
  const page = await kit.open();
  await openChat(page);
  await field(page).fill("é".repeat(1900));
  await shows(page, "148 characters left");
  await field(page).fill("é".repeat(2049));
  await shows(page, "This message is too long. Please shorten it.");
  assert.ok(await button(page, "Send").isDisabled());
  await field(page).press("Enter");
  assert.equal(await answers(page).count(), 0);
});
