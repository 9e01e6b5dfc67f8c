// What OpenAI's client for Node does with the service, told as JSON:
// client.mjs SERVICE KEY BAD_KEY OTHER_KEY LIMITED_KEY SPENT_KEY
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const [, , service, key, bad, other, limited, spent] = process.argv;
const { version } = JSON.parse(readFileSync("node_modules/openai/package.json"));
const said = { version };
let asked = 0;
const counting = (...what) => (asked++, fetch(...what));
const question = [{ role: "user", content: "How long does a refund take?" }];
const client = (apiKey, more) => new OpenAI({ baseURL: `${service}/v1`, apiKey, fetch: counting, ...more });
const create = (api, more) => api.chat.completions.create({ model: "default", messages: question, ...more });

// What it throws, what it knows of it, and how often it asked.
const refused = async (ask) => {
  asked = 0;
  try {
    await ask();
  } catch (e) {
    if (!(e instanceof OpenAI.APIError)) throw e;
    return [e.constructor.name, e.status ?? null, e.code, e.param, asked, true];
  }
  return null;
};
const all = async (stream) => {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
};

const api = client(key);
said.models = (await all(await api.models.list())).map((model) => model.id);
said.model = (await api.models.retrieve("default")).id;

const answer = await create(api);
const [choice] = answer.choices;
said.answer = [choice.message.role, choice.message.content, choice.finish_reason, answer.usage.total_tokens];
said.sources = answer.parlance.sources.map((source) => source.title);

const chunks = await all(await create(api, { stream: true, stream_options: { include_usage: true } }));
const choices = chunks.flatMap((chunk) => chunk.choices);
said.streamed = [
  choices.map((c) => c.delta.content ?? "").join(""),
  choices.flatMap((c) => c.finish_reason ?? []),
  chunks.flatMap((chunk) => chunk.usage?.total_tokens ?? []),
];

said.no_key = await refused(() => create(client(bad)));
said.no_scope = await refused(() => create(client(other)));
said.no_model = await refused(() => create(api, { model: "gpt-4" }));
said.no_route = await refused(() => api.embeddings.create({ model: "default", input: "Hello?" }));
said.refused = await refused(() => create(api, { n: 2 }));
said.limited = await refused(async () => {
  for (let n = 0; n < 2; n++) await create(client(limited, { maxRetries: 0 }));
});
said.spent = await refused(() => create(client(spent)));
said.broken = await refused(async () => all(await create(api, { stream: true })));

const stream = await create(api, { stream: true });
for await (const chunk of stream) {
  said.message = chunk.id;
  if (chunk.choices[0]?.delta.content) break;
}

if (api.responses) {
  const ask = { model: "default", input: "How long does a refund take?", instructions: "Be brief." };
  const response = await api.responses.create(ask);
  const events = await all(await api.responses.create({ ...ask, stream: true }));
  said.response = [response.status, response.output_text, response.usage.total_tokens];
  const last = events.at(-1);
  said.events = [events[0].type, last.type, last.response.output[0].content[0].text];
  said.runner = (await api.responses.stream(ask).finalResponse()).output_text;
}
said.failed = await refused(() => create(api));
process.stdout.write(JSON.stringify(said));
