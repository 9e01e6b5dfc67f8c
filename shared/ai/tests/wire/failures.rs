//! Refusals, redirects and answers that make no sense.

use std::time::Duration;

use ai::{Client, Endpoints, Error, Timeouts};
use axum::{http::StatusCode, response::IntoResponse};
use serde_json::json;

use crate::{
    CANARY, ask, collect, complete_hi, keyed, options,
    server::{Server, json, status},
    stream_hi,
};

/// The error of both modes, which must be the same.
async fn error(client: &Client) -> Error {
    let streamed = stream_hi(client).await.1.unwrap_err();
    assert_eq!(complete_hi(client).await.1, Err(streamed.clone()));
    streamed
}

#[tokio::test]
async fn each_status_has_its_error() {
    for (code, expected) in [
        (400, Error::Rejected),
        (401, Error::Auth),
        (402, Error::Misconfigured),
        (403, Error::Auth),
        (404, Error::Misconfigured),
        (422, Error::Rejected),
        (500, Error::Unavailable),
        (503, Error::Unavailable),
    ] {
        let server = Server::always(move || status(code, "{}")).await;
        assert_eq!(error(&server.client()).await, expected, "{code}");
    }
}

#[tokio::test]
async fn a_question_that_is_refused_is_no_bad_key() {
    let flagged = r#"{"error":{"code":403,"message":"flagged","metadata":{"reasons":["violence"],"flagged_input":"Hi"}}}"#;
    let server = Server::always(move || status(403, flagged)).await;
    assert_eq!(error(&server.client()).await, Error::Content);
}

#[tokio::test]
async fn a_rate_limit_says_how_long() {
    let limited = || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "20")]).into_response();
    let server = Server::always(limited).await;
    let error = error(&server.client()).await;
    let retry_after = Some(Duration::from_secs(20));
    assert_eq!(error, Error::RateLimited { retry_after });
    assert!(error.retryable());
}

// R61
#[tokio::test]
async fn an_echoed_key_goes_no_further() {
    let body = format!("{{\"error\":{{\"message\":\"Incorrect API key: {CANARY}\"}}}}");
    let server = Server::always(move || status(401, &body)).await;
    let error = error(&server.client()).await;
    assert_eq!(error, Error::Auth);
    assert!(!format!("{error} {error:?}").contains("canary"));
    assert_eq!(error.code(), "provider_auth_failed");
}

// R59
#[tokio::test]
async fn a_redirect_is_not_followed() {
    for code in [301, 302, 303, 307, 308] {
        let server = Server::always(move || {
            let code = StatusCode::from_u16(code).unwrap();
            (code, [("location", "/elsewhere")]).into_response()
        })
        .await;
        assert_eq!(error(&server.client()).await, Error::Invalid);
        let seen = server.seen();
        assert_eq!(seen.len(), 2, "one request in each mode");
        assert!(
            seen.iter()
                .all(|one| one.path.ends_with("chat/completions"))
        );
    }
}

#[tokio::test]
async fn nonsense_in_one_piece() {
    for (answer, expected) in [
        (json!([]), Error::Invalid),
        (json!({"choices": []}), Error::Invalid),
        (
            json!({"choices": [{"finish_reason": "stop"}]}),
            Error::Invalid,
        ),
        (json!({"error": {"message": "busy"}}), Error::Interrupted),
        (json!({"choices": [], "error": "busy"}), Error::Interrupted),
    ] {
        let server = Server::always(move || json(answer.clone())).await;
        assert_eq!(complete_hi(&server.client()).await.1, Err(expected));
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let endpoints = Endpoints::new(&base, &base, &base).unwrap();
    let timeouts = Timeouts {
        backoff: Duration::from_millis(1),
        ..Timeouts::default()
    };
    let client = Client::new(endpoints, ai::Models::new(None).unwrap(), timeouts).unwrap();
    assert_eq!(error(&client).await, Error::Unreachable);
}

#[tokio::test]
async fn a_key_that_is_no_header_is_not_sent() {
    let server = Server::always(|| status(500, "")).await;
    let provider = keyed("openai", "a\r\nhost: evil.example");
    let answer = server
        .client()
        .answer(&provider, ask("Hi"), options(), true);
    assert_eq!(collect(answer).await.1, Err(Error::Auth));
    assert!(server.seen().is_empty());
}
