//! What is sent to a model of which something is known.

use ai::{Client, Effort, LOCAL_MODEL, Message, Options, Preset, Provider, Role, Usage};
use serde_json::{Value, json};

use crate::{
    collect, deepseek, full, openai, options,
    server::{END, Server, chunks, delta, status},
};

async fn server() -> Server {
    Server::always(|| chunks([delta("Hi."), END.to_owned()])).await
}

/// What `client` sends to `model`.
async fn sent(server: &Server, client: &Client, provider: &Provider, model: &str) -> Value {
    let options = Options {
        model: model.to_owned(),
        ..options()
    };
    let answer = client.answer(provider, full(), options, true);
    collect(answer).await.1.unwrap();
    server.seen().pop().unwrap().body
}

#[tokio::test]
async fn thinking_is_off_wherever_it_can_be() {
    let server = server().await;
    let client = server.client();
    for (provider, model, expected) in [
        (openai(), "gpt-6-luna", json!(["none", null, 0.2, null, 77])),
        (openai(), "gpt-5.1", json!(["none", null, 0.2, null, 77])),
        (openai(), "gpt-4.1-mini", json!([null, null, 0.2, null, 77])),
        // These always think, and take no temperature.
        (openai(), "gpt-6-astra", json!([null, null, null, null, 77])),
        (openai(), "gpt-5-mini", json!([null, null, null, null, 77])),
        (openai(), "unheard-of", json!([null, null, 0.2, null, 77])),
        (
            deepseek(),
            "deepseek-flash",
            json!([null, "disabled", 0.2, 77, null]),
        ),
        (deepseek(), "unheard-of", json!([null, null, 0.2, 77, null])),
    ] {
        let body = sent(&server, &client, &provider, model).await;
        let found = json!([
            body["reasoning_effort"],
            body["thinking"]["type"],
            body["temperature"],
            body["max_tokens"],
            body["max_completion_tokens"],
        ]);
        assert_eq!(found, expected, "{model}");
    }
}

#[tokio::test]
async fn a_model_that_shows_its_thoughts_thinks_for_whoever_reads_them() {
    let server = server().await;
    let client = server.client();
    for (provider, model, expected) in [
        (deepseek(), "deepseek-flash", json!([null, null])),
        // It would think, but tell nobody what.
        (openai(), "gpt-6-luna", json!(["none", null])),
    ] {
        let options = Options {
            model: model.to_owned(),
            thoughts: true,
            ..options()
        };
        let answer = client.answer(&provider, full(), options, true);
        collect(answer).await.1.unwrap();
        let body = server.seen().pop().unwrap().body;
        assert_eq!(
            json!([body["reasoning_effort"], body["thinking"]["type"]]),
            expected
        );
    }
}

