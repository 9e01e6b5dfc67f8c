//! What a message is answered, whatever it is.

use super::{MODERN, ask, ask_modern, documents_key, key, modern, searching, send, told};
use crate::kit::{ADMIN2, Kit, U1, request};
use axum::body::Body;
use serde_json::{Value, json};

const TEXT: &str = "A refund takes 5 working days.";

#[tokio::test]
async fn a_search_finds_what_the_route_for_searches_finds() {
    let kit = Kit::new().await;
    let id = kit.add_document(crate::kit::ADMIN1, "Refunds", TEXT).await;
    let key = documents_key(&kit).await;
    let asked = json!({ "query": "How long does a refund take?" });
    let found = kit.post(&key, "/documents/search", asked).await;
    for answer in [
        ask(
            &kit,
            &key,
            "tools/call",
            searching("How long does a refund take?"),
        )
        .await,
        ask_modern(
            &kit,
            &key,
            "tools/call",
            searching("How long does a refund take?"),
        )
        .await,
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let result = &answer.json["result"];
        let passages = result["structuredContent"]["passages"].as_array().unwrap();
        assert_eq!(passages.len(), 1, "{}", answer.text);
        assert_eq!(passages[0]["text"], TEXT);
        assert_eq!(passages[0]["document_id"], json!(id));
        let score = |score: &Value| score.as_f64().unwrap() as f32;
        assert_eq!(
            score(&passages[0]["score"]),
            score(&found.json["items"][0]["score"])
        );
        assert!(result["isError"].is_null(), "{}", answer.text);
        assert_eq!(result["resultType"], "complete");
        let text = result["content"][0]["text"].as_str().unwrap();
        let text: Value = serde_json::from_str(text).unwrap();
        assert_eq!(text, result["structuredContent"]);
    }
    // R26: another tenant's.
    let theirs = kit.token(ADMIN2).await;
    let nothing = ask(
        &kit,
        &theirs,
        "tools/call",
        searching("How long does a refund take?"),
    )
    .await;
    assert_eq!(
        nothing.json["result"]["structuredContent"]["passages"],
        json!([])
    );
}

#[tokio::test]
async fn a_client_learns_what_there_is() {
    let kit = Kit::new().await;
    let key = documents_key(&kit).await;
    for (wanted, agreed) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2024-11-05", "2025-11-25"),
    ] {
        let hello = json!({ "protocolVersion": wanted, "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } });
        let body = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello });
        let answer = send(&kit, &key, &[], &body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let result = &answer.json["result"];
        assert_eq!(result["protocolVersion"], agreed);
        assert_eq!(result["serverInfo"]["name"], "parlance");
        assert_eq!(result["capabilities"], json!({ "tools": {} }));
        assert_eq!(answer.header("mcp-session-id"), "");
    }
    let ping = ask(&kit, &key, "ping", json!({})).await;
    assert_eq!(ping.json["id"], "a");
    let found = ask_modern(&kit, &key, "server/discover", json!({})).await;
    let result = &found.json["result"];
    assert_eq!(
        result["supportedVersions"],
        json!([MODERN, "2025-11-25", "2025-06-18"]),
        "{}",
        found.text
    );
    assert_eq!(found.json["id"], 7);
    let tools = ask_modern(&kit, &key, "tools/list", json!({})).await;
    let tool = &tools.json["result"]["tools"][0];
    assert_eq!(tool["name"], "search_documents");
    assert_eq!(tool["annotations"]["readOnlyHint"], true);
    assert_eq!(tool["inputSchema"]["required"], json!(["query"]));
    assert_eq!(tool["outputSchema"]["type"], "object");
    assert!(
        tool["description"]
            .as_str()
            .unwrap()
            .contains("documents of one that"),
        "{tool}"
    );
    let before = ask(&kit, &key, "tools/list", json!({})).await;
    assert_eq!(before.json["result"], tools.json["result"]);
}

#[tokio::test]
async fn what_is_no_message_is_refused_as_json_rpc_has_it() {
    let kit = Kit::new().await;
    let key = documents_key(&kit).await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (body, code) in [
        ("{", -32700),
        ("", -32700),
        // A batch, of which there are none since 2025-06-18.
        (&*format!("[{ping}]"), -32600),
        ("[]", -32600),
        ("1", -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
        (r#"{"id":1,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
            -32600,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\u0000"}}"#,
            -32600,
        ),
    ] {
        let answer = send(&kit, &key, &[], body).await;
        assert_eq!(answer.mcp(400).0, code, "{body}");
        assert_eq!(answer.json.get("id"), Some(&Value::Null), "{}", answer.text);
    }
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    for headers in [
        &[][..],
        &[("mcp-protocol-version", "2025-11-25")],
        &[("mcp-protocol-version", MODERN)],
    ] {
        let answer = send(&kit, &key, headers, notification).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (202, ""));
    }
    for method in ["GET", "DELETE"] {
        let answer = kit.send(request(&key, method, "/mcp"), Body::empty()).await;
        assert_eq!(answer.mcp(405).1, "method_not_allowed");
        assert_eq!(answer.header("allow"), "POST");
    }
}

