// What a visitor does: asks, reads, stops, asks otherwise, comes back.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { TEXT, gate, test } from "../../../client/tests/kit.mjs";
import { begin, until } from "../kit.mjs";
import { answers, ask, button, field, holds, idle, last, launcher, openChat, panel, shows } from "../talk.mjs";

let kit;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(() => kit.reset());

const ANSWER = "It takes **5 days** [1].\n\n- paid to your card\n\n```js\nrefund();\n```";

test("two lines of HTML make a chat that answers and cites", async () => {
  kit.kit.provider.says = () => ANSWER;
  const page = await kit.open({ attributes: { heading: "Acme", greeting: "Good day!", suggestions: "How long does a refund take?|And abroad?" } });
  await openChat(page);
  await shows(page, "Good day!");
  assert.equal(await panel(page).getByRole("heading", { name: "Acme" }).count(), 1);
  // Nobody has come in, and nothing is asked of the service, until somebody writes or asks.
  assert.deepEqual(kit.kit.proxy.asked.filter((asked) => !asked.includes("/widget")), []);
  await button(page, "And abroad?").waitFor();
  await button(page, "How long does a refund take?").click();
  await idle(page);
  await last(page).locator("strong", { hasText: "5 days" }).waitFor();
  await last(page).locator("li", { hasText: "paid to your card" }).waitFor();
  // The mark leads to the source, which has its number and its title.
  const mark = last(page).locator("button.cite");
  assert.equal(await mark.getAttribute("aria-label"), "Source 1: Returns and refunds");
  const source = last(page).locator(".sources li");
  assert.match(await source.innerText(), /^1\s+Returns and refunds/);
  await mark.click();
  assert.ok(await source.evaluate((line) => line.getRootNode().activeElement === line));
  assert.deepEqual(page.faults, []);
});

test("the page cannot look into the chat, and gives nothing to it by its styles", async () => {
  const page = await kit.open({ sees: false });
  await page.waitForFunction(() => customElements.get("parlance-chat"));
  assert.equal(await page.evaluate(() => document.querySelector("parlance-chat").shadowRoot), null);
});

test("code can be copied, and so can an answer", async () => {
  kit.kit.provider.says = () => ANSWER;
  const page = await kit.open({ options: { permissions: ["clipboard-read", "clipboard-write"] } });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await openChat(page);
  await ask(page, "How long?");
  await idle(page);
  await last(page).getByRole("button", { name: "Copy the code" }).click();
  await until(async () => (await copied()) === "refund();");
  await last(page).getByRole("button", { name: "Copy", exact: true }).click();
  await until(async () => (await copied()) === ANSWER);
});

test("an answer comes piece by piece, and can be stopped", async () => {
  kit.kit.provider.hold = gate();
  const page = await kit.open();
  await openChat(page);
  await ask(page, "Please wait.");
  await shows(page, "Eine Erstattung dauert");
  assert.ok(!(await last(page).innerText()).includes("Werktage"));
  await button(page, "Stop the answer").click();
  await idle(page);
  await shows(page, "The answer was stopped.");
  kit.kit.provider.hold.open();
  // Another answer takes its place.
  await button(page, "Answer again").click();
  await last(page).getByText("Fertig.").waitFor();
  await idle(page);
  await holds(page, ["Please wait."]);
});

test("another conversation can be begun in the middle of an answer", async () => {
  kit.kit.provider.hold = gate();
  const page = await kit.open();
  await openChat(page);
  await ask(page, "Please wait.");
  await shows(page, "Eine Erstattung dauert");
  const stopped = page.waitForResponse((answer) => answer.url().endsWith("/stop"));
  await button(page, "New conversation").click();
  await holds(page, []);
  assert.equal((await stopped).status(), 200);
  await ask(page, "And now?");
  await last(page).getByText("Fertig.").waitFor();
  await holds(page, ["And now?"]);
});

test("a question can be asked otherwise", async () => {
  const page = await kit.open();
  await openChat(page);
  for (const question of ["The first?", "The second?"]) {
    await ask(page, question);
    await idle(page);
  }
  const first = page.locator("parlance-chat .message.user").first();
  await first.hover();
  await first.getByRole("button", { name: "Edit the question" }).click();
  await first.locator("textarea").fill("The first, but better?");
  await first.locator("textarea").press("Enter");
  await holds(page, ["The first, but better?"]);
  await last(page).getByText("Fertig.").waitFor();
  await idle(page);
  // One that is too long is not sent, and costs nothing of what was said.
  await first.hover();
  await first.getByRole("button", { name: "Edit the question" }).click();
  await first.locator("textarea").fill("é".repeat(2049));
  await first.getByText("This message is too long. Please shorten it.").waitFor();
  assert.ok(await first.getByRole("button", { name: "Send" }).isDisabled());
  await first.locator("textarea").press("Enter");
  await first.locator("textarea").press("Escape");
  await holds(page, ["The first, but better?"]);
  await page.reload();
  await holds(page, ["The first, but better?"]);
});

