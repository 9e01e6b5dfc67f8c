"""What the Model Context Protocol's client for Python does with the service, told as JSON: client.py SERVICE KEY REVISION

REVISION is `auto`, `legacy` or one of them; the first clients know one way only."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager

service, key, revision = sys.argv[1:]
address = service + "/mcp"
said = {}


@asynccontextmanager
async def connected(api_key):
    headers = {"Authorization": f"Bearer {api_key}"}
    try:
        import httpx2
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client
    except ImportError:
        from mcp import ClientSession
        from mcp.client.streamable_http import streamablehttp_client

        async with streamablehttp_client(address, headers=headers) as (read, write, _):
            async with ClientSession(read, write) as session:
                hello = await session.initialize()
                yield session, hello.protocolVersion, hello.serverInfo.name
        return
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(streamable_http_client(address, http_client=http), mode=revision) as client:
            info = client.server_info
            yield client, client.protocol_version, info and info.name


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def failure(e):
    while hasattr(e, "exceptions"):
        e = e.exceptions[0]
    error = getattr(e, "error", None)
    return [getattr(error, "code", None), str(e)]


async def main():
    async with connected(key) as (client, version, name):
        said["spoken"] = [version, name]
        tools = plain(await client.list_tools())["tools"]
        said["tools"] = [[tool["name"], tool["annotations"]["readOnlyHint"], tool["description"]] for tool in tools]
        # Which checks the answer against the schema that it was told.
        found = plain(await client.call_tool("search_documents", {"query": "How long does a refund take?"}))
        said["found"] = found["structuredContent"]
        said["same"] = json.loads(found["content"][0]["text"]) == found["structuredContent"]
        wrong = plain(await client.call_tool("search_documents", {"query": "Refunds?", "top_k": 21}))
        said["wrong"] = [wrong["isError"], wrong["content"][0]["text"]]
        try:
            await client.call_tool("delete_documents", {})
        except Exception as e:
            said["unknown"] = failure(e)
    try:
        async with connected("pk_live_x") as (client, _, _):
            await client.list_tools()
    except BaseException as e:
        said["refused"] = failure(e)


asyncio.run(main())
print(json.dumps(said))
