//! Browser origins: exactly those of the deployment and of the tenant, and never with cookies.

use crate::kit::{Answer, Kit, PASSWORD, Person, T1, T2, U1, V1, request};
use axum::{
    body::Body,
    http::{HeaderValue, header},
};
use serde_json::json;

const GOOD: &str = "https://good.example";
const OTHER: &str = "https://other.example";
const DEPLOYMENT: &str = "http://localhost:3000";

/// A service whose first tenant has `GOOD`, the second `OTHER`, and the deployment another one.
async fn kit() -> Kit {
    let list = format!(r#"["{DEPLOYMENT}"]"#);
    let kit = Kit::with([("BACKEND_CORS_ORIGINS", &list)]).await;
    kit.give_origin(T1, GOOD).await;
    kit.give_origin(T2, OTHER).await;
    kit
}

async fn preflight(kit: &Kit, origin: &str) -> Answer {
    let request = request("", "OPTIONS", "/chat")
        .header(
            header::ORIGIN,
            HeaderValue::from_bytes(origin.as_bytes()).unwrap(),
        )
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    kit.send(request, Body::empty()).await
}

async fn get(kit: &Kit, token: &str, origin: &str) -> Answer {
    let origin = HeaderValue::from_bytes(origin.as_bytes()).unwrap();
    let request = request(token, "GET", "/login/me").header(header::ORIGIN, origin);
    kit.send(request, Body::empty()).await
}

async fn login(kit: &Kit, who: Person, slug: Option<&str>, origin: &str) -> Answer {
    let body = json!({ "tenant": slug, "email": who.email, "password": PASSWORD });
    let request = request("", "POST", "/login")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ORIGIN, origin);
    kit.send(request, Body::from(body.to_string())).await
}

/// Asserts what holds for every answer, and says which origin is allowed to read it.
fn allowed(answer: &Answer) -> &str {
    assert_eq!(answer.header("vary"), "Origin");
    assert!(
        !answer
            .headers
            .contains_key("access-control-allow-credentials")
    );
    assert!(
        answer
            .headers
            .get_all("access-control-allow-origin")
            .iter()
            .count()
            <= 1
    );
    answer.header("access-control-allow-origin")
}

#[tokio::test] // R68
async fn only_the_exact_origin_is_allowed() {
    let kit = kit().await;
    let token = kit.token(U1).await;
    for origin in [
        "https://good.example.evil",
        "https://evilgood.example",
        "https://sub.good.example",
        "https://good.exampl",
        "https://good.example.",
        "http://good.example",
        "https://good.example:443",
        "https://good.example:444",
        "https://good.example/",
        "https://good.example/path",
        "https://GOOD.example",
        "HTTPS://good.example",
        "https://user@good.example",
        "https://good.example@evil.example",
        "https://good.example https://evil.example",
        "https://good.example,https://evil.example",
        "https://g\u{f6}\u{f6}d.example",
        "https://good.example\t",
        "https:good.example",
        "//good.example",
        "good.example",
        "null",
        "*",
        "",
        "file://",
        "chrome-extension://good.example",
        "http://localhost:3001",
        "https://localhost:3000",
        "http://127.0.0.1:3000",
    ] {
        let asked = preflight(&kit, origin).await;
        assert_eq!(allowed(&asked), "", "{origin}");
        assert!(asked.status == 204 || !origin.is_ascii(), "{origin}");
        assert!(!asked.headers.contains_key("access-control-allow-methods"));
        assert_eq!(allowed(&get(&kit, &token, origin).await), "", "{origin}");
    }
    for long in [
        format!("https://{}.example", "a".repeat(400)),
        "x".repeat(8000),
    ] {
        assert_eq!(allowed(&preflight(&kit, &long).await), "");
    }
    for origin in [
        "https://good.example\r\nset-cookie: a=b",
        "https://good.example\0",
    ] {
        assert!(
            HeaderValue::from_bytes(origin.as_bytes()).is_err(),
            "no header can say it"
        );
    }
}

#[tokio::test] // R68
async fn an_allowed_origin_is_told_so_in_preflight_and_answer() {
    let kit = kit().await;
    let token = kit.token(U1).await;
    for origin in [GOOD, DEPLOYMENT] {
        let asked = preflight(&kit, origin).await;
        assert_eq!((asked.status.as_u16(), allowed(&asked)), (204, origin));
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(
                asked
                    .header("access-control-allow-methods")
                    .contains(method)
            );
        }
        let names = asked.header("access-control-allow-headers");
        assert!(names.contains("authorization") && names.contains("content-type"));
        assert_eq!(asked.header("access-control-max-age"), "600");

        let answer = get(&kit, &token, origin).await;
        assert_eq!((answer.status.as_u16(), allowed(&answer)), (200, origin));
        assert!(
            answer
                .header("access-control-expose-headers")
                .contains("x-request-id")
        );
        // A page must be able to read why it was refused.
        let refused = get(&kit, "x", origin).await;
        assert_eq!((refused.status.as_u16(), allowed(&refused)), (401, origin));
        let missing = request("", "GET", "/nothing").header(header::ORIGIN, origin);
        assert_eq!(allowed(&kit.send(missing, Body::empty()).await), origin);
    }
}