test("a source says on which page it is, and leads to where it comes from", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await idle(page);
  // As of a file and of a web page.
  const source = (more) => ({ document_id: "d", chunk_index: 0, score: 1, snippet: "", title: "Terms", ...more });
  const sources = [source({ title: "Terms.pdf", page: 12, heading: ["Returns"] }), source({ title: "Refunds", source_url: "https://docs.example/refunds" }), source({ title: "Odd", source_url: "javascript:hit=1" })];
  kit.kit.proxy.before = ({ method, url }, answer) => {
    if (method !== "GET" || !/\/chat\/sessions\/.*\/messages/.test(url)) return false;
    const message = (id, role, content, sources) => ({ id, role, content, status: "complete", sources, session_id: "s" });
    answer.writeHead(200, { "access-control-allow-origin": kit.origin, "content-type": "application/json" });
    answer.end(JSON.stringify({ items: [message("q", "user", "How long?", []), message("a", "assistant", "Five days [1], as it says [2][3].", sources)], next_cursor: null }));
    return true;
  };
  await page.reload();
  const lines = last(page).locator(".sources li");
  await lines.nth(2).waitFor();
  assert.equal((await lines.nth(0).innerText()).replace(/\s+/g, " "), "1 Terms.pdf · page 12 · Returns");
  const link = lines.nth(1).locator("a");
  assert.deepEqual([await link.getAttribute("href"), await link.getAttribute("rel")], ["https://docs.example/refunds", "noopener noreferrer nofollow"]);
  assert.equal(await lines.nth(2).locator("a").count(), 0);
  assert.match(await lines.nth(2).innerText(), /Odd/);
});

test("what was said is there after a reload, with what was thought of it", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await idle(page);
  await button(page, "Bad answer").click();
  await last(page).getByPlaceholder("What was wrong?").fill("It is six days.");
  const rated = page.waitForResponse((answer) => answer.url().endsWith("/feedback") && answer.request().postDataJSON()?.comment !== undefined);
  await last(page).getByRole("button", { name: "Send" }).click();
  assert.deepEqual([(await rated).status(), (await rated).request().postDataJSON()], [204, { rating: "down", comment: "It is six days." }]);
  await last(page).getByText("Thank you.").waitFor();
  await page.reload();
  // It was open, so it is open.
  await last(page).getByText(TEXT.slice(0, 30)).waitFor();
  assert.equal(await button(page, "Bad answer").getAttribute("aria-pressed"), "true");
  await button(page, "New conversation").click();
  await holds(page, []);
  await page.reload();
  await field(page).waitFor();
  assert.equal(await answers(page).count(), 0);
});

test("it says what visitors should know", async () => {
  await kit.admin("PATCH", "/tenants/current", { share_unanswered: true });
  const page = await kit.open({ attributes: { notice: "A machine answers.", "notice-link": "https://example.com/privacy" } });
  await openChat(page);
  const notice = page.locator("parlance-chat .notice");
  assert.equal(await notice.locator("a").getAttribute("href"), "https://example.com/privacy");
  await field(page).pressSequentially("H");
  await notice.getByText("may be read, without your name").waitFor();
  await kit.admin("PATCH", "/tenants/current", { share_unanswered: false });
});

