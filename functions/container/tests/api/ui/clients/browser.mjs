// A page in a real browser. Does what it is told, line by line, and tells of each what the page shows then.
//
//   node browser.mjs CHROMIUM ADDRESS
import { chromium } from "playwright-core";
import { createInterface } from "node:readline";

const [, , executablePath, address] = process.argv;
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage();
page.setDefaultTimeout(240_000);
const faults = [];
page.on("pageerror", (e) => faults.push(e.message));
page.on("console", (m) => m.type() === "error" && !m.text().startsWith("Failed to load resource") && faults.push(m.text()));

const commands = {
  open: () => page.goto(address),
  reload: () => page.reload(),
  type: ({ text }) => page.fill("input", text),
  press: ({ button }) => page.getByRole("button", { name: button }).first().click(),
  // Waits until the page shows a text.
  shows: ({ text, nth = 0 }) => page.getByText(text, { exact: true }).nth(nth).waitFor(),
  // Waits for a status of the chat.
  becomes: ({ status }) => page.locator("output", { hasText: status }).waitFor(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { does, ...how } = JSON.parse(line);
  await commands[does](how);
  const said = await page.locator("article").evaluateAll((all) =>
    all.map((one) => [one.className, [...one.querySelectorAll("p")].map((p) => p.innerText).join("")]));
  const status = (await page.locator("output").allInnerTexts()).join("");
  const alert = (await page.getByRole("alert").allInnerTexts()).join("");
  process.stdout.write(`${JSON.stringify({ said, status, alert, faults })}\n`);
}
await browser.close();