#[tokio::test] // R68
async fn every_answer_varies_by_origin() {
    let kit = kit().await;
    let token = kit.token(U1).await;
    for path in [
        "/health",
        "/ready",
        "/docs",
        "/login/me",
        "/chat/sessions",
        "/nothing",
    ] {
        for token in ["", &token] {
            assert_eq!(allowed(&kit.get(token, path).await), "", "{path}");
        }
    }
    // It is the same for everybody.
    assert_eq!(allowed(&kit.get("", "/openapi.json").await), "*");
    let elsewhere =
        request("", "GET", "/openapi.json").header(header::ORIGIN, "https://editor.example");
    assert_eq!(allowed(&kit.send(elsewhere, Body::empty()).await), "*");
    let streamed = kit
        .post(
            &token,
            "/chat",
            json!({ "message": "Hello?", "stream": true }),
        )
        .await;
    assert_eq!(streamed.header("content-type"), "text/event-stream");
    assert_eq!(allowed(&streamed), "");
    let plain = kit
        .send(request("", "OPTIONS", "/chat"), Body::empty())
        .await;
    assert_eq!(plain.problem(405), "method_not_allowed");
    assert_eq!(allowed(&plain), "");
}

#[tokio::test] // R68
async fn a_token_does_not_work_on_another_tenants_page() {
    let kit = kit().await;
    let (one, two) = (kit.token(U1).await, kit.token(V1).await);
    for (token, foreign, own) in [(&one, OTHER, GOOD), (&two, GOOD, OTHER)] {
        let refused = get(&kit, token, foreign).await;
        assert_eq!(refused.problem(403), "origin_not_allowed");
        assert_eq!(allowed(&refused), "");
        let streamed = request(token, "POST", "/chat")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ORIGIN, foreign);
        let body = json!({ "message": "Hello?", "stream": true }).to_string();
        let refused = kit.send(streamed, Body::from(body)).await;
        assert_eq!(refused.problem(403), "origin_not_allowed");
        assert_eq!(allowed(&refused), "");
        for fine in [own, DEPLOYMENT] {
            let answer = get(&kit, token, fine).await;
            assert_eq!((answer.status.as_u16(), allowed(&answer)), (200, fine));
        }
    }
    let stored: i64 = sqlx::query_scalar("select count(*) from parlance.chat_messages")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(stored, 0);
}

#[tokio::test] // R68
async fn a_login_that_names_a_tenant_must_come_from_its_page() {
    let kit = kit().await;
    for origin in [OTHER, "https://evil.example", "null", "http://good.example"] {
        let refused = login(&kit, U1, Some("one"), origin).await;
        assert_eq!(refused.problem(403), "origin_not_allowed", "{origin}");
        assert_eq!(allowed(&refused), "");
    }
    for origin in [GOOD, DEPLOYMENT] {
        let answer = login(&kit, U1, Some("one"), origin).await;
        assert_eq!((answer.status.as_u16(), allowed(&answer)), (200, origin));
    }
    let wrong = login(&kit, V1, Some("one"), GOOD).await;
    assert_eq!(wrong.problem(401), "invalid_credentials");
    assert_eq!(allowed(&wrong), GOOD, "the page may read why");
}

#[tokio::test] // R68
async fn the_page_decides_which_tenant_a_login_means() {
    let kit = kit().await;
    let answer = login(&kit, V1, None, OTHER).await;
    assert_eq!(answer.json["tenant"]["slug"], "two", "{}", answer.text);
    assert_eq!(allowed(&answer), OTHER);
    let elsewhere = login(&kit, V1, None, GOOD).await;
    assert_eq!(elsewhere.problem(401), "invalid_credentials");
}

#[tokio::test] // R68
async fn a_suspended_tenants_origin_is_allowed_no_more() {
    let kit = kit().await;
    sqlx::query("update parlance.tenants set status = 'suspended' where id = $1")
        .bind(T2)
        .execute(&kit.pool)
        .await
        .unwrap();
    assert_eq!(allowed(&preflight(&kit, OTHER).await), "");
}
