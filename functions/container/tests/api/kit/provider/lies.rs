//! Answers that no provider should give, and some do. They begin with a word of the question, where they can.

use super::replies::{broken, delta};
use axum::{
    Json,
    body::{Body, Bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use serde_json::json;
use std::{convert::Infallible, future::pending, time::Duration};
use tokio::time::sleep;

/// How it misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It says nothing, ever.
    Silence,
    /// It leaves in the middle of an event.
    HalfAnEvent,
    /// What should be JSON is not.
    NoJson,
    /// It sends a page.
    Page,
    /// It never ends, and says nothing.
    Endless,
    /// It says with status 200 that it failed.
    GoodError,
    /// It fails as it should.
    Failure,
}

/// A chat completion.
pub(super) async fn chat(lie: Lie, streamed: bool, words: &[String]) -> Response {
    let said = words.first().map(|word| delta(word)).unwrap_or_default();
    let error =
        json!({ "error": { "message": "The engine is overloaded.", "type": "server_error" } });
    let as_sent = |text: &str| match streamed {
        true => events(format!("{said}{text}")),
        false => ([("content-type", "application/json")], text.to_owned()).into_response(),
    };
    match lie {
        Lie::Silence => pending().await,
        Lie::HalfAnEvent => broken(vec![said, r#"data: {"choices":[{"delta":{"con"#.to_owned()]),
        Lie::NoJson => as_sent("data: {\"choices\":[{\"delta\":{\"content\":}}]\n\n"),
        Lie::Page => {
            let page = "<!doctype html><title>Sign in</title><p>Sign in to the network.";
            ([("content-type", "text/html")], page).into_response()
        }
        Lie::Endless => endless(streamed, said),
        Lie::GoodError if streamed => as_sent(&format!("data: {error}\n\n")),
        Lie::GoodError => as_sent(&error.to_string()),
        Lie::Failure => (StatusCode::INTERNAL_SERVER_ERROR, Json(error)).into_response(),
    }
}

/// Embeddings, and what is asked of an index.
pub(super) async fn about_vectors(lie: Lie) -> Response {
    match lie {
        Lie::Silence | Lie::Endless => pending().await,
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn events(text: String) -> Response {
    ([("content-type", "text/event-stream")], text).into_response()
}

/// Signs of life, for ever.
fn endless(streamed: bool, said: String) -> Response {
    let (kind, begin, more) = match streamed {
        true => (
            "text/event-stream",
            said,
            "data: {\"choices\":[{\"delta\":{}}]}\n\n",
        ),
        false => ("application/json", " ".to_owned(), " "),
    };
    let more = stream::repeat(more).then(|text| async move {
        sleep(Duration::from_millis(50)).await;
        Bytes::from(text)
    });
    let all = stream::once(async { Bytes::from(begin) }).chain(more);
    let body = Body::from_stream(all.map(Ok::<_, Infallible>));
    ([("content-type", kind)], body).into_response()
}
