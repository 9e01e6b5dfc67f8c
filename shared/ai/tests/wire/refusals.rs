//! Servers that refuse parameters which others need.

use ai::{Error, Event, FinishReason, Options};
use axum::response::Response;
use serde_json::{Value, json};

use crate::{
    ask, collect, deepseek, done, openai, options,
    server::{END, Seen, Server, chunks, delta, status},
    stream_hi,
};

/// A server that refuses a request with any of these parameters, in these words.
async fn refusing(params: &'static [&'static str], words: fn(&[&str]) -> Value) -> Server {
    Server::start(move |seen| Some(answer(seen, params, words))).await
}

fn answer(seen: &Seen, params: &[&'static str], words: fn(&[&str]) -> Value) -> Response {
    let sent = params.iter().copied();
    let sent: Vec<&str> = sent.filter(|one| seen.body.get(one).is_some()).collect();
    match sent.is_empty() {
        true => chunks([delta("Hi."), END.to_owned()]),
        false => status(400, &words(&sent).to_string()),
    }
}

fn openai_says(sent: &[&str]) -> Value {
    let message = format!(
        "Unsupported parameter: '{}' is not supported with this model.",
        sent[0]
    );
    json!({"error": {"message": message, "type": "invalid_request_error", "param": sent[0],
        "code": "unsupported_parameter"}})
}

fn pydantic_says(sent: &[&str]) -> Value {
    let detail = sent
        .iter()
        .map(|one| json!({"type": "extra_forbidden", "loc": ["body", one]}));
    json!({"detail": detail.collect::<Vec<_>>()})
}

#[tokio::test]
async fn what_is_refused_is_left_out_and_remembered() {
    for (params, words, calls) in [
        (&["temperature"][..], openai_says as fn(&[&str]) -> Value, 2),
        (&["stream_options"], openai_says, 2),
        (&["max_completion_tokens"], openai_says, 2),
        (&["max_completion_tokens", "max_tokens"], openai_says, 3),
        (
            &["max_completion_tokens", "stream_options"],
            pydantic_says,
            2,
        ),
        (
            &[
                "max_completion_tokens",
                "max_tokens",
                "stream_options",
                "temperature",
            ],
            openai_says,
            5,
        ),
    ] {
        let server = refusing(params, words).await;
        let client = server.client();
        for calls in [calls, calls + 1, calls + 2] {
            let (text, end) = stream_hi(&client).await;
            assert_eq!(
                (text.as_str(), end),
                ("Hi.", done(5, 2, true)),
                "{params:?}"
            );
            assert_eq!(server.seen().len(), calls, "{params:?}");
        }
        let last = server.seen().pop().unwrap().body;
        assert!(params.iter().all(|one| last.get(one).is_none()));
        if params == ["max_completion_tokens"] {
            assert_eq!(last["max_tokens"], 77);
        }
    }
}

#[tokio::test]
async fn the_older_name_of_a_limit_gives_way_to_the_newer() {
    let server = refusing(&["max_tokens"], openai_says).await;
    let answer = server
        .client()
        .answer(&deepseek(), ask("Hi"), options(), true);
    assert_eq!(collect(answer).await.1, done(5, 2, true));
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].body["max_completion_tokens"], 77);
}

#[tokio::test]
async fn another_model_is_another_matter() {
    let server = refusing(&["temperature"], openai_says).await;
    let client = server.client();
    stream_hi(&client).await.1.unwrap();
    let mut other = options();
    other.model = "another-model".to_owned();
    let answer = client.answer(&openai(), ask("Hi"), other, true);
    collect(answer).await.1.unwrap();
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn what_does_not_help_is_not_remembered() {
    // It names a parameter, such as one that a question was about, but minds something else.
    let server = Server::start(|seen| {
        Some(match seen.question() {
            "Hi" => chunks([delta("Hi."), END.to_owned()]),
            question => status(400, &json!({"error": {"message": question}}).to_string()),
        })
    })
    .await;
    let client = server.client();
    let about = ask("What is temperature?");
    let answer = client.answer(&openai(), about, options(), true);
    assert_eq!(collect(answer).await.1, Err(Error::Rejected));
    assert_eq!(server.seen().len(), 2);
    stream_hi(&client).await.1.unwrap();
    assert!(server.seen()[2].body.get("temperature").is_some());
}

/// A server that takes no temperature above 1 and no answers of more than 50 tokens.
async fn strict() -> Server {
    Server::start(|seen| {
        let refusal = |param: &str, message: &str| {
            let error = json!({"param": param, "message": message, "code": "invalid_value"});
            status(400, &json!({"error": error}).to_string())
        };
        Some(match &seen.body {
            body if body["temperature"].as_f64() > Some(1.0) => {
                refusal("temperature", "temperature must be at most 1.")
            }
            body if body["max_completion_tokens"].as_u64() > Some(50) => refusal(
                "max_completion_tokens",
                "max_completion_tokens is too large: 77. This model supports at most 50 completion tokens.",
            ),
            _ => chunks([delta("Hi."), END.to_owned()]),
        })
    })
    .await
}

#[tokio::test] // R63
async fn a_value_that_is_refused_is_nobody_else_s_loss() {
    let server = strict().await;
    let client = server.client();
    let ask_with = async |temperature, max_output_tokens| {
        let options = Options {
            temperature: Some(temperature),
            max_output_tokens,
            ..options()
        };
        collect(client.answer(&openai(), ask("Hi"), options, true))
            .await
            .1
            .unwrap();
        server.seen().pop().unwrap().body
    };
    for _ in 0..2 {
        let hot = ask_with(1.9, 40).await;
        assert_eq!(
            (&hot["temperature"], &hot["max_completion_tokens"]),
            (&json!(null), &json!(40))
        );
        let long = ask_with(0.5, 77).await;
        assert_eq!(
            (&long["temperature"], &long["max_completion_tokens"]),
            (&json!(0.5), &json!(50))
        );
        let other = ask_with(0.25, 30).await;
        assert_eq!(
            (&other["temperature"], &other["max_completion_tokens"]),
            (&json!(0.25), &json!(30))
        );
    }
}

#[tokio::test] // R63
async fn where_no_limit_is_taken_the_answer_ends_at_it_all_the_same() {
    let server = Server::start(|seen| {
        let names = ["max_completion_tokens", "max_tokens"];
        let sent = names.into_iter().find(|name| seen.body.get(name).is_some());
        Some(match sent {
            Some(name) => status(400, &openai_says(&[name]).to_string()),
            None => chunks(
                vec![delta("12345678"); 1000]
                    .into_iter()
                    .chain([END.to_owned()]),
            ),
        })
    })
    .await;
    let client = server.client();
    for _ in 0..2 {
        let (text, end) = stream_hi(&client).await;
        assert_eq!(text.len(), 77 * 4 + 4, "of about four bytes a token");
        assert!(
            matches!(
                end,
                Ok(Event::Done {
                    finish_reason: FinishReason::Length,
                    ..
                })
            ),
            "{end:?}"
        );
    }
}
