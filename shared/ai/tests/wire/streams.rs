//! Streams as real servers send them, and their early ends.

use std::{sync::Mutex, time::Duration};

use ai::{Error, Event};
use axum::{body::Body, response::IntoResponse};
use futures_util::{StreamExt, stream};
use tokio::sync::oneshot;

use crate::{
    ask, done, openai, options,
    server::{END, Server, chunks, delta, endless},
    stream_hi,
};

#[tokio::test]
async fn carriage_returns_comments_and_cut_characters() {
    let text = format!(": keep-alive\n\n{}{END}", delta("Grüß dich, 漢字 😀"));
    for text in [text.replace('\n', "\r\n"), text] {
        let bytes = text.into_bytes();
        let server = Server::always(move || chunks(bytes.chunks(1).map(<[u8]>::to_vec))).await;
        let (text, end) = stream_hi(&server.client()).await;
        assert_eq!(text, "Grüß dich, 漢字 😀");
        assert_eq!(end, done(5, 2, true));
    }
}

#[tokio::test]
async fn without_a_count_the_usage_is_estimated() {
    let reason = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let server = Server::always(move || chunks([delta("12345678"), reason.to_owned()])).await;
    let (_, end) = stream_hi(&server.client()).await;
    assert_eq!(end, done(5, 2, false));
}

#[tokio::test]
async fn an_early_end_is_an_interruption() {
    let server = Server::always(|| chunks([delta("Hel")])).await;
    let (text, end) = stream_hi(&server.client()).await;
    assert_eq!((text.as_str(), end), ("Hel", Err(Error::Interrupted)));
}

#[tokio::test]
async fn a_broken_connection_is_an_interruption() {
    let server = Server::always(|| {
        // The pause lets the first piece out before the connection breaks.
        let rest = stream::once(tokio::time::sleep(Duration::from_millis(50)));
        let rest = rest.map(|()| Err(std::io::Error::other("the plug was pulled")));
        let first = stream::iter([Ok(delta("Hel").into_bytes())]);
        Body::from_stream(first.chain(rest)).into_response()
    })
    .await;
    let (text, end) = stream_hi(&server.client()).await;
    assert_eq!((text.as_str(), end), ("Hel", Err(Error::Interrupted)));
}

#[tokio::test]
async fn an_error_in_the_middle_is_an_interruption() {
    let error = "data: {\"error\":{\"message\":\"sk-canary-0123456789\",\"code\":500}}\n\n";
    let server = Server::always(move || chunks([delta("Hel"), error.to_owned()])).await;
    let (text, end) = stream_hi(&server.client()).await;
    assert_eq!((text.as_str(), end), ("Hel", Err(Error::Interrupted)));
}

#[tokio::test]
async fn nothing_after_the_end_is_read() {
    let server = Server::always(|| {
        let first = stream::iter([delta("Hi").into_bytes(), END.as_bytes().to_vec()]);
        endless(first.chain(stream::pending()))
    })
    .await;
    let (text, end) = stream_hi(&server.client()).await;
    assert_eq!((text.as_str(), end), ("Hi", done(5, 2, true)));
}

#[tokio::test]
async fn dropping_the_answer_ends_the_request() {
    let (alive, gone) = oneshot::channel::<()>();
    let alive = Mutex::new(Some(alive));
    let server = Server::always(move || {
        let alive = alive.lock().unwrap().take();
        endless(stream::unfold(alive, |alive| async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Some((delta("tick").into_bytes(), alive))
        }))
    })
    .await;
    let client = server.client();
    let mut answer = client.answer(&openai(), ask("Hi"), options(), true);
    let tick = Event::Delta("tick".to_owned());
    assert_eq!(answer.next().await, Some(Ok(tick)));
    drop(answer);
    assert!(gone.await.is_err(), "the server's stream is dropped");
}
