//! Every refusal is a problem as the contract describes it, and tells nothing about how the service is made.

use crate::{
    corpus::filled,
    kit::{
        ADMIN1, Answer, JWT_SECRET_KEY, Kit, PASSWORD, SECRET_KEY, SUPERUSER, U1, api::contract,
        request,
    },
};
use axum::body::Body;
use serde_json::{Value, json};
use std::sync::LazyLock;
use uuid::Uuid;

static PROBLEM: LazyLock<Value> =
    LazyLock::new(|| contract()["components"]["schemas"]["Problem"].clone());

/// What no answer may hold: tables, SQL, crates, files, secrets.
const INSIDES: &[&str] = &[
    "parlance.",
    "login_sessions",
    "tenant_secrets",
    "chat_messages",
    "chat_sessions",
    "document_chunks",
    "audit_log",
    "tenants_by_email",
    "password_hash",
    "$argon2",
    "users_email_key",
    "tenants_slug_key",
    "select ",
    "insert into",
    "SQLSTATE",
    "relation \"",
    "constraint",
    "sqlx",
    "axum",
    "hyper",
    "serde",
    "tokio",
    "reqwest",
    "postgres",
    "rustc",
    ".rs",
    "/src/",
    "/root",
    "/home",
    env!("CARGO_MANIFEST_DIR"),
    "panicked",
    "backtrace",
    SECRET_KEY,
    JWT_SECRET_KEY,
];

/// Asserts that an answer tells nothing about how the service is made.
pub(crate) fn assert_tells_nothing(answer: &Answer) {
    let version = format!("v{}", env!("CARGO_PKG_VERSION"));
    for inside in INSIDES.iter().copied().chain([&*version]) {
        assert!(
            !answer.text.contains(inside),
            "{inside:?} in {}",
            answer.text
        );
    }
}

/// Asserts that an answer is a problem by the contract's own schema; its code.
pub(crate) fn assert_problem(answer: &Answer) -> String {
    let code = answer.problem(answer.status.as_u16());
    assert_tells_nothing(answer);
    assert_eq!(
        answer.status == 401,
        answer.headers.contains_key("www-authenticate")
    );
    // In OpenAI's form, of which that was all.
    let is_openai = answer.json["error"].is_object();
    let Some(problem) = answer.json.as_object().filter(|_| !is_openai) else {
        return code;
    };
    let properties = PROBLEM["properties"].as_object().unwrap();
    for required in PROBLEM["required"].as_array().unwrap() {
        assert!(
            problem.contains_key(required.as_str().unwrap()),
            "{}",
            answer.text
        );
    }
    for (name, value) in problem {
        let fits = match properties.get(name).map(|p| p["type"].as_str()) {
            Some(Some("string")) => value.is_string(),
            Some(Some("integer")) => value.is_u64(),
            Some(Some("array")) => value.as_array().is_some_and(|a| !a.is_empty()),
            // Another schema, which names itself.
            Some(None) => value.is_object(),
            _ => false,
        };
        assert!(fits, "{name} in {}", answer.text);
    }
    assert_eq!(
        problem.contains_key("errors"),
        answer.status == 422,
        "{}",
        answer.text
    );
    assert_eq!(
        problem.contains_key("limit"),
        answer.status == 429,
        "{}",
        answer.text
    );
    code
}

async fn typed(kit: &Kit, token: &str, media: &str, body: &str) -> Answer {
    let request = request(token, "POST", "/chat").header("content-type", media);
    kit.send(request, Body::from(body.to_owned())).await
}

