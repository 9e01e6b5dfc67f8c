// What the AI SDK does with the service, told as JSON: ai.mjs SERVICE KEY
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";

const [, , service, apiKey] = process.argv;
const settings = { baseURL: `${service}/v1`, apiKey };
const openai = createOpenAI(settings);
const compatible = createOpenAICompatible({ ...settings, name: "parlance", includeUsage: true });
const prompt = "How long does a refund take?";
const said = {};

const use = async (model) => {
  const whole = await generateText({ model, prompt, system: "Be brief." });
  const messages = [{ role: "user", content: prompt }, ...whole.response.messages, { role: "user", content: "Really?" }];
  const next = await generateText({ model, messages });
  const stream = streamText({ model, prompt });
  let text = "";
  for await (const piece of stream.textStream) text += piece;
  const usage = await stream.usage;
  const sources = (await stream.sources).map((source) => source.url);
  const refused = await generateText({ model, messages: [], prompt: undefined, maxRetries: 0 }).catch((e) => e.name);
  return [whole.text, whole.finishReason, next.text, text, usage.totalTokens, sources, typeof refused];
};
said.responses = await use(openai("default"));
said.chat = await use(openai.chat("default"));
said.compatible = await use(compatible("default"));
const wrong = await generateText({ model: openai("gpt-4"), prompt, maxRetries: 0 }).catch((e) => e);
said.wrong = [wrong.name, wrong.statusCode, wrong.message];
process.stdout.write(JSON.stringify(said));
