//! Failures as OpenAI's SDKs know them, whoever makes them.

use super::{ask, asked, chunks, kit};
use crate::kit::{
    ADMIN1, Kit, T1, U1, V1,
    provider::{Provider, Reply},
    request,
};
use axum::body::Body;
use chrono::TimeDelta;
use serde_json::{Value, json};

#[tokio::test] // R1
async fn a_bad_key_is_an_authentication_error() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let key = async |more: Value| {
        let mut body = json!({ "name": "A server", "scopes": ["chat"] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = kit.post(&admin, "/admin/api-keys", body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        (
            made.json["key"].as_str().unwrap().to_owned(),
            made.id_at("/api_key/id"),
        )
    };
    let (good, _) = key(json!({})).await;
    assert_eq!(ask(&kit, &good, json!({})).await.status, 200);
    let (revoked, id) = key(json!({})).await;
    kit.delete(&admin, &format!("/admin/api-keys/{id}")).await;
    let (expired, _) = key(json!({ "expires_in_days": 1 })).await;
    kit.clock.advance(TimeDelta::days(2));
    for bad in [
        "",
        "sk-proj-0123456789",
        "pk_live_x",
        "x",
        &*revoked,
        &*expired,
    ] {
        for answer in [
            ask(&kit, bad, json!({})).await,
            kit.get(bad, "/v1/models").await,
        ] {
            let (code, param) = answer.openai(401);
            assert_eq!((&*code, param), ("invalid_api_key", None), "{bad}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            assert_eq!(answer.header("x-should-retry"), "false");
            assert!(
                bad.len() < 5 || !answer.text.contains(bad),
                "{}",
                answer.text
            );
        }
    }
    let ended = ask(&kit, &admin, json!({})).await;
    assert_eq!(ended.openai(401).0, "token_expired");
}

#[tokio::test]
async fn a_key_without_the_scope_is_a_permission_error() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let body = json!({ "name": "A server", "scopes": ["documents"] });
    let made = kit.post(&admin, "/admin/api-keys", body).await;
    let key = made.json["key"].as_str().unwrap();
    let refused = ask(&kit, key, json!({})).await;
    assert_eq!(refused.openai(403).0, "scope_missing");
    assert_eq!(refused.json["error"]["type"], "permission_error");
    // A page would show it to everybody.
    let sent = request(key, "GET", "/v1/models").header("origin", "https://one.example");
    assert_eq!(
        kit.send(sent, Body::empty()).await.openai(403).0,
        "api_key_in_page"
    );
}

#[tokio::test]
async fn what_comes_before_any_handler_is_told_so_too() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    for (method, path, status, code) in [
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/", 404, "not_found"),
        ("POST", "/v1/embeddings", 404, "not_found"),
        ("POST", "/v1/completions", 404, "not_found"),
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("DELETE", "/v1/models", 405, "method_not_allowed"),
    ] {
        for token in ["", &token] {
            let answer = kit.json(token, method, path, json!({})).await;
            assert_eq!(answer.openai(status).0, code, "{method} {path}");
        }
    }
    let elsewhere = kit.json(&token, "POST", "/v1/embeddings", json!({})).await;
    assert!(
        elsewhere.text.contains("POST /v1/chat/completions"),
        "{}",
        elsewhere.text
    );
    for (media, body, status, code) in [
        ("text/plain", "{}", 415, "unsupported_media_type"),
        ("application/json", "{", 400, "malformed_request"),
        ("application/json", "[]", 400, "invalid_value"),
        (
            "application/json",
            r#"{"model":"a","model":"b"}"#,
            400,
            "invalid_value",
        ),
    ] {
        let sent = request(&token, "POST", "/v1/chat/completions").header("content-type", media);
        let answer = kit.send(sent, Body::from(body)).await;
        assert_eq!(answer.openai(status).0, code, "{body}");
    }
}

#[tokio::test] // R66
async fn a_provider_that_fails_before_its_first_word_is_a_status() {
    let provider = Provider::start().await;
    let canary = json!({ "error": { "message": "sk-CANARY", "code": "x" } });
    for (theirs, status, code, again) in [
        (401, 502, "provider_auth_failed", "false"),
        (400, 502, "provider_rejected", "false"),
        (429, 503, "provider_rate_limited", "true"),
        (500, 502, "provider_unavailable", "true"),
    ] {
        for stream in [true, false] {
            // The breaker of the one before must not answer for it.
            let kit = kit(&provider).await;
            provider.always(Reply::Status(theirs, canary.clone()));
            let answer = ask(&kit, &kit.token(U1).await, json!({ "stream": stream })).await;
            assert_eq!(answer.openai(status).0, code, "{theirs} {stream}");
            assert_eq!(answer.header("x-should-retry"), again, "{theirs}");
            assert_eq!(answer.json["error"]["type"], "server_error");
            assert!(!answer.text.contains("CANARY"), "{}", answer.text);
            if theirs == 429 {
                let wait: u64 = answer.header("retry-after").parse().unwrap();
                assert_eq!(answer.header("retry-after-ms"), (1000 * wait).to_string());
            }
        }
    }
}

/// What a provider says of a request that it refuses, and how that is told: the code, and the parameter of each way to ask.
fn refusals() -> Vec<(Value, &'static str, [&'static str; 2])> {
    let format = ["response_format", "text.format"];
    let messages = ["messages", "input"];
    let error = |param: &str, code: Value, message: &str| {
        let message = format!("{message} sk-CANARY");
        json!({ "error": { "message": message, "type": "invalid_request_error", "param": param, "code": code } })
    };
    vec![
        (
            error(
                "response_format",
                json!("invalid_json_schema"),
                "Invalid schema for response_format 'a'.",
            ),
            "invalid_value",
            format,
        ),
        (
            error(
                "messages",
                json!(null),
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            ),
            "invalid_value",
            format,
        ),
        (
            error("messages", json!("context_length_exceeded"), "Too long."),
            "context_length_exceeded",
            messages,
        ),
        (
            error("prompt", json!("content_filter"), "Filtered."),
            "content_filter",
            messages,
        ),
    ]
}

