//! What is known of a call that came to nothing, or is dropped.

use std::time::Duration;

use ai::{Effort, Error, Event, Options, Provider, Spent, Timeouts, Usage};
use axum::response::IntoResponse;
use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::{
    ask, openai, options,
    quirks::event,
    server::{END, Server, chunks, delta, endless, status},
};

/// What the meter says once an answer has ended, in both modes, and how that was.
async fn after(server: &Server, timeouts: Timeouts) -> Vec<(Spent, Option<Error>)> {
    let client = server.client_with(timeouts);
    let mut found = Vec::new();
    for stream in [true, false] {
        let mut answer = client.answer(&openai(), ask("Hi"), options(), stream);
        let meter = answer.meter().clone();
        assert_eq!(meter.spent(), Spent::default(), "nothing is sent yet");
        let mut error = None;
        while let Some(item) = answer.next().await {
            error = item.err();
        }
        drop(answer);
        found.push((meter.spent(), error));
    }
    found
}

fn estimated(prompt_tokens: u32, completion_tokens: u32) -> Spent {
    Spent {
        usage: Usage {
            prompt_tokens,
            completion_tokens,
            ..Usage::default()
        },
        ..Spent::default()
    }
}

#[tokio::test]
async fn what_was_refused_used_nothing() {
    for code in [301, 400, 401, 429, 500] {
        let server = Server::always(move || status(code, "{}")).await;
        let times = Timeouts {
            backoff: Duration::from_millis(1),
            ..Timeouts::default()
        };
        for (spent, error) in after(&server, times).await {
            assert!(error.is_some());
            assert_eq!(spent, Spent::default(), "{code}");
        }
    }
    let nobody = Provider::Remote {
        name: "nobody".to_owned(),
        key: None,
    };
    let server = Server::always(|| status(500, "")).await;
    let mut answer = server.client().answer(&nobody, ask("Hi"), options(), true);
    assert_eq!(answer.next().await, Some(Err(Error::Rejected)));
    assert_eq!(answer.meter().spent(), Spent::default());
}

#[tokio::test]
async fn what_nobody_waited_for_was_read() {
    let server = Server::start(|_| None).await;
    let short = Duration::from_millis(200);
    let times = Timeouts {
        first_token: short,
        complete: short,
        ..Timeouts::default()
    };
    for (spent, error) in after(&server, times).await {
        assert_eq!((spent, error), (estimated(5, 0), Some(Error::Timeout)));
    }
}

#[tokio::test]
async fn what_broke_off_used_what_came_of_it() {
    let thought = event(json!({"choices": [{"delta": {"reasoning_content": "12345678"}}]}));
    let said = thought + &delta("12345678");
    let counted = |completion: u32| {
        event(
            json!({"choices": [], "model": "named", "service_tier": "flex", "usage":
            {"prompt_tokens": 9, "completion_tokens": completion,
            "prompt_tokens_details": {"cached_tokens": 4}}}),
        )
    };
    let named = |completion_tokens| Spent {
        usage: Usage {
            prompt_tokens: 9,
            cached_tokens: 4,
            completion_tokens,
            ..Usage::default()
        },
        model: Some("named".to_owned()),
        service_tier: Some("flex".to_owned()),
    };
    let error = event(json!({"error": "busy", "usage": {"prompt_tokens": 9}}));
    for (body, expected) in [
        (said.clone(), estimated(5, 4)),
        (said.clone() + &error, estimated(9, 4)),
        (said.clone() + "data: {", estimated(5, 4)),
        // Counted before the rest was written, and with what was thought but not told.
        (counted(1) + &said, named(4)),
        (said + &counted(70), named(70)),
    ] {
        let shown = body.clone();
        let server = Server::always(move || {
            ([("content-type", "text/event-stream")], body.clone()).into_response()
        })
        .await;
        for (spent, error) in after(&server, Timeouts::default()).await {
            assert_eq!(error, Some(Error::Interrupted), "{shown}");
            assert_eq!(spent, expected, "{shown}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_dropped_used_what_came_of_it() {
    let server = Server::always(|| {
        endless(stream::iter([delta("12345678").into_bytes()]).chain(stream::pending()))
    })
    .await;
    let mut answer = server
        .client()
        .answer(&openai(), ask("Hi"), options(), true);
    let meter = answer.meter().clone();
    answer.next().await.unwrap().unwrap();
    drop(answer);
    assert_eq!(meter.spent(), estimated(5, 2));
}

#[tokio::test]
async fn thoughts_that_are_not_shown_count_as_many_as_there_may_be() {
    let counted = event(
        json!({"choices": [{"delta": {"content": "12345678"}}], "usage":
        {"prompt_tokens": 5, "completion_tokens": 30}}),
    );
    let thought = event(json!({"choices": [{"delta": {"reasoning_content": "12345678"}}]}));
    let [luna, astra] = ["gpt-6-luna", "gpt-6-astra"];
    let high = Some(Effort::High);
    for (model, effort, body, tokens, thoughts) in [
        (luna, None, delta("12345678"), 2, 0),
        (luna, Some(Effort::None), delta("12345678"), 2, 0),
        (luna, high, delta("12345678"), 77, 75),
        (luna, high, thought + &delta("12345678"), 4, 0),
        (luna, high, counted, 30, 0),
        // It thinks unasked.
        (astra, None, delta("12345678"), 77, 75),
        // Nothing is known of it, so it is not asked to.
        ("some-model", high, delta("12345678"), 2, 0),
    ] {
        let shown = format!("{model} {effort:?} {body}");
        let server = Server::always(move || {
            let first = [body.clone().into_bytes()];
            endless(stream::iter(first).chain(stream::pending()))
        })
        .await;
        let client = server.client();
        let options = Options {
            model: model.to_owned(),
            effort,
            ..options()
        };
        let mut answer = client.answer(&openai(), ask("Hi"), options, true);
        let meter = answer.meter().clone();
        while !matches!(answer.next().await, Some(Ok(Event::Delta(_)))) {}
        drop(answer);
        let Usage {
            completion_tokens,
            reasoning_tokens,
            exact,
            ..
        } = meter.spent().usage;
        assert_eq!(
            (completion_tokens, reasoning_tokens, exact),
            (tokens, thoughts, false),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_model_that_could_not_begin_to_think_used_nothing() {
    let server = Server::always(|| status(400, "{}")).await;
    let options = Options {
        model: "gpt-6-astra".to_owned(),
        ..options()
    };
    let mut answer = server.client().answer(&openai(), ask("Hi"), options, true);
    assert_eq!(answer.next().await, Some(Err(Error::Rejected)));
    assert_eq!(answer.meter().spent(), Spent::default());
}

#[tokio::test]
async fn the_end_and_the_meter_say_the_same() {
    let server = Server::always(|| chunks([delta("Hi."), END.to_owned()])).await;
    for provider in [openai(), Provider::Local] {
        for stream in [true, false] {
            let mut answer = server
                .client()
                .answer(&provider, ask("Hi"), options(), stream);
            let mut told = None;
            while let Some(item) = answer.next().await {
                if let Event::Done { spent, .. } = item.unwrap() {
                    told = Some(spent);
                }
            }
            assert_eq!(told, Some(answer.meter().spent()));
        }
    }
}