test("the page opens and closes it, hears of it, and names whom it knows", async () => {
  const page = await kit.open();
  await page.waitForFunction(() => customElements.get("parlance-chat"));
  let entered;
  kit.kit.proxy.before = async ({ url }, answer) => {
    if (url !== "/login/visitor") return false;
    entered = true;
    answer.writeHead(403, { "access-control-allow-origin": kit.origin, "content-type": "application/problem+json" });
    answer.end(JSON.stringify({ type: "urn:parlance:error:site_closed", status: 403 }));
    return true;
  };
  await page.evaluate(() => {
    window.heard = [];
    window.asked = 0;
    const chat = document.querySelector("parlance-chat");
    for (const name of ["open", "close"]) chat.addEventListener(`parlance-${name}`, () => heard.push(name));
    chat.identityToken = async () => (asked++, `x.${btoa('{"sub":"ada"}')}.y`);
    return chat.show();
  });
  const sent = page.waitForRequest((request) => request.url().endsWith("/login/visitor") && request.method() === "POST");
  await ask(page, "Hello?");
  assert.deepEqual((await sent).postDataJSON(), { site_key: kit.site.site_key, identity_token: "x.eyJzdWIiOiJhZGEifQ==.y" });
  await until(() => entered);
  await page.evaluate(() => document.querySelector("parlance-chat").hide());
  await panel(page).waitFor({ state: "hidden" });
  assert.deepEqual(await page.evaluate(() => heard), ["open", "close"]);
  assert.ok((await page.evaluate(() => asked)) >= 2);
});

test("it forgets when it is told to", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await idle(page);
  await page.evaluate(() => document.querySelector("parlance-chat").forget());
  assert.equal(await answers(page).count(), 0);
  await page.reload();
  await ask(page, "Who am I?");
  await idle(page);
  await holds(page, ["Who am I?"]);
  assert.equal(kit.kit.proxy.asked.filter((asked) => asked === "POST /login/visitor").length, 2);
});

test("what it has forgotten does not come back by an answer that was being made, nor by another tab", async () => {
  kit.kit.provider.hold = gate();
  const page = await kit.open();
  await openChat(page);
  await ask(page, "Please wait.");
  await shows(page, "Eine Erstattung dauert");
  const other = await kit.tab(page.context());
  await openChat(other);
  await shows(other, "Eine Erstattung dauert");
  const kept = await page.evaluate(() => Object.entries(localStorage).find(([name]) => name.endsWith(":session")));
  await page.evaluate(() => document.querySelector("parlance-chat").forget());
  assert.equal(await answers(page).count(), 0);
  await holds(other, []);
  // As a tab does that has not heard of it yet.
  await other.evaluate(([name, session]) => new BroadcastChannel(name.slice(0, -":session".length)).postMessage({ session }), kept);
  kit.kit.provider.hold.open();
  await ask(page, "Who am I?");
  for (const tab of [page, other]) {
    await last(tab).getByText("Fertig.").waitFor();
    await idle(tab);
    await tab.reload();
    await holds(tab, ["Who am I?"]);
  }
});

test("it forgets without a network, too, and at once", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await idle(page);
  await last(page).getByText("Fertig.").waitFor();
  await page.context().setOffline(true);
  const left = await page.evaluate(async () => {
    const chat = document.querySelector("parlance-chat");
    await chat.forget();
    return chat.shadowRoot.querySelectorAll(".message").length;
  });
  assert.equal(left, 0);
  await page.context().setOffline(false);
  await ask(page, "Who am I?");
  await last(page).getByText("Fertig.").waitFor();
  await holds(page, ["Who am I?"]);
});

test("as a module it is the same element, and its chat is loaded when it is wanted", async () => {
  const page = await kit.open({ html: `<script type="module">
    import { ParlanceChat } from "/module/index.js";
    const chat = new ParlanceChat();
    chat.setAttribute("host", "${kit.host}");
    chat.setAttribute("site", "${kit.site.site_key}");
    chat.setAttribute("heading", "Of a module");
    document.body.append(chat);
  </script>`, attributes: { site: "" } });
  await launcher(page).waitFor();
  assert.equal(kit.modules.includes("chat.js"), false);
  await openChat(page);
  assert.equal(kit.modules.includes("chat.js"), true);
  assert.equal(await panel(page).getByRole("heading", { name: "Of a module" }).count(), 1);
  await ask(page, "How long does a refund take?");
  await last(page).getByText("Fertig.").waitFor();
});

test("it can be taken out of the page, and put in again", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await idle(page);
  await page.evaluate(() => {
    const chat = document.querySelector("parlance-chat");
    chat.remove();
    document.body.append(chat);
  });
  await last(page).getByText("Fertig.").waitFor();
  assert.equal(await panel(page).count(), 1);
});

test("in the middle of a page it needs no button", async () => {
  const page = await kit.open({ html: '<parlance-chat inline site="SITE" host="HOST"></parlance-chat>'.replace("SITE", kit.site.site_key).replace("HOST", kit.host) });
  await panel(page).waitFor();
  assert.ok(await launcher(page).isHidden());
  await ask(page, "How long does a refund take?");
  await idle(page);
  await last(page).getByText("Fertig.").waitFor();
});
