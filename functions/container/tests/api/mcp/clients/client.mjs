// What the Model Context Protocol's client for Node does with the service, told as JSON: client.mjs SERVICE KEY REVISION
const [service, key, revision] = process.argv.slice(2);
const said = {};

// Version 2 is another package than version 1.
const load = async () => {
  try {
    return await import("@modelcontextprotocol/client");
  } catch {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    return { Client, StreamableHTTPClientTransport };
  }
};
const { Client, StreamableHTTPClientTransport } = await load();

const connected = async (apiKey) => {
  const headers = { Authorization: `Bearer ${apiKey}` };
  const transport = new StreamableHTTPClientTransport(new URL(`${service}/mcp`), { requestInit: { headers } });
  const options = revision === "legacy" ? {} : { versionNegotiation: { mode: revision } };
  const client = new Client({ name: "a-test", version: "1" }, options);
  await client.connect(transport);
  said.spoken ??= [client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion, client.getServerVersion()?.name];
  return client;
};
const failure = async (ask) => {
  try {
    await ask();
  } catch (e) {
    return [e.code ?? null, e.message];
  }
};

const client = await connected(key);
const { tools } = await client.listTools();
said.tools = tools.map((tool) => [tool.name, tool.annotations.readOnlyHint, tool.description]);
// Which checks the answer against the schema that it was told.
const search = (args) => client.callTool({ name: "search_documents", arguments: args });
const found = await search({ query: "How long does a refund take?" });
said.found = found.structuredContent;
said.same = found.content[0].text === JSON.stringify(found.structuredContent);
const wrong = await search({ query: "Refunds?", top_k: 21 });
said.wrong = [wrong.isError, wrong.content[0].text];
said.unknown = await failure(() => client.callTool({ name: "delete_documents", arguments: {} }));
await client.close();
said.refused = await failure(async () => (await connected("pk_live_x")).listTools());
console.log(JSON.stringify(said));
