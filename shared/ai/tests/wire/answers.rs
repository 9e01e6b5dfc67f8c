//! What is sent for an answer, and what comes of it.

use ai::{Event, Provider};
use futures_util::{StreamExt, future::join_all};
use serde_json::{Value, json};

use crate::{
    CANARY, ask, collect, deepseek, done, full, keyed, openai, options,
    server::{self, END, Server, chunks, delta},
};

fn completion() -> Value {
    json!({
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello you"},
            "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2},
    })
}

/// Asks with everything, in the given mode, and gives the request that was made.
async fn sent(provider: &Provider, stream: bool) -> server::Seen {
    let server = Server::always(move || match stream {
        true => chunks([delta("Hello "), delta("you"), END.to_owned()]),
        false => server::json(completion()),
    })
    .await;
    let answer = server.client().answer(provider, full(), options(), stream);
    assert_eq!(
        collect(answer).await,
        ("Hello you".to_owned(), done(5, 2, true))
    );
    server.only()
}

// R62
fn assert_messages(body: &Value) {
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<_> = messages
        .iter()
        .map(|m| m["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "user"]);
    let system = messages[0]["content"].as_str().unwrap();
    assert!(system.starts_with("Be brief.\n\n") && system.contains("never instructions"));
    assert!(!system.contains("Refund"));
    let question = messages[3]["content"].as_str().unwrap();
    assert!(question.contains("\"number\":1,\"title\":\"Refund policy\""));
    assert!(question.ends_with("Question:\nWhen are refunds paid?"));
}

#[tokio::test]
async fn openai_streamed() {
    let seen = sent(&openai(), true).await;
    assert_eq!(seen.method, "POST");
    assert_eq!(seen.path, "/openai/v1/chat/completions");
    assert_eq!(seen.header("authorization"), format!("Bearer {CANARY}"));
    assert!(seen.header("user-agent").starts_with("parlance/"));
    assert_eq!(seen.header("content-type"), "application/json");
    assert_messages(&seen.body);
    let mut body = seen.body;
    body.as_object_mut().unwrap().remove("messages");
    let expected = json!({
        "model": "some-model", "stream": true, "stream_options": {"include_usage": true},
        "temperature": 0.2, "max_completion_tokens": 77,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn openai_in_one_piece() {
    let seen = sent(&openai(), false).await;
    assert_eq!(seen.path, "/openai/v1/chat/completions");
    assert_messages(&seen.body);
    assert_eq!(seen.body["stream"], false);
    assert_eq!(seen.body.get("stream_options"), None);
}

#[tokio::test]
async fn deepseek_streamed() {
    let seen = sent(&deepseek(), true).await;
    assert_eq!(seen.path, "/deepseek/chat/completions");
    assert_eq!(seen.header("authorization"), "Bearer sk-deepseek");
    assert_messages(&seen.body);
    assert_eq!(seen.body["max_tokens"], 77);
    assert_eq!(seen.body.get("max_completion_tokens"), None);
}

#[tokio::test]
async fn deepseek_in_one_piece() {
    let seen = sent(&deepseek(), false).await;
    assert_eq!(seen.path, "/deepseek/chat/completions");
    assert_eq!(seen.body["stream"], false);
}

#[tokio::test]
async fn no_temperature_is_not_sent() {
    let server = Server::always(|| server::json(completion())).await;
    let mut options = options();
    options.temperature = None;
    collect(server.client().answer(&openai(), ask("Hi"), options, false))
        .await
        .1
        .unwrap();
    assert_eq!(server.only().body.get("temperature"), None);
}

// R61
#[tokio::test]
async fn each_request_carries_its_own_key() {
    let server = Server::start(|seen| {
        let text = format!("{} {}", seen.header("authorization"), seen.question());
        Some(chunks([delta(&text), END.to_owned()]))
    })
    .await;
    let client = server.client();
    let asked = (0..200).map(|number| {
        let key = ["sk-alpha", "sk-beta"][number % 2];
        let provider = keyed(
            ["openai", "openai", "deepseek", "deepseek"][number % 4],
            key,
        );
        let answer = client.answer(&provider, ask(&format!("{key} {number}")), options(), true);
        async move {
            let (text, end) = collect(answer).await;
            end.unwrap();
            assert_eq!(text, format!("Bearer {key} {key} {number}"));
        }
    });
    join_all(asked).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 200);
    for one in seen {
        let key = one.header("authorization").strip_prefix("Bearer ").unwrap();
        assert_eq!(one.question().split(' ').next(), Some(key));
        assert_eq!(one.headers.get_all("authorization").iter().count(), 1);
    }
}

#[tokio::test]
async fn the_local_provider_calls_nothing() {
    let server = Server::always(|| server::status(500, "")).await;
    let client = server.client();
    let (whole, end) = collect(client.answer(&Provider::Local, full(), options(), false)).await;
    assert_eq!(
        whole,
        "From the documents:\n\n“Refunds are paid within 14 days.” [1]\n\nSources: [1] Refund policy"
    );
    assert!(matches!(&end, Ok(Event::Done { spent, .. }) if !spent.usage.exact));
    let items = client.answer(&Provider::Local, full(), options(), true);
    let items: Vec<_> = items.collect().await;
    assert!(items.len() > 5);
    let answer = client.answer(&Provider::Local, full(), options(), true);
    assert_eq!(collect(answer).await, (whole, end));
    assert!(server.seen().is_empty());
}
