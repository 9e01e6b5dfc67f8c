// Who comes in, stays, comes back and leaves.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { test } from "../../client/tests/kit.mjs";
import { accessible, begin, button, field, heading, logIn, PASSWORD, told, until } from "./kit.mjs";

let kit;
let tenant;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(async () => {
  await kit.reset();
  tenant = await kit.newTenant();
});

test("a wrong password is told in words and with its code, and keeps what was typed", async () => {
  const page = await kit.open(`#/?tenant=${tenant.slug}`);
  await field(page, "Email").fill(tenant.admin.email);
  await field(page, "Password").fill("no such password");
  await button(page, "Log in").click();
  const alert = page.getByRole("alert");
  await alert.getByText("Email, password or organisation is wrong.").waitFor();
  await alert.getByText("invalid_credentials").waitFor();
  assert.equal(await field(page, "Email").inputValue(), tenant.admin.email);
  await accessible(page);
  await field(page, "Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await heading(page, "Playground").waitFor();
});

// R69
test("a reload asks again, and finds who chose to stay; a logout in one tab is seen in the other", async () => {
  const page = await kit.open("#/account");
  await logIn(page, tenant.admin);
  await heading(page, "Your account").waitFor();
  await page.reload();
  await heading(page, "Log in").waitFor();
  assert.equal(new URL(page.url()).hash, "#/account");
  await logIn(page, tenant.admin, { keep: true });
  const [cookie] = await page.context().cookies();
  assert.deepEqual(
    [cookie.name, cookie.path, cookie.secure, cookie.httpOnly, cookie.sameSite],
    ["__Host-rt", "/", true, true, "Strict"],
  );
  // Neither scripts nor what they keep has it.
  assert.equal(await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })).then((all) => all.includes(cookie.value)), false);
  await page.reload();
  await heading(page, "Your account").waitFor();
  const other = await kit.tab(page.context(), "#/account");
  await heading(other, "Your account").waitFor();
  await button(other, "Log out").click();
  await heading(other, "Log in").waitFor();
  await heading(page, "Please log in again").waitFor();
  // The page does not wait for what it tells the service.
  await until(async () => (await page.context().cookies()).length === 0);
  assert.deepEqual(await page.evaluate(() => indexedDB.databases()), []);
  await accessible(page);
});

// R69
test("a logout that the service does not hear of is told, and done when it does", async () => {
  const page = await kit.open("#/account");
  await logIn(page, tenant.admin, { keep: true });
  kit.kit.proxy.before = ({ method, url }, answer) => {
    if (method !== "DELETE" || url !== "/login/cookie") return false;
    answer.writeHead(503, { "content-type": "application/problem+json" });
    answer.end(JSON.stringify({ type: "urn:parlance:error:unavailable", status: 503, detail: "The service is busy." }));
    return true;
  };
  await button(page, "Log out").click();
  await heading(page, "Log in").waitFor();
  const told = page.getByRole("alert").getByText("could not be told that you have left");
  await told.waitFor();
  await accessible(page);
  await button(page, "Try again").click();
  await told.waitFor();
  kit.kit.proxy.before = undefined;
  await button(page, "Try again").click();
  await told.waitFor({ state: "detached" });
  assert.deepEqual(await page.context().cookies(), []);
  await page.reload();
  await heading(page, "Log in").waitFor();
});

test("somebody else who logs in in another tab is not taken for whoever is in this one", async () => {
  const page = await kit.open("#/account");
  await logIn(page, tenant.admin, { keep: true });
  const email = `grace@${tenant.slug}.example`;
  await tenant.admin.ask("POST", "/admin/users", { email, password: PASSWORD, role: "member", full_name: "Grace Hopper" });
  const other = await kit.tab(page.context(), "#/account");
  await heading(other, "Your account").waitFor();
  await button(other, "Log out").click();
  await logIn(other, { email, password: PASSWORD, tenant: tenant.slug }, { keep: true });
  await heading(page, "Please log in again").waitFor();
  assert.equal(await page.getByRole("dialog").getByLabel("Email").inputValue(), tenant.admin.email);
  await heading(other, "Your account").waitFor();
});