#[tokio::test] // R66
async fn what_the_provider_refuses_of_what_the_client_chose_is_its_parameter() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let schema = json!({ "type": "json_schema", "name": "a", "schema": { "type": "nothing" } });
    for (refusal, code, params) in refusals() {
        provider.always(Reply::Status(400, refusal.clone()));
        let bodies = [
            asked(json!({ "response_format": { "type": "json_schema", "json_schema": schema } })),
            json!({ "model": "default", "input": "Hello?", "text": { "format": schema } }),
        ];
        for (way, (mut body, param)) in bodies.into_iter().zip(params).enumerate() {
            let path = ["/v1/chat/completions", "/v1/responses"][way];
            for stream in [false, true] {
                body["stream"] = json!(stream);
                let send = async || {
                    let key = format!("{code}-{param}-{stream}-{}", refusal["error"]["code"]);
                    let request = request(&token, "POST", path)
                        .header("content-type", "application/json")
                        .header("idempotency-key", key.replace(['"', '.'], "-"));
                    kit.send(request, Body::from(body.to_string())).await
                };
                // And told again, as it was.
                for _ in 0..2 {
                    let answer = send().await;
                    let told = answer.openai(400);
                    assert_eq!(told, (code.to_owned(), Some(param.to_owned())), "{refusal}");
                    assert_eq!(answer.json["error"]["type"], "invalid_request_error");
                    assert_eq!(answer.header("x-should-retry"), "false");
                    assert!(!answer.text.contains("CANARY"), "{}", answer.text);
                }
            }
        }
    }
    // What a client did not choose is not its fault.
    let (of_format, ..) = refusals().remove(0);
    provider.always(Reply::Status(400, of_format));
    let plain = ask(&kit, &token, json!({})).await;
    assert_eq!(plain.openai(502), ("provider_rejected".to_owned(), None));
}

#[tokio::test] // R67
async fn one_that_breaks_off_ends_the_stream_with_an_error() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.reply(Reply::BreakAfter(vec!["Hel".into()]));
    let broken = ask(&kit, &token, json!({ "stream": true })).await;
    let (mut all, is_done) = chunks(&broken);
    let error = all.pop().unwrap();
    assert!(!is_done);
    assert_eq!(super::text_of(&all), "Hel");
    assert_eq!(error["error"]["code"], "provider_interrupted");
    assert_eq!(error["error"]["type"], "server_error");
    assert_eq!(error.as_object().unwrap().len(), 1);
    // In one piece it is a failure that was paid for, and not to be had again unasked.
    provider.reply(Reply::Raw(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n".into(),
    ));
    let whole = ask(&kit, &token, json!({})).await;
    assert_eq!(whole.openai(502).0, "provider_interrupted");
    assert_eq!(whole.header("x-should-retry"), "false");
}

#[tokio::test] // R4
async fn a_stream_ends_with_the_tenant_behind_it() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (token, other) = (kit.token(U1).await, kit.token(V1).await);
    provider.hold(&["One, ", "two."]);
    let asking = ask(&kit, &token, json!({ "stream": true }));
    let ending = async {
        provider.asked_for(1).await;
        provider.let_go(1);
        let suspended = "update parlance.tenants set status = 'suspended' where id = $1";
        let done = sqlx::query(suspended).bind(T1).execute(&kit.pool).await;
        done.unwrap();
    };
    let (ended, ()) = tokio::join!(asking, ending);
    let error = chunks(&ended).0.pop().unwrap();
    assert_eq!(error["error"]["code"], "session_revoked");
    let answer = kit
        .post(&other, "/v1/chat/completions", asked(json!({})))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
