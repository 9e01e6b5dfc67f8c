// How somebody uses the chat: what is on the screen, and where to press.

import assert from "node:assert/strict";
import { gate, until } from "../../client/tests/kit.mjs";

export const launcher = (page) => page.locator("parlance-chat .launcher");
export const panel = (page) => page.locator("parlance-chat .panel");
export const field = (page) => page.locator("parlance-chat .composer textarea");
export const answers = (page) => page.locator("parlance-chat .message.assistant");
export const last = (page) => answers(page).last();
export const button = (page, name) => page.locator("parlance-chat").getByRole("button", { name, exact: true });

export const openChat = async (page) => {
  await launcher(page).click();
  await panel(page).waitFor();
};

/** Sends a question, and waits until it is shown: from then on an answer is being made. */
export const ask = async (page, text) => {
  const bubbles = page.locator("parlance-chat .bubble");
  const before = await bubbles.count();
  await field(page).fill(text);
  await field(page).press("Enter");
  await bubbles.nth(before).waitFor();
};

/** Waits until no answer is being made. What is drawn may be behind: it is waited for by itself. */
export const idle = (page) => page.locator("parlance-chat .composer:not(.busy)").waitFor();

/** Waits until these questions are shown, with an answer for each. */
export const holds = async (page, questions) => {
  const shown = async () => ({ questions: await page.locator("parlance-chat .bubble").allInnerTexts(), answers: await answers(page).count() });
  const [wanted, end] = [{ questions, answers: questions.length }, Date.now() + 60_000];
  await until(async () => JSON.stringify(await shown()) === JSON.stringify(wanted) || Date.now() > end);
  assert.deepEqual(await shown(), wanted);
};

export const shows = (page, text) => page.locator("parlance-chat .panel").getByText(text).last().waitFor();

/** Holds back what the service says to requests like `url`, which it gets at once. */
export const heldBack = async (page, url) => {
  const [arrived, pass, through] = [gate(), gate(), gate()];
  await page.route(url, async (route) => {
    const response = await route.fetch();
    arrived.open();
    await pass.opened;
    await route.fulfill({ response });
    through.open();
  });
  return { arrived: arrived.opened, pass: () => (pass.open(), through.opened) };
};
