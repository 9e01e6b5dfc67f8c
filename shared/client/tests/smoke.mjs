// What any runtime must do: RUNTIME smoke.mjs CLIENT BASE TENANT EMAIL PASSWORD

const [client, baseUrl, tenant, email, password] = (globalThis.Deno?.args ?? process.argv.slice(2));
const { Parlance, Problem, memoryStore } = await import(client);
const store = memoryStore();
const api = new Parlance({ baseUrl, tenant, store });
await api.login(email, password);
store.set({ ...store.get(), access_token: "spoilt" });
const { text } = await api.answer("How long?");
const stop = new AbortController();
let aborted;
try {
  for await (const { event } of api.ask("How long?", { signal: stop.signal })) if (event === "start") stop.abort();
} catch (error) {
  aborted = error.name;
}
await api.logout();
const problem = await api.me().catch((error) => error instanceof Problem && error.code);
console.log(JSON.stringify({ text, aborted, problem }));
