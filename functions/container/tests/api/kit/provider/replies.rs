//! Chat completions as they were told to be.

use super::{Provider, Reader, Reply};
use axum::{
    Json,
    body::{Body, Bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use serde_json::json;
use std::{convert::Infallible, sync::Arc, time::Duration};

/// Answers one chat completion.
pub(super) async fn chat(provider: Provider, streamed: bool, reply: Reply) -> Response {
    match reply {
        Reply::Text(pieces) if !streamed => whole(&pieces),
        Reply::Held(pieces) if !streamed => {
            let all = u32::try_from(pieces.len()).expect("a few pieces") + 1;
            let go = provider.inner.go.acquire_many(all).await;
            go.expect("it is never closed").forget();
            whole(&pieces)
        }
        Reply::Text(pieces) => events(pieces.iter().map(|p| delta(p)).chain([end()]).collect()),
        Reply::Held(pieces) => held(provider, pieces),
        Reply::BreakAfter(pieces) => broken(pieces.iter().map(|p| delta(p)).collect()),
        Reply::Status(status, body) => {
            (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
        }
        Reply::Raw(text) => events(vec![text]),
        Reply::Silence => std::future::pending().await,
    }
}

fn whole(pieces: &[String]) -> Response {
    Json(json!({
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": pieces.concat() }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18 }
    }))
    .into_response()
}

pub(super) fn delta(text: &str) -> String {
    let chunk =
        json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }] });
    format!("data: {chunk}\n\n")
}

fn end() -> String {
    let stop = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18 } });
    format!("data: {stop}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
}

fn events(blocks: Vec<String>) -> Response {
    let body = Body::from_stream(stream::iter(
        blocks
            .into_iter()
            .map(|b| Ok::<_, Infallible>(Bytes::from(b))),
    ));
    ([("content-type", "text/event-stream")], body).into_response()
}

fn held(provider: Provider, pieces: Vec<String>) -> Response {
    let blocks: Vec<String> = pieces.iter().map(|p| delta(p)).chain([end()]).collect();
    let reader = Arc::new(Reader(provider));
    let body = stream::iter(blocks).then(move |block| {
        let reader = Arc::clone(&reader);
        let provider = reader.0.clone();
        async move {
            provider
                .inner
                .go
                .acquire()
                .await
                .expect("it is never closed")
                .forget();
            drop(reader);
            Ok::<_, Infallible>(Bytes::from(block))
        }
    });
    (
        [("content-type", "text/event-stream")],
        Body::from_stream(body),
    )
        .into_response()
}

/// Events, and then no end.
pub(super) fn broken(blocks: Vec<String>) -> Response {
    let good = blocks.into_iter().map(|b| Ok(Bytes::from(b)));
    let body = stream::iter(good).chain(stream::once(async {
        // The server sends what it has only when the next piece is not there yet.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::other("the connection breaks"))
    }));
    (
        [("content-type", "text/event-stream")],
        Body::from_stream(body),
    )
        .into_response()
}
