//! Failures before the stream: a sentence that an app can show as it is, with the usual status and the code in a header.

use super::{kit, submit};
use crate::{
    kit::{
        Answer, Kit, U1,
        api::{contract, resolve},
        provider::Provider,
        request,
    },
    problems::assert_tells_nothing,
};
use axum::body::Body;
use serde_json::json;

fn assert_sentence(answer: &Answer, status: u16, code: &str, holds: &str) {
    assert_eq!(answer.problem(status), code);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert!(answer.text.contains(holds), "{}", answer.text);
    assert!(
        answer.text.len() < 500 && !answer.text.contains("</"),
        "{}",
        answer.text
    );
    assert_tells_nothing(answer);
}

#[tokio::test] // R55
async fn every_failure_is_a_sentence() {
    let provider = Provider::start().await;
    let kit = provider
        .kit([
            ("OPENAI_API_KEY", "sk-deployment"),
            ("LIMITS", r#"{"user": {"requests_per_minute": 1}}"#),
        ])
        .await;
    let token = kit.token(U1).await;
    let typed = async |media: &str, body: String| {
        let request = request(&token, "POST", "/chat/ui").header("content-type", media);
        kit.send(request, Body::from(body)).await
    };
    let none = kit.post("", "/chat/ui", submit("c", "q1", "Well?")).await;
    assert_sentence(&none, 401, "invalid_token", "Log in");
    assert!(none.header("www-authenticate").starts_with("Bearer"));
    let forged = kit.get("x", "/chat/ui/c/stream").await;
    assert_sentence(&forged, 401, "invalid_token", "Log in");
    let large = typed(
        "application/json",
        format!("{{\"id\":\"{}\"}}", "x".repeat(2 << 20)),
    )
    .await;
    assert_sentence(&large, 413, "too_large", "2 MiB");
    assert!(
        large.text.contains("prepareSendMessagesRequest"),
        "{}",
        large.text
    );
    let form = typed("text/plain", submit("c", "q1", "Well?").to_string()).await;
    assert_sentence(&form, 415, "unsupported_media_type", "application/json");
    let broken = typed("application/json", "{".to_owned()).await;
    assert_sentence(&broken, 400, "malformed_request", "not JSON");
    let empty = kit.post(&token, "/chat/ui", submit("c", "q1", " ")).await;
    assert_sentence(&empty, 422, "invalid_request", "`messages`");
    let absent = kit.get(&token, "/chat/ui/c").await;
    assert_sentence(&absent, 404, "not_found", "nothing here");
    super::ask(&kit, &token, submit("c", "q1", "Well?")).await;
    let limited = kit
        .post(&token, "/chat/ui", submit("c", "q2", "Well?"))
        .await;
    assert_sentence(&limited, 429, "limit_reached", "minute");
    assert!(!limited.header("retry-after").is_empty());
}

#[tokio::test] // R55
async fn what_comes_before_any_handler_is_a_sentence_too() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    for (method, path, status, code, allowed) in [
        ("GET", "/chat/ui", 405, "method_not_allowed", "POST"),
        ("PUT", "/chat/ui/c/stop", 405, "method_not_allowed", "POST"),
        (
            "POST",
            "/chat/ui/c/stream",
            405,
            "method_not_allowed",
            "GET,HEAD",
        ),
        ("GET", "/chat/ui/", 404, "not_found", ""),
        ("POST", "/chat/ui/c/other", 404, "not_found", ""),
    ] {
        for token in ["", &token] {
            let answer = kit.json(token, method, path, json!({})).await;
            assert_sentence(&answer, status, code, "");
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        }
    }
}

#[tokio::test] // R55
async fn a_fault_of_ours_is_a_sentence_as_well() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    sqlx::query("alter table parlance.chat_sessions rename to moved")
        .execute(&kit.pool)
        .await
        .unwrap();
    let failed = kit
        .post(&token, "/chat/ui", submit("c", "q1", "Well?"))
        .await;
    assert_sentence(&failed, 500, "internal", "on our side");
    kit.app.db.close().await;
    let away = kit.get(&token, "/chat/ui/c/stream").await;
    assert_sentence(&away, 503, "unavailable", "");
    assert_eq!(away.header("retry-after"), "1");
}

#[test]
fn the_contract_says_so() {
    let contract = contract();
    for (path, method) in [
        ("/chat/ui", "post"),
        ("/chat/ui/{id}", "get"),
        ("/chat/ui/{id}/stop", "post"),
    ] {
        let failure = &contract["paths"][path][method]["responses"]["401"];
        let failure = resolve(&contract, failure);
        assert_eq!(failure["content"]["text/plain"]["schema"]["type"], "string");
        assert!(failure["content"]["application/problem+json"].is_null());
        assert!(failure["headers"]["WWW-Authenticate"].is_object());
    }
}
