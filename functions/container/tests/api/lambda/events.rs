//! What fronts make of a request before a function sees it, and what a function must not mind.

use crate::kit::{
    Kit, PASSWORD, U1,
    lambda::{
        event::{Event, SHAPES, Shape},
        functions::Function,
    },
};
use serde_json::{Value, json};

fn login() -> Value {
    json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD })
}

#[tokio::test]
async fn a_body_in_base64_is_the_body() {
    let kit = Kit::new().await;
    let mut function = Function::start("login", &kit, &[]).await;
    for shape in SHAPES {
        let event = Event::new(shape, "POST", "/login").json(&login()).base64();
        let answer = function.invoke(event).await;
        assert_eq!(answer.status(), 200, "{shape:?}");
        answer.text().await;
        let form = format!("username={}&password={PASSWORD}&client_id=one", U1.email);
        let event = Event::new(shape, "POST", "/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.replace(' ', "+"))
            .base64();
        let answer = function.invoke(event).await;
        assert_eq!(answer.status(), 200, "{shape:?}");
        answer.text().await;
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused() {
    let kit = Kit::new().await;
    let mut function = Function::start("login", &kit, &[]).await;
    for shape in SHAPES {
        for (media, status, code) in [
            ("application/json", 400, "malformed_request"),
            ("image/png", 415, "unsupported_media_type"),
        ] {
            let event = Event::new(shape, "POST", "/login")
                .header("content-type", media)
                .body([0x89, 0x50, 0, 0xff, 0xfe, 0x0a])
                .base64();
            let answer = function.invoke(event).await;
            assert_eq!(answer.status(), status, "{shape:?} {media}");
            let (text, _) = answer.text().await;
            assert!(text.contains(code), "{text}");
        }
    }
}

#[tokio::test]
async fn every_line_of_a_repeated_header_counts() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let mut function = Function::start("chat", &kit, &[]).await;
    let question = json!({ "message": "Hello?" });
    for shape in SHAPES {
        for lines in [
            ["text/event-stream", "application/json"],
            ["application/json", "text/event-stream"],
        ] {
            let event = Event::new(shape, "POST", "/chat").token(&token);
            let event = event.header("accept", lines[0]).header("accept", lines[1]);
            let answer = function.invoke(event.json(&question)).await;
            let media = answer.header("content-type");
            assert_eq!(media, "text/event-stream", "{shape:?} {lines:?}");
            let (text, _) = answer.text().await;
            assert!(text.contains("event: done"), "{text}");
        }
        let event = Event::new(shape, "GET", "/chat/sessions").token(&token);
        let answer = function.invoke(event.token("another")).await;
        assert_eq!(answer.status(), 401, "{shape:?}: whose token counts?");
        answer.text().await;
    }
}

#[tokio::test]
async fn a_parameter_may_be_encoded_and_repeated() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let mut function = Function::start("chat", &kit, &[]).await;
    for shape in SHAPES {
        for (query, status, holds) in [
            ("limit=%35", 200, "items"),
            ("limit=%2B5", 200, "items"),
            ("limit=+5", 422, r#""field":"limit""#),
            ("limit=1&limit=2", 422, "must not be given twice"),
            ("cursor=%20%26limit%3D1", 422, r#""field":"cursor""#),
            ("%73ize=1", 422, r#""field":"size""#),
        ] {
            let path = format!("/chat/sessions?{query}");
            let event = Event::new(shape, "GET", &path).token(&token);
            let answer = function.invoke(event).await;
            assert_eq!(answer.status(), status, "{shape:?} {query}");
            let (text, _) = answer.text().await;
            assert!(text.contains(holds), "{shape:?} {query}: {text}");
        }
    }
}

#[tokio::test]
async fn cookies_are_no_hindrance() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let mut function = Function::start("login", &kit, &[]).await;
    for shape in SHAPES {
        let event = Event::new(shape, "GET", "/login/me").token(&token);
        let event = event.cookie("theme=dark").cookie("access_token=another");
        let answer = function.invoke(event).await;
        assert_eq!(answer.status(), 200, "{shape:?}");
        assert_eq!(answer.prelude["cookies"], json!([]));
        answer.text().await;
    }
}

#[tokio::test]
async fn no_answer_has_two_values_for_a_header() {
    let kit = Kit::new().await;
    let mut function = Function::start("login", &kit, &[]).await;
    let origin = |event: Event| event.header("origin", "http://localhost:3000");
    for shape in SHAPES {
        for (method, path) in [
            ("GET", "/login/me"),
            ("OPTIONS", "/login"),
            ("PUT", "/login"),
        ] {
            let event = Event::new(shape, method, path);
            let event = origin(event).header("access-control-request-method", "POST");
            let answer = function.invoke(event).await;
            // A front makes of a list of values what it likes: one of them, or a failure.
            let headers = answer.headers();
            assert!(
                headers
                    .iter()
                    .any(|(name, value)| name == "vary" && value == "Origin")
            );
            answer.text().await;
        }
    }
}

#[tokio::test]
async fn what_a_function_cannot_read_does_not_end_it() {
    let kit = Kit::new().await;
    let mut function = Function::start("login", &kit, &[]).await;
    for shape in SHAPES {
        let event = |path: &str| Event::new(shape, "GET", path);
        for bad in [
            event("/health").header("host", "exa mple.org"),
            event("/health").header("host", "[::1"),
            event("/health").header("x-forwarded-proto", "::"),
            event("/health").header("x-request-id", "\u{7f}"),
            event("/health?<a>=^"),
            event("/hea^lth{}"),
            event("no-slash"),
        ] {
            let what = format!("{bad:?}");
            match function.try_invoke(bad).await {
                // The front answers 502.
                Err(why) => assert!(!why.is_empty(), "{what}"),
                Ok(answer) => {
                    assert!(answer.status() < 500, "{what}");
                    answer.text().await;
                }
            }
            let next = function.invoke(event("/health")).await;
            assert_eq!(next.status(), 200, "after {what}");
            next.text().await;
        }
    }
}

#[test]
fn events_are_as_the_fronts_make_them() {
    let event = |shape| {
        let event = Event::new(shape, "GET", "/chat?a=%C3%B6+b&a=2").source_ip("198.51.100.7");
        let event = event.header("x-forwarded-for", "203.0.113.9");
        let event = event.header("accept", "a/b").header("accept", "c/d");
        event.stage("live").cookie("e=1").cookie("f=2").build()
    };
    let url = event(Shape::Url);
    assert_eq!(url["rawPath"], "/live/chat");
    assert_eq!(url["rawQueryString"], "a=%C3%B6+b&a=2");
    assert_eq!(url["headers"]["accept"], "a/b,c/d");
    assert_eq!(url["cookies"], json!(["e=1", "f=2"]));
    assert_eq!(url["requestContext"]["http"]["sourceIp"], "198.51.100.7");
    let rest = event(Shape::Rest);
    assert_eq!(rest["path"], "/chat");
    assert_eq!(rest["requestContext"]["path"], "/live/chat");
    assert_eq!(rest["headers"]["accept"], "c/d");
    assert_eq!(rest["multiValueHeaders"]["accept"], json!(["a/b", "c/d"]));
    assert_eq!(rest["queryStringParameters"]["a"], "2");
    assert_eq!(
        rest["multiValueQueryStringParameters"]["a"],
        json!(["ö b", "2"])
    );
    assert_eq!(
        rest["requestContext"]["identity"]["sourceIp"],
        "198.51.100.7"
    );
    assert_eq!(rest["headers"]["x-forwarded-for"], "203.0.113.9");
}
