// The package in pages that are made with React and with Vue.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { test } from "../../../client/tests/kit.mjs";
import { begin } from "../kit.mjs";
import { ask, holds, idle, last, panel } from "../talk.mjs";

let kit;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(() => kit.reset());

for (const framework of ["react", "vue"]) {
  test(`it is an element like any other for ${framework}`, async () => {
    const html = `<div id="app" data-host="${kit.host}" data-site="${kit.site.site_key}"></div><script type="module" src="/module/apps/${framework}.js"></script>`;
    const page = await kit.open({ html, attributes: { site: "" } });
    await page.getByRole("button", { name: "Help" }).click();
    await panel(page).getByRole("heading", { name: "Of a framework" }).waitFor();
    await ask(page, "How long does a refund take?");
    await last(page).getByText("Fertig.").waitFor();
    await idle(page);
    await holds(page, ["How long does a refund take?"]);
    // Properties and events reach it, too.
    assert.match(await page.locator("output").innerText(), /^opened 1, asked [1-9]/);
    assert.equal(await panel(page).evaluate((element) => getComputedStyle(element).colorScheme), "dark");
    assert.deepEqual(page.faults, []);
  });
}
