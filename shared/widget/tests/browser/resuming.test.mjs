// What goes wrong on the way: pages that are loaded anew, networks that go away, tabs, browsers that store nothing.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { TEXT, gate, test } from "../../../client/tests/kit.mjs";
import { begin, until } from "../kit.mjs";
import { answers, ask, button, holds, idle, last, launcher, openChat, panel, shows } from "../talk.mjs";

let kit;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(() => kit.reset());

const asked = (what) => kit.kit.proxy.asked.filter((one) => one === what).length;
const whole = (page) => last(page).locator(".body", { hasText: "Fertig." }).waitFor();

test("an answer goes on after a reload", async () => {
  kit.kit.provider.hold = gate();
  const page = await kit.open();
  await openChat(page);
  await ask(page, "Please wait.");
  await shows(page, "Eine Erstattung dauert");
  await page.reload();
  await shows(page, "Eine Erstattung dauert");
  await page.locator("parlance-chat .composer.busy").waitFor();
  kit.kit.provider.hold.open();
  await whole(page);
  await idle(page);
  assert.equal(asked("POST /chat"), 1);
  await holds(page, ["Please wait."]);
});

test("a question that was on its way when the page was loaded anew is asked once", async () => {
  const page = await kit.open();
  await openChat(page);
  const [arrived, pass] = [gate(), gate()];
  kit.kit.proxy.before = async ({ method, url }) => {
    if (method !== "POST" || url !== "/chat" || asked("POST /chat") > 1) return false;
    arrived.open();
    await pass.opened;
    return false;
  };
  await ask(page, "How long does a refund take?");
  await arrived.opened;
  await page.reload();
  await whole(page);
  pass.open();
  await idle(page);
  await holds(page, ["How long does a refund take?"]);
  await page.reload();
  await whole(page);
  await holds(page, ["How long does a refund take?"]);
});

test("an answer that is cut off on its way is whole all the same", async () => {
  const page = await kit.open();
  await openChat(page);
  kit.kit.proxy.cuts = [/event: delta/, 700];
  await ask(page, "How long does a refund take?");
  await whole(page);
  await idle(page);
  assert.equal((await last(page).locator(".body").innerText()).trim(), TEXT);
});

test("without a network it says so, and goes on when there is one", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "The first?");
  await idle(page);
  await page.context().setOffline(true);
  await ask(page, "The second?");
  await shows(page, "You are offline. It goes on when you are connected again.");
  await page.context().setOffline(false);
  await until(async () => (await answers(page).count()) === 2 && (await last(page).innerText()).includes("Fertig."));
  await idle(page);
  await holds(page, ["The first?", "The second?"]);
});

test("a chat that cannot be loaded can be opened later", async () => {
  const page = await kit.open();
  await launcher(page).waitFor();
  await page.context().setOffline(true);
  await launcher(page).click();
  await until(() => page.faults.length > 0);
  assert.ok(await panel(page).isHidden());
  await page.context().setOffline(false);
  await until(async () => {
    await launcher(page).click();
    return panel(page).isVisible();
  });
});

test("what was damaged in the browser's storage is forgotten, and the chat goes on", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await idle(page);
  for (const damage of ["{bad", "5", "null", '"../../admin/users?x="', "{}"]) {
    await page.evaluate((damage) => {
      const name = Object.keys(localStorage).find((key) => key.endsWith(":session"));
      localStorage.setItem(name, damage);
      localStorage.setItem(name.replace(/session$/, "people"), damage);
      sessionStorage.setItem(name.replace(/session$/, "asking"), damage);
      new BroadcastChannel(name.replace(/:session$/, "")).postMessage(null);
    }, damage);
    await page.reload();
    await launcher(page).waitFor();
    if (!(await panel(page).isVisible())) await openChat(page);
    await ask(page, `And after ${damage}?`);
    await idle(page);
    await holds(page, [`And after ${damage}?`]);
  }
  await page.evaluate(() => document.querySelector("parlance-chat").forget());
  await holds(page, []);
});

test("two tabs show the same conversation, and one login does for both", async () => {
  kit.kit.provider.hold = gate();
  const one = await kit.open();
  await openChat(one);
  const two = await kit.tab(one.context());
  await openChat(two);
  await ask(one, "Please wait.");
  await shows(two, "Please wait.");
  await shows(two, "Eine Erstattung dauert");
  kit.kit.provider.hold.open();
  await Promise.all([one, two].map(whole));
  await ask(two, "And then?");
  await idle(two);
  await shows(one, "And then?");
  await holds(one, ["Please wait.", "And then?"]);
  assert.equal(asked("POST /login/visitor"), 1);
  await button(one, "New conversation").click();
  await holds(two, []);
});

test("in a browser that stores nothing it works as long as the page is there", async () => {
  const forbid = () => {
    const refuse = () => {
      throw new DOMException("It is forbidden.", "SecurityError");
    };
    for (const name of ["localStorage", "sessionStorage", "indexedDB"]) Object.defineProperty(window, name, { get: refuse });
    Object.defineProperty(window, "BroadcastChannel", { value: refuse });
    Object.defineProperty(navigator, "locks", { value: { request: async () => refuse() } });
  };
  const page = await kit.open({ prepare: forbid });
  await openChat(page);
  for (const question of ["The first?", "The second?"]) {
    await ask(page, question);
    await whole(page);
    await idle(page);
  }
  assert.deepEqual(page.faults, []);
  await holds(page, ["The first?", "The second?"]);
  assert.equal(asked("POST /login/visitor"), 1);
});

test("a page that is older than the service loads the chat all the same, unless it checks it", async () => {
  const page = await kit.open();
  await launcher(page).waitFor();
  kit.kit.proxy.before = ({ url }, answer) => /\/widget\/chat-/.test(url) && answer.writeHead(404, { "access-control-allow-origin": "*" }).end();
  await openChat(page);
  assert.equal(asked("GET /widget/chat.js"), 1);
});