test("what was typed outlives a login that was ended elsewhere, and is sent when somebody is back", async () => {
  const page = await kit.enter(tenant.admin, "#/account");
  await field(page, "Name").fill("Ada, Countess of Lovelace");
  const { items } = await tenant.admin.ask("GET", "/login/sessions");
  for (const { id, current } of items) if (!current) await tenant.admin.ask("DELETE", `/login/sessions/${id}`);
  // Until the service knows everywhere, the request may still be taken.
  kit.kit.proxy.before = ({ method, url }, answer) => {
    if (method !== "PATCH" || url !== "/login/me") return false;
    kit.kit.proxy.before = undefined;
    answer.writeHead(401, { "content-type": "application/problem+json" });
    answer.end(JSON.stringify({ type: "urn:parlance:error:invalid_token", status: 401, detail: "Log in." }));
    return true;
  };
  await button(page, "Save").first().click();
  await heading(page, "Please log in again").waitFor();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("Email").inputValue(), tenant.admin.email);
  await accessible(page);
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await told(page, "Saved.");
  const me = await tenant.admin.ask("GET", "/login/me");
  assert.equal(me.user.full_name, "Ada, Countess of Lovelace");
});

test("somebody who was invited chooses a password, and comes in with it", async () => {
  const email = `grace@${tenant.slug}.example`;
  const { token } = await tenant.admin.ask("POST", "/admin/users/invite", { email });
  const page = await kit.open(`#invitation=${token}`);
  await field(page, "Your name").fill("Grace Hopper");
  await field(page, "Password").fill(PASSWORD);
  await field(page, "Password, once more").fill("another one of them");
  await page.getByText("The two passwords differ.").waitFor();
  assert.ok(await button(page, "Set the password").isDisabled());
  await field(page, "Password, once more").fill(PASSWORD);
  await accessible(page);
  await button(page, "Set the password").click();
  await heading(page, "Your password is set").waitFor();
  await button(page, "Log in").click();
  await logIn(page, { email, password: PASSWORD, tenant: tenant.slug });
  // Who manages nothing sees nothing to be managed.
  const links = page.getByRole("navigation").getByRole("link");
  await until(async () => (await links.allInnerTexts()).join() === "Playground,Your account");
  // It works once.
  const again = await kit.open(`#invitation=${token}`);
  await field(again, "Password").fill(PASSWORD);
  await field(again, "Password, once more").fill(PASSWORD);
  await button(again, "Set the password").click();
  await again.getByText("invalid_invitation").waitFor();
  await again.getByRole("link", { name: "To the login" }).click();
  await heading(again, "Log in").waitFor();
});

test("it is in German for who reads German, and dark for who likes it dark, also after a reload", async () => {
  const page = await kit.open("", { options: { locale: "de-DE", colorScheme: "dark" } });
  await heading(page, "Anmelden").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  assert.ok((await page.locator("html").getAttribute("class")).includes("dark"));
  await accessible(page);
  await page.getByLabel("Sprache").selectOption("en");
  await heading(page, "Log in").waitFor();
  await page.reload();
  await heading(page, "Log in").waitFor();
});

test("the password is changed, and other logins are ended", async () => {
  const page = await kit.enter(tenant.admin, "#/account");
  await field(page, "Current password").fill(PASSWORD);
  await field(page, "New password").fill("short");
  await button(page, "Change the password").click();
  await page.getByRole("alert").waitFor();
  await field(page, "New password").fill("eleven purple elephants dance");
  await button(page, "Change the password").click();
  await told(page, "The password is changed");
  await accessible(page);
});

test("on a phone, all is reached by a menu, and nothing is wider than the screen", async () => {
  const page = await kit.enter(tenant.admin, "#/account", { options: { viewport: { width: 390, height: 844 }, hasTouch: true } });
  await button(page, "Menu").click();
  await page.getByRole("navigation").getByRole("link", { name: "Playground" }).click();
  await heading(page, "Playground").waitFor();
  await until(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await accessible(page);
});