#[tokio::test]
async fn an_effort_that_is_refused_is_left_out() {
    let server = Server::start(|seen| {
        Some(match seen.body.get("reasoning_effort") {
            Some(_) => status(
                400,
                r#"{"error":{"param":"reasoning_effort","code":"unsupported_parameter"}}"#,
            ),
            None => chunks([delta("Hi."), END.to_owned()]),
        })
    })
    .await;
    let client = server.client();
    sent(&server, &client, &openai(), "gpt-6-luna").await;
    assert_eq!(server.seen().len(), 2);
    let again = sent(&server, &client, &openai(), "gpt-6-luna").await;
    assert_eq!(again.get("reasoning_effort"), None);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn an_answer_and_its_prompt_are_no_longer_than_the_model_can_take() {
    let server = server().await;
    let client = server.client_knowing(json!({
        "openai/small": { "context": 1000, "output": 50 },
        "openai/older": { "limit": "max_tokens" },
    }));
    let history: Vec<Message> = (0..100)
        .map(|number| Message {
            role: if number % 2 == 0 {
                Role::User
            } else {
                Role::Assistant
            },
            content: format!("{number:03} {}", "x".repeat(96)),
        })
        .collect();
    let asked = |model: &str| {
        let prompt = ai::Prompt {
            history: history.clone(),
            ..full()
        };
        let options = Options {
            model: model.to_owned(),
            ..options()
        };
        collect(client.answer(&openai(), prompt, options, true))
    };
    asked("small").await.1.unwrap();
    asked("older").await.1.unwrap();
    let seen = server.seen();
    let messages = seen[0].body["messages"].as_array().unwrap();
    let bytes = messages
        .iter()
        .map(|m| m["content"].as_str().unwrap().len());
    // Three bytes to a token, and four tokens to a message.
    let tokens = bytes.sum::<usize>() / 3 + 4 * messages.len();
    assert!((700..=950).contains(&tokens), "{tokens}");
    // The newest are kept, and the question with its passages.
    let before = &messages[messages.len() - 2]["content"];
    assert!(before.as_str().unwrap().starts_with("099 "));
    assert!(seen[0].question().contains("When are refunds paid?"));
    assert!(
        seen[0]
            .question()
            .contains("Refunds are paid within 14 days.")
    );
    assert_eq!(seen[0].body["max_completion_tokens"], 50);
    assert_eq!(seen[1].body["messages"].as_array().unwrap().len(), 102);
    assert_eq!(seen[1].body["max_tokens"], 77);
}

#[tokio::test]
async fn a_call_has_the_prices_of_its_table_and_model() {
    let server = server().await;
    let client = server.client_of("ours", Preset::named("azure").unwrap());
    let now = chrono::Utc::now();
    let usage = Usage {
        prompt_tokens: 1000,
        ..Usage::default()
    };
    let cost = |provider, asked, named| client.priced(provider, asked, named)?.cost(&usage, now);
    assert_eq!(cost("openai", "gpt-6-luna", None), Some(100_000));
    // A deployment of Azure has any name, and OpenAI's models.
    assert_eq!(
        cost("ours", "deployment-1", Some("gpt-6-luna")),
        Some(100_000)
    );
    assert_eq!(cost("ours", "deployment-1", None), None);
    assert_eq!(cost("local", LOCAL_MODEL, Some(LOCAL_MODEL)), Some(0));
    assert_eq!(cost("nobody", "gpt-6-luna", None), None);
}

#[tokio::test]
async fn what_is_wanted_is_sent_as_far_as_the_model_takes_it() {
    let server = server().await;
    let client = server.client();
    let format = json!({ "type": "json_object" });
    for (provider, model, effort, expected) in [
        // Thinking, it takes neither temperature nor top_p.
        (
            openai(),
            "gpt-6-luna",
            Some(Effort::High),
            json!(["high", null, null, null]),
        ),
        (
            openai(),
            "gpt-6-luna",
            Some(Effort::None),
            json!(["none", null, 0.2, 0.5]),
        ),
        (
            openai(),
            "gpt-4.1-mini",
            Some(Effort::None),
            json!([null, null, 0.2, 0.5]),
        ),
        (
            openai(),
            "gpt-6-astra",
            None,
            json!([null, null, null, null]),
        ),
        (
            deepseek(),
            "deepseek-flash",
            Some(Effort::High),
            json!([null, null, null, null]),
        ),
        (
            deepseek(),
            "deepseek-flash",
            None,
            json!([null, "disabled", 0.2, 0.5]),
        ),
    ] {
        let options = Options {
            model: model.to_owned(),
            top_p: Some(0.5),
            effort,
            format: Some(format.clone()),
            stop: vec!["!".into()],
            ..options()
        };
        let answer = client.answer(&provider, full(), options, true);
        collect(answer).await.1.unwrap();
        let body = server.seen().pop().unwrap().body;
        let found = json!([
            body["reasoning_effort"],
            body["thinking"]["type"],
            body["temperature"],
            body["top_p"],
        ]);
        assert_eq!(found, expected, "{model} {effort:?}");
        assert_eq!(body["response_format"], format);
        assert_eq!(body.get("stop"), None);
    }
}

#[tokio::test]
async fn an_answer_ends_before_a_stop() {
    let pieces = || ["Refunds ta", "ke 14 da", "ys. END", " more"].map(delta);
    let server = Server::always(move || chunks(pieces().into_iter().chain([END.to_owned()]))).await;
    let options = Options {
        stop: vec!["END".into(), "never".into()],
        ..options()
    };
    let answer = server.client().answer(&openai(), full(), options, true);
    let (text, end) = collect(answer).await;
    assert_eq!(text, "Refunds take 14 days. ");
    assert!(matches!(
        end,
        Ok(ai::Event::Done { finish_reason: ai::FinishReason::Stop, spent }) if !spent.usage.exact
    ));
}