#[tokio::test]
async fn what_cannot_be_done_says_so_in_the_way_of_its_revision() {
    let kit = Kit::new().await;
    let key = documents_key(&kit).await;
    let other = json!({ "name": "delete_documents", "arguments": {} });
    let list = json!({ "name": "search_documents", "arguments": [] });
    for (method, params, code, status) in [
        ("resources/list", json!({}), -32601, 404),
        ("tools/call", other, -32602, 400),
        ("tools/call", list, -32602, 400),
        ("tools/list", json!({ "cursor": "x" }), -32602, 400),
    ] {
        let before = ask(&kit, &key, method, params.clone()).await;
        assert_eq!((before.mcp(200).0, &before.json["id"]), (code, &json!("a")));
        let now = ask_modern(&kit, &key, method, params).await;
        assert_eq!((now.mcp(status).0, &now.json["id"]), (code, &json!(7)));
    }
    for method in ["initialize", "ping"] {
        let hello = json!({ "protocolVersion": MODERN });
        assert_eq!(
            ask_modern(&kit, &key, method, hello).await.mcp(404).0,
            -32601
        );
    }
    let discover = ask(&kit, &key, "server/discover", json!({})).await;
    assert_eq!(discover.mcp(200).0, -32601);
    // What a model can mend is told to the model.
    for (arguments, named) in [
        (json!({}), "`query` is missing."),
        (json!({ "query": " " }), "`query` must not be empty."),
        (
            json!({ "query": "a", "top_k": 21 }),
            "`top_k` must be from 1 to 20.",
        ),
        (
            json!({ "query": "a", "top_k": "3" }),
            "`top_k` must be a whole number.",
        ),
        (
            json!({ "query": "a", "limit": 3 }),
            "`limit` is not known here",
        ),
        (
            json!({ "query": "a", "filter": { "metadata": { "a": [] } } }),
            "`filter.metadata` must have",
        ),
    ] {
        let call = json!({ "name": "search_documents", "arguments": arguments });
        for answer in [
            ask(&kit, &key, "tools/call", call.clone()).await,
            ask_modern(&kit, &key, "tools/call", call).await,
        ] {
            let said = told(&answer);
            assert!(said.contains(named), "{said}");
        }
    }
}

#[tokio::test]
async fn a_message_agrees_with_its_headers() {
    let kit = Kit::new().await;
    let key = documents_key(&kit).await;
    let call = |params: Value| {
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string()
    };
    let good = call(modern(searching("Refunds?")));
    let version = ("mcp-protocol-version", MODERN);
    let (method, name) = (
        ("mcp-method", "tools/call"),
        ("mcp-name", "search_documents"),
    );
    let encoded = ("mcp-name", "=?base64?c2VhcmNoX2RvY3VtZW50cw==?=");
    for headers in [[version, method, name], [version, method, encoded]] {
        let answer = send(&kit, &key, &headers, &good).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    for headers in [
        &[][..],
        &[version],
        &[version, method],
        &[version, name],
        &[("mcp-protocol-version", "2025-11-25"), method, name],
        &[version, ("mcp-method", "tools/list"), name],
        &[version, method, ("mcp-name", "another")],
        &[version, method, ("mcp-name", "=?base64?!?=")],
        &[version, version, method, name],
    ] {
        let answer = send(&kit, &key, headers, &good).await;
        assert_eq!(answer.mcp(400).0, -32020, "{headers:?}");
        assert_eq!(answer.json["id"], 1);
    }
    let bare = call(searching("Refunds?"));
    let answer = send(&kit, &key, &[version, method, name], &bare).await;
    assert_eq!(answer.mcp(400).0, -32602);
    let mut incapable = modern(searching("Refunds?"));
    incapable["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!(null);
    let answer = send(&kit, &key, &[version, method, name], &call(incapable)).await;
    assert_eq!(answer.mcp(400).0, -32602);
    let mut future = modern(searching("Refunds?"));
    future["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2027-01-01");
    for body in [bare, call(future)] {
        let headers = [("mcp-protocol-version", "2027-01-01"), method, name];
        let answer = send(&kit, &key, &headers, &body).await;
        assert_eq!(answer.mcp(400).0, -32022);
        let data = &answer.json["error"]["data"];
        assert_eq!(data["requested"], "2027-01-01");
        assert_eq!(data["supported"][0], MODERN);
    }
}

#[tokio::test] // R1 R29
async fn whoever_may_not_search_may_not_ask() {
    let kit = Kit::new().await;
    let documents = documents_key(&kit).await;
    let chat = key(&kit, json!({ "scopes": ["chat"] })).await;
    let unknown = ask_modern(&kit, "", "tools/list", json!({})).await;
    assert_eq!(unknown.mcp(401), (-32000, "invalid_token".into()));
    assert_eq!(unknown.header("www-authenticate"), "Bearer");
    let scope = ask_modern(&kit, &chat, "tools/list", json!({})).await;
    assert_eq!(scope.mcp(403), (-32000, "scope_missing".into()));
    // From a page, of which this tenant allows none.
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string();
    let page = |host: &'static str| [("origin", "https://evil.example"), ("host", host)];
    let member = kit.token(U1).await;
    for (token, code) in [
        (&documents, "api_key_in_page"),
        (&member, "origin_not_allowed"),
    ] {
        // Also from one whose name was made to mean our address.
        for host in ["chat.one.example", "evil.example"] {
            let answer = send(&kit, token, &page(host), &body).await;
            assert_eq!(answer.mcp(403).1, code, "{host}");
        }
    }
}
