//! `POST /mcp`: the search as a tool of the Model Context Protocol.

mod clients;
mod limits;
mod messages;

use crate::kit::{ADMIN1, Answer, Kit, request};
use axum::body::Body;
use serde_json::{Value, json};

const MODERN: &str = "2026-07-28";

/// Has an administrator make a key.
async fn key(kit: &Kit, mut asked: Value) -> String {
    asked["name"] = json!("An assistant");
    let admin = kit.token(ADMIN1).await;
    let made = kit.post(&admin, "/admin/api-keys", asked).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json["key"].as_str().unwrap().to_owned()
}

async fn documents_key(kit: &Kit) -> String {
    key(kit, json!({ "scopes": ["documents"] })).await
}

/// A message as it is.
async fn send(kit: &Kit, token: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = request(token, "POST", "/mcp").header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    kit.send(request, Body::from(body.to_owned())).await
}

/// A request of a revision that begins with `initialize`.
async fn ask(kit: &Kit, token: &str, method: &str, params: Value) -> Answer {
    let body = json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params });
    let headers = [("mcp-protocol-version", "2025-11-25")];
    send(kit, token, &headers, &body.to_string()).await
}

/// The parameters of a request of the modern revision.
fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

/// A request of the modern revision.
async fn ask_modern(kit: &Kit, token: &str, method: &str, params: Value) -> Answer {
    let name = params["name"].as_str().map(str::to_owned);
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": modern(params) });
    let mut headers = vec![("mcp-protocol-version", MODERN), ("mcp-method", method)];
    headers.extend(name.as_deref().map(|name| ("mcp-name", name)));
    send(kit, token, &headers, &body.to_string()).await
}

/// A call of the tool.
fn searching(query: &str) -> Value {
    json!({ "name": "search_documents", "arguments": { "query": query } })
}

/// What a tool that failed says.
fn told(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let result = &answer.json["result"];
    assert_eq!(result["isError"], true, "{}", answer.text);
    result["content"][0]["text"].as_str().expect("a sentence")
}
