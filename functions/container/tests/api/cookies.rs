//! Logins in cookies, where the deployment wants them: out of reach of scripts, and of every other page.

use crate::kit::{Answer, Kit, PASSWORD, U1, request};
use axum::{body::Body, http::header};
use serde_json::{Value, json};

const PATH: &str = "/login/cookie";
const OWN: &str = "https://console.example";

async fn kit() -> Kit {
    Kit::with([
        ("LOGIN_COOKIES", "on"),
        ("BACKEND_CORS_ORIGINS", "https://console.example"),
    ])
    .await
}

async fn refresh_token(kit: &Kit) -> String {
    let body = json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD });
    let pair = kit.post("", "/login", body).await;
    assert_eq!(pair.header("set-cookie"), "");
    pair.json["refresh_token"].as_str().unwrap().to_owned()
}

/// A request as a page of that origin sends it, with what the browser has kept.
struct Asks<'a> {
    origin: Option<&'a str>,
    header: bool,
    cookie: Option<&'a str>,
}

const PAGE: Asks<'static> = Asks {
    origin: Some(OWN),
    header: true,
    cookie: None,
};

async fn ask(kit: &Kit, method: &str, asks: Asks<'_>, body: Value) -> Answer {
    let mut asked = request("", method, PATH);
    if let Some(origin) = asks.origin {
        asked = asked.header(header::ORIGIN, origin);
    }
    if asks.header {
        asked = asked.header("x-login-cookie", "1");
    }
    if let Some(cookie) = asks.cookie {
        asked = asked.header(header::COOKIE, format!("other=1; __Host-rt={cookie}"));
    }
    if body.is_null() {
        return kit.send(asked, Body::empty()).await;
    }
    let asked = asked.header(header::CONTENT_TYPE, "application/json");
    kit.send(asked, Body::from(body.to_string())).await
}

/// What the browser keeps of an answer.
fn kept(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    let value = cookie
        .strip_prefix("__Host-rt=")
        .unwrap_or_else(|| panic!("{cookie}"));
    let (value, attributes) = value.split_once("; ").unwrap();
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(attributes.split("; ").any(|a| a == attribute), "{cookie}");
    }
    assert!(!attributes.contains("Domain"), "{cookie}");
    value.to_owned()
}

async fn keep(kit: &Kit) -> String {
    let body = json!({ "refresh_token": refresh_token(kit).await });
    let answer = ask(kit, "PUT", PAGE, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    kept(&answer)
}

#[tokio::test] // R69
async fn a_login_is_kept_renewed_and_forgotten_and_no_body_has_its_refresh_token() {
    let kit = kit().await;
    let first = keep(&kit).await;
    let renewed = ask(
        &kit,
        "POST",
        Asks {
            cookie: Some(&first),
            ..PAGE
        },
        Value::Null,
    )
    .await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
    let second = kept(&renewed);
    assert_ne!(first, second);
    assert!(!renewed.text.contains(&second) && renewed.json["refresh_token"].is_null());
    let token = renewed.json["access_token"].as_str().unwrap();
    assert_eq!(kit.get(token, "/login/me").await.status, 200);

    let gone = ask(
        &kit,
        "DELETE",
        Asks {
            cookie: Some(&second),
            ..PAGE
        },
        Value::Null,
    )
    .await;
    assert_eq!(gone.status, 204);
    assert_eq!(kept(&gone), "");
    let over = ask(
        &kit,
        "POST",
        Asks {
            cookie: Some(&second),
            ..PAGE
        },
        Value::Null,
    )
    .await;
    assert_eq!(over.status, 401, "{}", over.text);
    assert_eq!(kept(&over), "");
}

#[tokio::test] // R69
async fn who_asks_from_elsewhere_or_without_the_header_gets_nothing_and_changes_nothing() {
    let kit = kit().await;
    let cookie = keep(&kit).await;
    for (origin, header) in [
        (Some(OWN), false),
        (None, true),
        (Some("null"), true),
        (Some("https://evil.example"), true),
        (Some("https://console.example.evil"), true),
        (Some("http://console.example"), true),
        (Some("https://console.example:444"), true),
    ] {
        for method in ["PUT", "POST", "DELETE"] {
            let body = match method {
                "PUT" => json!({ "refresh_token": "x" }),
                _ => Value::Null,
            };
            let cookie = Some(&*cookie);
            let asks = Asks {
                origin,
                header,
                cookie,
            };
            let refused = ask(&kit, method, asks, body).await;
            assert_eq!(
                refused.problem(403),
                "origin_not_allowed",
                "{method} {origin:?}"
            );
            assert_eq!(refused.header("set-cookie"), "");
            assert_eq!(refused.header("access-control-allow-credentials"), "");
        }
    }
    // The login goes on as if nothing had been.
    let renewed = ask(
        &kit,
        "POST",
        Asks {
            cookie: Some(&cookie),
            ..PAGE
        },
        Value::Null,
    )
    .await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);
}

#[tokio::test] // R16 R69
async fn two_tabs_that_renew_at_once_both_go_on() {
    let kit = kit().await;
    let cookie = keep(&kit).await;
    let renew = || {
        ask(
            &kit,
            "POST",
            Asks {
                cookie: Some(&cookie),
                ..PAGE
            },
            Value::Null,
        )
    };
    let (one, other) = tokio::join!(renew(), renew());
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
    assert_eq!(kept(&one), kept(&other));
}

#[tokio::test] // R69
async fn without_the_setting_there_are_none() {
    let kit = Kit::with([("BACKEND_CORS_ORIGINS", "https://console.example")]).await;
    let token = refresh_token(&kit).await;
    for (method, body) in [
        ("PUT", json!({ "refresh_token": token })),
        ("POST", Value::Null),
        ("DELETE", Value::Null),
    ] {
        let none = ask(&kit, method, PAGE, body).await;
        assert_eq!(none.status, 404);
        assert_eq!(none.header("set-cookie"), "");
    }
}

#[tokio::test] // R69
async fn a_cookie_lets_nobody_in_anywhere_else() {
    let kit = kit().await;
    let cookie = keep(&kit).await;
    let asked = request("", "GET", "/login/me")
        .header(header::COOKIE, format!("__Host-rt={cookie}"))
        .header(header::ORIGIN, OWN);
    let answer = kit.send(asked, Body::empty()).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test] // R53, R54
async fn a_body_is_checked_as_everywhere() {
    let kit = kit().await;
    let token = refresh_token(&kit).await;
    let bad = [
        (json!({}), "refresh_token"),
        (json!({ "refresh_token": 1 }), "refresh_token"),
        (json!({ "refresh_token": token, "zzz": "a" }), "zzz"),
        (json!({ "refresh_token": "a\0b" }), "body"),
    ];
    for (body, field) in bad {
        let refused = ask(&kit, "PUT", PAGE, body).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert_eq!(refused.fields(), [field], "{}", refused.text);
    }
    let long = json!({ "refresh_token": "x".repeat(4 * 1024) });
    let refused = ask(&kit, "PUT", PAGE, long).await;
    assert_eq!(refused.problem(413), "too_large");
}
