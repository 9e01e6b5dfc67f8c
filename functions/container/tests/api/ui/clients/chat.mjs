// A stock client of the AI SDK, with only `api` and `headers` set. Does what it is told, line by line, and tells of each what
// it has then.
//
//   node chat.mjs SERVICE TOKEN
import { Chat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { createInterface } from "node:readline";

const [, , service, token] = process.argv;
const api = `${service}/chat/ui`;
const headers = { Authorization: `Bearer ${token}` };
let chat;
let running = Promise.resolve();
let isRunning = false;

const text = (message) => (message?.parts ?? []).filter((p) => p.type === "text").map((p) => p.text).join("");
const run = (request) => {
  isRunning = true;
  running = request.finally(() => (isRunning = false));
};

const commands = {
  // A page that is opened: what was said comes from the service.
  async open({ id, as = headers, load = true }) {
    const answer = load ? await fetch(`${api}/${encodeURIComponent(id)}`, { headers }) : { ok: false };
    const messages = answer.ok ? (await answer.json()).messages : [];
    chat = new Chat({ id, messages, transport: new DefaultChatTransport({ api, headers: as }) });
  },
  send({ message }) {
    run(chat.sendMessage(message));
  },
  regenerate({ options }) {
    run(chat.regenerate(options));
  },
  resume() {
    run(chat.resumeStream());
  },
  async stop() {
    await chat.stop();
  },
  // Waits until the last message holds a text, or nothing more is to come.
  async until({ holds }) {
    while (!text(chat.messages.at(-1)).includes(holds) && isRunning) await new Promise((done) => setTimeout(done, 5));
  },
  async settle() {
    await running;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { does, ...how } = JSON.parse(line);
  await commands[does](how);
  const { status, error, messages } = chat;
  process.stdout.write(`${JSON.stringify({ status, error: error?.message ?? null, messages })}\n`);
}
