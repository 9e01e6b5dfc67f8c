// A stock client of the AI SDK, with only `api` and `headers` set. Does what it is told, line by line, and tells of each what
// it has then.
//
//   node chat.mjs SERVICE TOKEN
//
// transport.mjs beside it is the transport of docs/clients.md that sends the last message alone.
import { Chat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { createInterface } from "node:readline";
import { alone } from "./transport.mjs";

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
  async open({ id, as = headers, load = true, sends = "all" }) {
    const answer = load ? await fetch(`${api}/${encodeURIComponent(id)}`, { headers }) : { ok: false };
    const messages = answer.ok ? (await answer.json()).messages : [];
    const transport = sends === "last" ? alone({ api, headers }) : new DefaultChatTransport({ api, headers: as });
    chat = new Chat({ id, messages, transport });
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
