//! Asking again, and when not to.

use std::time::Duration;

use ai::{Client, Embedder, Error, Timeouts};
use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::{
    ask, collect, complete_hi, done, keyed, options,
    server::{self, END, Server, chunks, delta, status},
    stream_hi,
};

fn good() -> Response {
    chunks([delta("Hi."), END.to_owned()])
}

type Answer = Box<dyn Fn() -> Response + Send + Sync>;

fn statuses(codes: &[u16]) -> Vec<Answer> {
    let status = |&code: &u16| -> Answer { Box::new(move || status(code, "{}")) };
    codes.iter().map(status).collect()
}

#[tokio::test] // R72
async fn what_may_pass_is_tried_twice_more() {
    for code in [408, 429, 500, 502, 503, 504, 529] {
        for stream in [true, false] {
            let mut answers = statuses(&[code, code]);
            answers.push(Box::new(good));
            let server = Server::in_turn(answers).await;
            let client = server.client();
            let (text, end) = match stream {
                true => stream_hi(&client).await,
                false => complete_hi(&client).await,
            };
            assert_eq!((text.as_str(), end), ("Hi.", done(5, 2, true)), "{code}");
            let seen = server.seen();
            assert_eq!(seen.len(), 3);
            assert!(seen.iter().all(|one| one.body == seen[0].body));
        }
        let server = Server::always(move || status(code, "{}")).await;
        stream_hi(&server.client()).await.1.unwrap_err();
        assert_eq!(server.seen().len(), 3, "and no more");
    }
}

#[tokio::test] // R72
async fn what_will_not_pass_is_tried_once() {
    for code in [301, 400, 401, 402, 403, 404, 413, 422] {
        let server = Server::always(move || status(code, "{}")).await;
        stream_hi(&server.client()).await.1.unwrap_err();
        assert_eq!(server.seen().len(), 1, "{code}");
    }
}

#[tokio::test] // R72
async fn an_answer_that_has_begun_is_not_asked_for_again() {
    let broken = || {
        // The pause lets the first piece out before the connection breaks.
        let rest = stream::once(tokio::time::sleep(Duration::from_millis(50)));
        let rest = rest.map(|()| Err(std::io::Error::other("the plug was pulled")));
        let first = stream::iter([Ok(delta("Hel").into_bytes())]);
        Body::from_stream(first.chain(rest)).into_response()
    };
    for answer in [
        Box::new(broken) as Answer,
        Box::new(|| chunks([delta("Hel")])),
        Box::new(|| chunks([delta("Hel") + "data: {\"error\":\"busy\"}\n\n"])),
    ] {
        let server = Server::in_turn(vec![answer, Box::new(good)]).await;
        let (text, end) = stream_hi(&server.client()).await;
        assert_eq!((text.as_str(), end), ("Hel", Err(Error::Interrupted)));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test] // R72
async fn a_wait_that_is_asked_for_is_kept_or_passed_on() {
    let limited = |wait: &'static str| -> Answer {
        Box::new(move || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", wait)]).into_response())
    };
    let server = Server::in_turn(vec![limited("0.01"), Box::new(good)]).await;
    assert_eq!(stream_hi(&server.client()).await.1, done(5, 2, true));
    let server = Server::in_turn(vec![limited("11"), Box::new(good)]).await;
    let retry_after = Some(Duration::from_secs(11));
    let error = Error::RateLimited { retry_after };
    assert_eq!(stream_hi(&server.client()).await.1, Err(error));
    assert_eq!(server.seen().len(), 1);
    // Not past the time that there is for all of it.
    let server = Server::in_turn(vec![limited("9"), limited("9"), Box::new(good)]).await;
    let short = Duration::from_millis(200);
    let client = server.client_with(Timeouts {
        total: short,
        complete: short,
        ..Timeouts::default()
    });
    assert_eq!(stream_hi(&client).await.1, Err(Error::Timeout));
    assert_eq!(complete_hi(&client).await.1, Err(Error::Timeout));
    assert!(server.seen().len() <= 2);
}

#[tokio::test] // R72, R74
async fn a_provider_that_is_down_is_not_flooded() {
    let server = Server::always(|| status(503, "{}")).await;
    let client = server.client();
    const ASKED: usize = 200;
    for _ in 0..ASKED {
        assert_eq!(stream_hi(&client).await.1, Err(Error::Unavailable));
    }
    let called = server.seen().len();
    assert!(called <= ASKED * 11 / 10, "{called}");
    assert!(called < 50, "left alone after twenty: {called}");
}

async fn with_key(client: &Client, key: &str) -> Result<ai::Event, Error> {
    let answer = client.answer(&keyed("openai", key), ask("Hi"), options(), true);
    collect(answer).await.1
}

#[tokio::test] // R74
async fn a_refused_key_is_nobody_else_s_loss() {
    let server = Server::start(|seen| {
        Some(match seen.header("authorization") {
            "Bearer sk-good" => good(),
            _ => status(401, "{}"),
        })
    })
    .await;
    let client = server.client();
    for _ in 0..20 {
        assert_eq!(with_key(&client, "sk-bad").await, Err(Error::Auth));
        assert_eq!(with_key(&client, "sk-good").await, done(5, 2, true));
    }
    let seen = server.seen();
    let bad = seen
        .iter()
        .filter(|one| one.header("authorization") == "Bearer sk-bad");
    assert_eq!(bad.count(), 5);
}

#[tokio::test] // R72
async fn embeddings_are_asked_for_again() {
    let vectors = || -> Value { json!({"data": [{"index": 0, "embedding": [0.5]}]}) };
    let mut answers = statuses(&[503, 429]);
    answers.push(Box::new(move || server::json(vectors())));
    let server = Server::in_turn(answers).await;
    let by = Embedder {
        endpoint: "openai".to_owned(),
        key: Some("sk-embed".to_owned().into()),
        model: "small".to_owned(),
    };
    let found = server.client().embed(&by, &["a".to_owned()]).await;
    assert_eq!(found.vectors, Ok(vec![vec![0.5]]));
    assert_eq!(server.seen().len(), 3);
}