#[tokio::test] // R55
async fn every_refusal_is_a_problem() {
    let kit = Kit::new().await;
    let (member, admin) = (kit.token(U1).await, kit.token(ADMIN1).await);
    let login = |slug: &str| json!({ "tenant": slug, "email": U1.email, "password": "wrong" });
    let taken = json!({ "email": U1.email, "password": "tomato bicycle harbour" });
    let easy = json!({ "email": U1.email, "password": "passwordpassword" });
    let large = "x".repeat(300_000);
    let none = format!("/chat/sessions/{}", Uuid::now_v7());
    for (answer, status, code) in [
        (
            typed(&kit, &member, "application/json", "{").await,
            400,
            "malformed_request",
        ),
        (kit.get("", "/login/me").await, 401, "invalid_token"),
        (
            kit.post("", "/login", login("one")).await,
            401,
            "invalid_credentials",
        ),
        (
            kit.post("", "/login/refresh", json!({ "refresh_token": "x" }))
                .await,
            401,
            "invalid_refresh_token",
        ),
        (kit.get(&member, "/admin/users").await, 403, "forbidden"),
        (kit.get("", "/nothing").await, 404, "not_found"),
        (kit.get("", "/").await, 404, "not_found"),
        (kit.get(&member, "/v9/chat").await, 404, "not_found"),
        (kit.get(&member, &none).await, 404, "not_found"),
        (
            kit.delete(&member, "/chat").await,
            405,
            "method_not_allowed",
        ),
        (
            kit.post(&admin, "/admin/users", taken).await,
            409,
            "email_taken",
        ),
        (
            kit.post(&admin, "/admin/users", easy).await,
            422,
            "password_blocked",
        ),
        (
            typed(&kit, &member, "application/json", &large).await,
            413,
            "too_large",
        ),
        (
            kit.post(&member, "/chat", json!({})).await,
            422,
            "invalid_request",
        ),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(assert_problem(&answer), code);
    }
}

#[tokio::test] // R55
async fn what_is_not_json_is_415() {
    let kit = Kit::new().await;
    let member = kit.token(U1).await;
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "json",
        "application/",
        "",
    ] {
        let refused = typed(&kit, &member, media, "{}").await;
        assert_eq!(refused.status, 415, "{media}");
        assert_eq!(assert_problem(&refused), "unsupported_media_type");
    }
    for media in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/problem+json",
    ] {
        assert_eq!(
            typed(&kit, &member, media, "{}").await.fields(),
            ["message"],
            "{media}"
        );
    }
    let untyped = kit
        .send(request(&member, "POST", "/chat"), Body::from("{}"))
        .await;
    assert_eq!(assert_problem(&untyped), "unsupported_media_type");
}

#[tokio::test] // R55
async fn a_method_that_is_not_there_names_those_that_are() {
    let kit = Kit::new().await;
    let api = contract();
    for (path, methods) in api["paths"].as_object().unwrap() {
        let answer = kit
            .send(request("", "TRACE", &filled(path)), Body::empty())
            .await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(assert_problem(&answer), "method_not_allowed");
        let named: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        for method in methods.as_object().unwrap().keys() {
            assert!(
                named.contains(&&*method.to_uppercase()),
                "{path}: {named:?}"
            );
        }
    }
}

#[tokio::test] // R55
async fn a_database_that_is_away_is_503_and_nothing_more() {
    let kit = Kit::new().await;
    let token = kit.token(SUPERUSER).await;
    kit.app.db.close().await;
    let login = json!({ "tenant": "one", "email": U1.email, "password": PASSWORD });
    for answer in [
        kit.get(&token, "/chat/sessions").await,
        kit.get(&token, "/tenants").await,
        kit.post("", "/login", login).await,
        kit.get("", "/ready").await,
    ] {
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert_eq!(assert_problem(&answer), "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_eq!(kit.get("", "/health").await.status, 200);
}

#[tokio::test] // R55
async fn a_fault_of_ours_is_told_by_its_request_id_alone() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    sqlx::query("alter table parlance.chat_sessions rename to moved")
        .execute(&kit.pool)
        .await
        .unwrap();
    for answer in [
        kit.get(&token, "/chat/sessions").await,
        kit.post(&token, "/chat", json!({ "message": "Hello?" }))
            .await,
    ] {
        assert_eq!(answer.status, 500, "{}", answer.text);
        assert_eq!(assert_problem(&answer), "internal");
        let detail = "Something went wrong on our side. It has been logged under this request id.";
        assert_eq!(answer.json["detail"], detail);
    }
}
