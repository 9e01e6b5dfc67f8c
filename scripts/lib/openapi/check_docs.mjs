// Uses /docs as a frontend developer does, in a real browser against a real service: reads it, logs in, and tries it.
//
//   node check_docs.mjs PARLANCE CHROMIUM CONTRACT [FOLDER FOR SCREENSHOTS]

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const [parlance, browserPath, contractPath, screenshots] = process.argv.slice(2);
const contract = JSON.parse(readFileSync(contractPath, "utf8"));

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** A service with demo data. */
const start = async (folder) => {
  const port = await freePort();
  const service = spawn(parlance, ["dev"], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), DATABASE_URL: "", RUST_LOG: "warn" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    assert.equal(service.exitCode, null, "parlance dev ended; its reason is above");
    if (await fetch(`${url}/ready`).then((answer) => answer.ok, () => false)) return { service, url };
    await sleep(200);
  }
};

const read = async (page, url) => {
  await page.goto(`${url}/docs/`);
  assert.equal(new URL(page.url()).pathname, "/docs");
  await page.waitForSelector(".op");
  const operations = Object.values(contract.paths).flatMap((item) => Object.values(item));
  assert.equal(await page.locator(".op").count(), operations.length);
  for (const { code } of contract["x-error-codes"]) assert.ok(await page.locator(`#error-${code}`).count(), code);
  for (const event of contract.components.schemas.ChatEvent.oneOf) {
    const name = event.$ref.split("/").pop();
    assert.ok(await page.locator("#events h2", { hasText: name }).count(), name);
  }
  // Every operation can be opened, and every link in the page leads somewhere.
  const dead = await page.evaluate(() => {
    for (const op of document.querySelectorAll(".op")) op.open = true;
    return new Promise((resolve) => setTimeout(() => resolve(
      [...document.querySelectorAll("a[href^='#']")].map((a) => a.hash.slice(1)).filter((id) => !document.getElementById(id)),
    ), 500));
  });
  assert.deepEqual(dead, []);
  const twice = await page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    return ids.filter((id, n) => ids.indexOf(id) !== n);
  });
  assert.deepEqual(twice, []);
};

const tryIt = async (page, url, demo) => {
  await page.goto(`${url}/docs#getMe`);
  const form = (id) => page.locator(`#${id} form`);
  const send = async (id, status) => {
    await form(id).getByRole("button", { name: "Send" }).click();
    await form(id).getByRole("status").filter({ hasText: status }).waitFor();
  };
  await send("getMe", "401");
  const [tenant] = demo.tenants;
  const user = tenant.users.at(-1);
  const login = page.locator("#log-in");
  await login.getByLabel("Tenant").fill(tenant.slug);
  await login.getByLabel("Email").fill(user.email);
  await login.getByLabel("Password").fill("wrong");
  await login.getByRole("button", { name: "Log in" }).click();
  await page.locator("#who.bad").filter({ hasText: "wrong" }).waitFor();
  await login.getByLabel("Password").fill(user.password);
  await login.getByLabel("Password").press("Enter");
  await page.locator("#who").filter({ hasText: user.email }).waitFor();
  await send("getMe", "200");
  assert.match(await form("getMe").getByLabel("Answer").textContent(), new RegExp(user.email));

  await page.goto(`${url}/docs#askChat`);
  await form("askChat").getByLabel("Answer as").selectOption("text/event-stream");
  await send("askChat", "200");
  const answer = form("askChat").getByLabel("Answer", { exact: true });
  await answer.filter({ hasText: "event: done" }).waitFor();
  assert.match(await answer.textContent(), /event: start\n[\s\S]*event: delta\n/);
  assert.match(await form("askChat").locator("details pre").textContent(), /\$TOKEN/);
  await form("askChat").getByLabel("Body").fill("{");
  await send("askChat", "400");
};

/** Nothing hangs over the edge of a phone, and the contents open and close by keyboard. */
const onPhone = async (page, url) => {
  await page.goto(`${url}/docs`);
  await page.waitForSelector(".op");
  const width = await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    return new Promise((resolve) => setTimeout(() => resolve(document.documentElement.scrollWidth), 500));
  });
  assert.ok(width <= 390, `the page is ${width} wide`);
  await page.reload();
  await page.waitForSelector(".op");
  await page.locator("#menu").press("Enter");
  await page.locator("#contents a[href='#listTenants']").waitFor({ state: "attached" });
  await page.locator("#contents a[href='#listTenants']").press("Enter");
  await page.locator("#listTenants[open]").waitFor();
  assert.ok(await page.locator("#side").isHidden());
};

const folder = mkdtempSync(join(tmpdir(), "check-docs-"));
// As root, PostgreSQL runs as another user, and its data would be made elsewhere, and stay there.
chmodSync(folder, 0o711);
const { service, url } = await start(folder);
const browser = await chromium.launch({
  executablePath: browserPath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const demo = JSON.parse(readFileSync(join(folder, ".parlance/demo.json"), "utf8"));
  for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]]) {
    const page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme });
    const faults = [];
    page.on("pageerror", (e) => faults.push(e.message));
    // A refused request is one on the console as well, and is meant here.
    page.on("console", (m) => m.type() === "error" && !m.text().startsWith("Failed to load resource") && faults.push(m.text()));
    await read(page, url);
    await (width < 800 ? onPhone(page, url) : tryIt(page, url, demo));
    if (screenshots) await page.screenshot({ path: join(screenshots, `docs-${width}-${colorScheme}.png`) });
    assert.deepEqual(faults, []);
    await page.close();
  }
} finally {
  await browser.close();
  service.kill("SIGINT");
  if (service.exitCode === null) await new Promise((resolve) => service.once("exit", resolve));
  rmSync(folder, { recursive: true });
}
