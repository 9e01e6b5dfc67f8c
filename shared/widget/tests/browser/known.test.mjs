// Whom the page knows: what each of them asked is theirs, on every device, and nobody else's at the same browser.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { after, before, beforeEach } from "node:test";
import { test } from "../../../client/tests/kit.mjs";
import { begin, until } from "../kit.mjs";
import { ask, button, field, heldBack, holds, idle, openChat, shows } from "../talk.mjs";

let kit, secret;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  await kit.admin("PATCH", `/tenants/current/sites/${kit.site.id}`, { identity: "optional" });
  ({ secret } = await kit.admin("POST", `/tenants/current/sites/${kit.site.id}/identity-keys`, { algorithm: "HS256" }));
});

const signed = (sub) => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { aud: kit.site.id, sub, jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + 60 };
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
};

/** Has the page say who it is: whatever `page.person` is by then. */
const known = async (page, person) => {
  if (!("person" in page)) await page.exposeFunction("token", () => page.person && signed(page.person));
  page.person = person;
  await page.waitForFunction(() => customElements.get("parlance-chat"));
  await page.evaluate(() => (document.querySelector("parlance-chat").identityToken = () => token()));
};

const call = (page, what) => page.evaluate((what) => document.querySelector("parlance-chat")[what](), what);

/** Counts the logins that the browser keeps, or clears them. */
const stored = (page, what) =>
  page.evaluate(async (what) => {
    const done = (asked) => new Promise((resolve) => (asked.onsuccess = () => resolve(asked.result)));
    let all = 0;
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      all += (await done(database.transaction("tokens", "readwrite").objectStore("tokens")[what]())) ?? 0;
      database.close();
    }
    return all;
  }, what);

test("whom the page knows finds what was asked on another device, and before anybody knew", async () => {
  const page = await kit.open();
  await openChat(page);
  await ask(page, "Who am I?");
  await idle(page);
  await call(page, "hide");
  await page.reload();
  await known(page, "ada");
  await openChat(page);
  await shows(page, "Who am I?");
  await ask(page, "And now?");
  await idle(page);
  await holds(page, ["Who am I?", "And now?"]);

  // The next one at this browser sees nothing of it.
  const next = await kit.tab(page.context());
  await known(next, "bob");
  await openChat(next);
  await ask(next, "And who am I?");
  await idle(next);
  await holds(next, ["And who am I?"]);

  // Another device.
  const elsewhere = await kit.open();
  await known(elsewhere, "ada");
  await openChat(elsewhere);
  await shows(elsewhere, "And now?");
  await holds(elsewhere, ["Who am I?", "And now?"]);
});

test("on a page that stays, whoever comes after somebody else is not taken for them", async () => {
  const page = await kit.open();
  await known(page, "ada");
  await openChat(page);
  await ask(page, "I am Ada.");
  await idle(page);
  await call(page, "forget");
  await holds(page, []);
  page.person = "bob";
  await ask(page, "I am Bob.");
  await idle(page);
  await holds(page, ["I am Bob."]);
  // Nobody called forget(): it is told when the chat is opened.
  await call(page, "hide");
  page.person = "ada";
  await openChat(page);
  await holds(page, ["I am Ada."]);
  // Nor was it closed: it is told when another login is needed.
  page.person = "bob";
  await stored(page, "clear");
  await field(page).pressSequentially("H");
  await holds(page, ["I am Bob."]);
  page.person = undefined;
  await call(page, "hide");
  await openChat(page);
  await holds(page, []);
});

test("a question that is faster than what was read before it stays", async () => {
  const page = await kit.open();
  const list = await heldBack(page, /\/chat\/sessions\?/);
  await known(page, "ada");
  await openChat(page);
  await list.arrived;
  await ask(page, "Who am I?");
  await idle(page);
  await list.pass();
  await ask(page, "And now?");
  await idle(page);
  await holds(page, ["Who am I?", "And now?"]);
  await page.unroute(/\/chat\/sessions\?/);
  await call(page, "hide");
  await page.reload();
  await known(page, "ada");
  const messages = await heldBack(page, /\/messages\?/);
  await openChat(page);
  await messages.arrived;
  await ask(page, "And then?");
  await idle(page);
  await messages.pass();
  await holds(page, ["Who am I?", "And now?", "And then?"]);
});

test("what is being read of somebody who has left is not read again", async () => {
  const page = await kit.open();
  await known(page, "ada");
  await openChat(page);
  await ask(page, "I am Ada.");
  await idle(page);
  // Another tab goes on, so that this one reads what became of the conversation.
  const messages = await heldBack(page, /\/messages\?/);
  const other = await kit.tab(page.context());
  await known(other, "ada");
  await openChat(other);
  await ask(other, "And now?");
  await idle(other);
  await messages.arrived;
  // Until that is told, somebody else is here.
  page.person = "bob";
  await call(page, "hide");
  await openChat(page);
  await holds(page, []);
  await page.evaluate(() => {
    const { getItem } = Storage.prototype;
    window.looked = 0;
    Storage.prototype.getItem = function (name) {
      if (name.endsWith(":ada:session")) window.looked += 1;
      return getItem.call(this, name);
    };
  });
  await messages.pass();
  await ask(page, "I am Bob.");
  await idle(page);
  await holds(page, ["I am Bob."]);
  assert.equal(await page.evaluate(() => window.looked), 0);
});

test("when it forgets, it forgets everybody whom the page has named here", async () => {
  const page = await kit.open();
  for (const person of ["ada", "bob"]) {
    await known(page, person);
    await openChat(page);
    await ask(page, `I am ${person}.`);
    await idle(page);
    await call(page, "hide");
    await page.reload();
  }
  await page.waitForFunction(() => customElements.get("parlance-chat"));
  await call(page, "forget");
  assert.deepEqual(await stored(page, "count"), 0);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
});

test("a page that cannot say who it is right now loses nothing that is written", async () => {
  const page = await kit.open();
  await page.exposeFunction("token", () => signed("ada"));
  await page.waitForFunction(() => customElements.get("parlance-chat"));
  await page.evaluate(() => {
    window.fails = true;
    document.querySelector("parlance-chat").identityToken = () => (window.fails ? Promise.reject(new Error("503")) : token());
  });
  await openChat(page);
  await field(page).fill("Who am I?");
  await field(page).press("Enter");
  await shows(page, "The connection broke. Please try again.");
  await until(async () => (await field(page).inputValue()) === "Who am I?");
  await page.evaluate(() => (window.fails = false));
  await button(page, "Send").click();
  await holds(page, ["Who am I?"]);
  assert.ok(await page.locator("parlance-chat .banner").isHidden());
});
