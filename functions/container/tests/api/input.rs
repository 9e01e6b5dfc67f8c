//! Bad input against every route that the contract names: refused, never a failure of ours, and nothing is stored.

use crate::{
    corpus::{Operation, bad_bodies, filled, operations, with_field},
    kit::{Answer, Kit, SUPERUSER, api::contract, request},
    problems::assert_problem,
};
use axum::{body::Body, http::Uri};
use serde_json::json;
use sqlx::AssertSqlSafe;

async fn send(kit: &Kit, token: &str, operation: &Operation, body: Vec<u8>) -> Answer {
    let request = request(token, &operation.method, &operation.path)
        .header("content-type", "application/json");
    kit.send(request, Body::from(body)).await
}

/// What every table holds, in a few characters.
async fn stored(kit: &Kit) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select tablename::text from pg_tables where schemaname = 'parlance' order by 1",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    let mut all = Vec::new();
    for table in tables {
        let sql = format!(
            "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from parlance.{table} t"
        );
        let sum = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&kit.pool)
            .await
            .unwrap();
        all.push((table, sum));
    }
    all
}

#[tokio::test] // R54
async fn no_bad_body_is_taken_by_any_route() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let before = stored(&kit).await;
    for operation in operations() {
        for body in bad_bodies(&operation) {
            let answer = send(&kit, &token, &operation, body.clone()).await;
            let shown = String::from_utf8_lossy(&body);
            let at = format!(
                "{} {} {shown:.300}: {}",
                operation.method, operation.path, answer.text
            );
            // There what is not known is ignored, and the model is none.
            let no_model = answer.status == 404 && operation.path == "/v1/responses";
            assert!(
                no_model || matches!(answer.status.as_u16(), 400 | 413 | 422),
                "{} {at}",
                answer.status
            );
            assert_problem(&answer);
        }
    }
    assert_eq!(stored(&kit).await, before);
}

#[tokio::test] // R54
async fn text_that_cannot_be_stored_is_refused_wherever_it_is() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    for operation in operations() {
        // What such a route does not read, it does not store.
        if operation.path.starts_with("/chat/ui") {
            continue;
        }
        let nul = with_field(&operation.least, "zzz", r#""a\u0000b""#);
        let refused = send(&kit, &token, &operation, nul.into_bytes()).await;
        match operation.path.starts_with("/v1/") {
            true => assert_eq!(refused.openai(400), ("invalid_value".into(), None)),
            false if operation.path == "/mcp" => assert_eq!(refused.mcp(400).0, -32600),
            false => assert_eq!(refused.fields(), ["body"], "{}", operation.path),
        }
    }
    let escaped =
        json!({ "message": "a\\u0000b is only a spelling, and 💥 \u{10ffff} \u{202e} are text" });
    let asked = kit.post(&token, "/chat", escaped.clone()).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let path = format!("/chat/sessions/{}/messages", asked.id("session_id"));
    let found = kit.get(&token, &path).await;
    assert_eq!(found.json["items"][0]["content"], escaped["message"]);
}

/// None of them fits a list.
const BAD_QUERIES: &[&str] = &[
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=x",
    "limit=",
    "limit=1.5",
    "limit=1e2",
    "limit=%00",
    "limit=%ff",
    "limit=9223372036854775808",
    "limit=1&limit=2",
    "cursor=x",
    "cursor=%00",
    "cursor=%ff%fe",
    "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "cursor=%F0%9F%92%A5",
    "cursor=a&cursor=a",
    "tenant_id=x",
    "tenant_id=",
    "tenant_id=%00",
    "tenant_id=1&tenant_id=2",
    "offset=1",
    "order=desc%27--",
    "%00=1",
];

#[tokio::test] // R54
async fn no_bad_query_is_a_failure_of_ours() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let long = format!("cursor={}", "A".repeat(20_000));
    let api = contract();
    for (path, methods) in api["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        let is_list = parameters.into_iter().any(|p| p["name"] == "cursor");
        for query in BAD_QUERIES.iter().copied().chain([&*long]) {
            if methods["get"].is_null() {
                continue;
            }
            let answer = kit.get(&token, &format!("{}?{query}", filled(path))).await;
            assert!(
                answer.status.as_u16() < 500,
                "{path}?{query:.100}: {}",
                answer.text
            );
            if is_list {
                assert_eq!(
                    answer.problem(422),
                    "invalid_request",
                    "{path}?{query:.100}"
                );
                assert_problem(&answer);
            }
        }
    }
}

#[tokio::test] // R54
async fn no_bad_path_is_a_failure_of_ours() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    let long = "a".repeat(8000);
    let bad = [
        "%00",
        "%ff",
        "%c0%80",
        "x",
        "0",
        "-1",
        "%20",
        "%27%3Bselect%201--",
        "%2e%2e",
        "%2f",
        "..%2f..",
        "%F0%9F%92%A5",
        &long,
        "00000000-0000-0000-0000-00000000000g",
        "019000000000700080000000000000a1x",
        "null",
        "%25",
        "{id}",
    ];
    let api = contract();
    for (path, methods) in api["paths"].as_object().unwrap() {
        let parts: Vec<&str> = path.split('/').collect();
        for (at, _) in parts
            .iter()
            .enumerate()
            .filter(|(_, part)| part.starts_with('{'))
        {
            for id in bad {
                let mut parts = parts.clone();
                parts[at] = id;
                let path = filled(&parts.join("/"));
                if path.parse::<Uri>().is_err() {
                    continue;
                }
                for method in methods.as_object().unwrap().keys() {
                    let method = method.to_uppercase();
                    let answer = kit.json(&token, &method, &path, json!({})).await;
                    // Which says of every name that nothing runs there.
                    if answer.status == 204 && path.starts_with("/chat/ui/") {
                        continue;
                    }
                    assert!(
                        matches!(answer.status.as_u16(), 400 | 403..=405 | 422),
                        "{method} {path:.100}: {}",
                        answer.text
                    );
                    assert_problem(&answer);
                }
            }
        }
    }
}
