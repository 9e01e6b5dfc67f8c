//! Without a good token, every door but a listed few is shut.

mod spellings;

use crate::kit::{
    Answer, JWT_SECRET_KEY, Kit, U1,
    api::{Operation, operations},
    http::Served,
    listed::assert_listed,
    request,
    scene::{Scene, Stored},
};
use axum::body::Body;
use chrono::TimeDelta;
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use tenant_auth::{AccessToken, Algorithm, Keys};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

const PUBLIC_IS: &str = "PUBLIC in tests/api/isolation/doors.rs is what answers without a token; a `Caller` in a handler takes one.";
/// What answers without a token. Whatever is added here is open to the world.
const PUBLIC: &[&str] = &[
    "GET /docs",
    "GET /health",
    "GET /openapi.json",
    "GET /ready",
    "DELETE /login/cookie",
    "POST /login",
    "POST /login/cookie",
    "POST /login/invitation",
    "POST /login/logout",
    "POST /login/refresh",
    "POST /login/visitor",
    "PUT /login/cookie",
];

/// What has a token of its own, which is nobody's; metrics.rs has it.
const OTHERWISE: &[&str] = &["GET /metrics"];

/// Asserts that nobody was let in.
fn assert_shut_out(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text);
    assert!(
        answer.header("www-authenticate").starts_with("Bearer"),
        "{what}: {answer:?}"
    );
}

fn guarded() -> impl Iterator<Item = Operation> {
    let all = operations().into_iter();
    all.filter(|operation| {
        let name = operation.name();
        !PUBLIC.contains(&&*name) && !OTHERWISE.contains(&&*name)
    })
}

#[tokio::test] // R1
async fn every_operation_but_the_public_ones_needs_a_token() {
    let scene = Scene::new().await;
    let refresh = scene.login(U1).await.json["refresh_token"].clone();
    let refresh = refresh.as_str().expect("a login has a refresh token");
    let before = Stored::all(&scene.pool).await;
    for authorization in [
        None,
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer x"),
        Some("Basic dTpw"),
    ] {
        let mut open = BTreeSet::new();
        for operation in operations() {
            let path = operation.path_of(&scene.ids_of(U1));
            // A logout would end what the next round refreshes.
            let token = if operation.path == "/login/logout" {
                "x"
            } else {
                refresh
            };
            let body = operation.body(token);
            let answer = scene
                .ask_with(authorization, &operation.method, &path, &body)
                .await;
            // An invitation is a token of its own, and works once; a site's key is one as well.
            let asks_for_its_own = match &*operation.path {
                "/login/invitation" => answer.problem(401) == "invalid_invitation",
                "/login/visitor" => answer.problem(401) == "invalid_site_key",
                // It is off, and has a cookie of its own; cookies.rs has it.
                "/login/cookie" => answer.problem(404) == "not_found",
                _ => false,
            };
            if answer.status.is_success() || asks_for_its_own {
                open.insert(operation.name());
                continue;
            }
            assert_shut_out(&answer, &operation.name());
            assert_eq!(answer.problem(401), "invalid_token", "{}", operation.name());
        }
        assert_listed(&open, PUBLIC, PUBLIC_IS);
    }
    // Logging in and refreshing is all that happened.
    let mut after = Stored::all(&scene.pool).await;
    for (table, rows) in before.0 {
        if !["audit_log", "login_sessions", "users"].contains(&&*table) {
            assert_eq!(after.0.remove(&table), Some(rows), "{table}");
        }
    }
}

#[test] // R1
fn the_contract_says_which_operations_are_public() {
    let public: BTreeSet<_> = operations()
        .iter()
        .filter(|operation| operation.is_public())
        .map(Operation::name)
        .collect();
    assert_listed(&public, PUBLIC, PUBLIC_IS);
    let otherwise: BTreeSet<_> = operations()
        .iter()
        .filter(|operation| !operation.is_public() && !operation.needs_login())
        .map(Operation::name)
        .collect();
    let list = "OTHERWISE in tests/api/isolation/doors.rs is what has a token of its own.";
    assert_listed(&otherwise, OTHERWISE, list);
}

#[tokio::test] // R1
async fn nothing_answers_beside_the_contract() {
    let scene = Scene::new().await;
    let operations = operations();
    let known: BTreeSet<_> = operations.iter().map(Operation::name).collect();
    let before = Stored::all(&scene.pool).await;
    for operation in &operations {
        let path = operation.path_of(&scene.ids_of(U1));
        let get_is_public = PUBLIC.contains(&&*format!("GET {}", operation.path));
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PURGE",
        ] {
            // HEAD is GET without the body.
            let published = known.contains(&format!("{method} {}", operation.path));
            if published || (method == "HEAD" && get_is_public) {
                continue;
            }
            for token in ["", scene.token_of(U1)] {
                let answer = scene.ask(token, method, &path, &Value::Null).await;
                let readable = method == "HEAD" && !token.is_empty();
                assert!(
                    readable || !answer.status.is_success(),
                    "{method} {path}: {answer:?}"
                );
            }
        }
    }
    for path in [
        "/",
        "/admin",
        "/debug/pprof",
        "/.env",
        "/chat/",
        "/login/me/x",
        "/v1",
    ] {
        for token in ["", scene.token_of(U1)] {
            let answer = scene.get(token, path).await;
            assert_eq!(answer.problem(404), "not_found", "{path}");
        }
    }
    assert_eq!(Stored::all(&scene.pool).await, before);
}

/// A token for `U1` in a login that does not exist.
fn forged(kit: &Kit, secret: &str) -> String {
    let keys = Keys::new(&secret.into(), Algorithm::default()).expect("the secret is strong");
    keys.sign(&AccessToken {
        user_id: U1.id,
        tenant_id: U1.tenant_id,
        session_id: Uuid::now_v7(),
        generation: 0,
        issued_at: kit.clock.now().timestamp(),
        lifetime: Duration::from_secs(600),
    })
}

#[tokio::test] // R2
async fn no_bad_token_becomes_somebody() {
    let scene = Scene::new().await;
    let good = scene.token_of(U1);
    let (unsigned, signature) = good.rsplit_once('.').expect("a JWT has three parts");
    let payload = unsigned.split_once('.').expect("a JWT has a payload").1;
    // {"alg":"none","typ":"at+jwt"}
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{payload}.");
    let bad = [
        "null".to_owned(),
        "..".to_owned(),
        unsigned.to_owned(),
        format!("{unsigned}."),
        format!("{unsigned}.{}", signature.chars().rev().collect::<String>()),
        format!("{good}.{signature}"),
        none,
        "x".repeat(6000),
        forged(&scene, "another-secret-0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        forged(&scene, JWT_SECRET_KEY),
    ];
    let before = Stored::all(&scene.pool).await;
    for operation in guarded() {
        let (path, body) = (operation.path_of(&scene.ids_of(U1)), operation.body(""));
        for token in &bad {
            let answer = scene.ask(token, &operation.method, &path, &body).await;
            assert_shut_out(&answer, &operation.name());
            assert_eq!(answer.problem(401), "invalid_token", "{}", operation.name());
        }
    }
    scene.clock.advance(TimeDelta::minutes(16));
    for operation in guarded() {
        let (path, body) = (operation.path_of(&scene.ids_of(U1)), operation.body(""));
        let answer = scene.ask(good, &operation.method, &path, &body).await;
        assert_shut_out(&answer, &operation.name());
        assert_eq!(answer.problem(401), "token_expired", "{}", operation.name());
    }
    assert_eq!(Stored::all(&scene.pool).await, before);
}
