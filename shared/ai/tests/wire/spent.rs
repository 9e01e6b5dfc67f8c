//! What a call used: the parts of its counts, the names in its answer, and what is known of one that came to nothing.

use std::time::Duration;

use ai::{Error, Event, Provider, Spent, Timeouts, Usage};
use axum::response::IntoResponse;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::{
    ask, openai, options,
    quirks::{event, of, stop},
    server::{END, Server, chunks, delta, endless, status},
};

/// The text "Hi.", with `more` in the object that says so.
fn hi_with(more: Value) -> String {
    let mut hi = json!({"choices": [{"delta": {"content": "Hi."}, "finish_reason": "stop"}]});
    let fields = more.as_object().unwrap().clone();
    hi.as_object_mut().unwrap().extend(fields);
    event(hi)
}

async fn spent(body: String) -> Spent {
    let (_, text, end) = of(body).await;
    match end {
        Ok(Event::Done { spent, .. }) if text == "Hi." => spent,
        other => panic!("{other:?} after {text:?}"),
    }
}

async fn usage(usage: Value) -> Usage {
    spent(hi_with(json!({ "usage": usage }))).await.usage
}

fn exact(prompt: [u32; 3], completion: [u32; 2]) -> Usage {
    let [prompt_tokens, cached_tokens, cache_write_tokens] = prompt;
    let [completion_tokens, reasoning_tokens] = completion;
    Usage {
        prompt_tokens,
        cached_tokens,
        cache_write_tokens,
        completion_tokens,
        reasoning_tokens,
        exact: true,
    }
}

#[tokio::test]
async fn the_parts_of_counts_are_read() {
    let wholes = |more: Value| {
        let mut all = json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120});
        let fields = more.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(fields);
        all
    };
    for (more, prompt, completion) in [
        (json!({}), [100, 0, 0], [20, 0]),
        (
            json!({"prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 15}}),
            [100, 60, 30],
            [20, 15],
        ),
        // DeepSeek.
        (
            json!({"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}),
            [100, 64, 0],
            [20, 0],
        ),
        (
            json!({"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": 64}}),
            [100, 64, 0],
            [20, 0],
        ),
        (
            json!({"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": 0}}),
            [100, 64, 0],
            [20, 0],
        ),
        // Parts that are more than their whole.
        (
            json!({"prompt_tokens_details": {"cached_tokens": 101, "cache_write_tokens": 5},
                "completion_tokens_details": {"reasoning_tokens": 21}}),
            [100, 100, 0],
            [20, 20],
        ),
        (
            json!({"prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 60}}),
            [100, 60, 40],
            [20, 0],
        ),
        // What is no count.
        (
            json!({"prompt_tokens_details": null, "completion_tokens_details": "15"}),
            [100, 0, 0],
            [20, 0],
        ),
        (
            json!({"prompt_tokens_details": {"cached_tokens": -1, "cache_write_tokens": 1.5},
                "completion_tokens_details": {"reasoning_tokens": "15"}}),
            [100, 0, 0],
            [20, 0],
        ),
        (
            json!({"prompt_tokens_details": {"cached_tokens": 1_000_000_000_000_u64, "cache_write_tokens": null},
                "completion_tokens_details": {"reasoning_tokens": [15]}}),
            [100, 0, 0],
            [20, 0],
        ),
    ] {
        let found = usage(wholes(more.clone())).await;
        assert_eq!(found, exact(prompt, completion), "{more}");
    }
}

#[tokio::test]
async fn no_provider_works_for_nothing() {
    // "Hi" with its delimiters is five tokens, and "Hi." one.
    let estimated = exact([5, 0, 0], [1, 0]);
    for odd in [
        json!({"prompt_tokens": 0, "completion_tokens": 0}),
        json!({"prompt_tokens": 1_000_000_000_000_u64, "completion_tokens": -20}),
        json!({"prompt_tokens": 99.5, "completion_tokens": "20"}),
        json!({"prompt_tokens": null}),
    ] {
        let found = usage(odd.clone()).await;
        let expected = Usage {
            exact: false,
            ..estimated
        };
        assert_eq!(found, expected, "{odd}");
    }
}

#[tokio::test]
async fn a_last_count_that_is_told_again_or_is_odd_adds_nothing() {
    let counted = json!({"prompt_tokens": 100, "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 15}});
    let first = hi_with(json!({ "usage": counted }));
    let last = |usage: &Value| event(json!({"choices": [], "usage": usage}));
    for odd in [
        counted.clone(),
        json!(null),
        json!({}),
        json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": 0}}),
        json!({"prompt_tokens": -100, "completion_tokens": 1e12, "prompt_tokens_details": null}),
    ] {
        let body = format!("{first}{}{}data: [DONE]\n\n", last(&odd), last(&odd));
        let found = spent(body).await.usage;
        assert_eq!(found, exact([100, 60, 0], [20, 15]), "{odd}");
    }
}

#[tokio::test]
async fn the_names_in_an_answer_are_told() {
    let names = |spent: Spent| (spent.model, spent.service_tier);
    let some = |name: &str| Some(name.to_owned());
    for (more, expected) in [
        (json!({}), (None, None)),
        (
            json!({"model": "gpt-6-luna-2026-08-01", "service_tier": "priority"}),
            (some("gpt-6-luna-2026-08-01"), some("priority")),
        ),
        (json!({"model": 7, "service_tier": null}), (None, None)),
        (json!({"model": "", "service_tier": [" "]}), (None, None)),
        (
            json!({"model": "a\u{0}\u{1b}[1m\r\nb", "service_tier": "x".repeat(100_000)}),
            (some("a[1mb"), Some("x".repeat(128))),
        ),
    ] {
        assert_eq!(
            names(spent(hi_with(more.clone())).await),
            expected,
            "{more}"
        );
    }
    // In the first event only, as where the last has an empty one.
    let first = event(json!({"choices": [], "model": "named", "service_tier": "default"}));
    let last = event(json!({"choices": [], "model": "", "service_tier": null}));
    let body = first + &delta("Hi.") + &stop() + &last;
    assert_eq!(names(spent(body).await), (some("named"), some("default")));
}

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
