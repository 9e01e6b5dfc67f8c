//! `/v1`: what clients of OpenAI's API ask.

mod clients;
mod failures;
mod limits;
mod models;
mod prompts;
mod requests;
mod responses;
mod streams;
mod turns;

use crate::kit::{ADMIN1, Answer, Kit, provider::Provider, request};
use axum::body::Body;
use serde_json::{Value, json};

/// A service that asks the provider on the deployment's key.
async fn kit(provider: &Provider) -> Kit {
    provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await
}

/// Changes settings of the first tenant. Whoever asked before may be answered by the old ones for a while.
async fn set(kit: &Kit, settings: Value) {
    let admin = kit.token(ADMIN1).await;
    let set = kit.patch(&admin, "/tenants/current", settings).await;
    assert_eq!(set.status, 200, "{}", set.text);
}

/// A request with one message of the user, and whatever else.
fn asked(more: Value) -> Value {
    let mut body = json!({
        "model": "default", "messages": [{ "role": "user", "content": "Hello?" }]
    });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn ask(kit: &Kit, token: &str, more: Value) -> Answer {
    kit.post(token, "/v1/chat/completions", asked(more)).await
}

/// The same with a header.
async fn ask_with(kit: &Kit, token: &str, header: (&str, &str), more: Value) -> Answer {
    let request = request(token, "POST", "/v1/chat/completions")
        .header("content-type", "application/json")
        .header(header.0, header.1);
    kit.send(request, Body::from(asked(more).to_string())).await
}

/// The objects of a stream, which must be nothing but lines of `data`; and whether it ended as it should.
fn chunks(answer: &Answer) -> (Vec<Value>, bool) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let blocks = answer
        .text
        .strip_suffix("\n\n")
        .expect("a blank line ends it");
    let mut all = Vec::new();
    let mut is_done = false;
    for block in blocks.split("\n\n") {
        assert!(!is_done, "something follows the end: {}", answer.text);
        let line = block.strip_prefix("data: ");
        let line = line.unwrap_or_else(|| panic!("{block:?} is no line of data"));
        assert!(!line.contains(['\n', '\r']), "{line:?}");
        match line {
            "[DONE]" => is_done = true,
            json => all.push(serde_json::from_str(json).expect("data is JSON")),
        }
    }
    (all, is_done)
}

/// The text of a streamed answer.
fn text_of(chunks: &[Value]) -> String {
    let pieces = chunks
        .iter()
        .filter_map(|c| c["choices"][0]["delta"]["content"].as_str());
    pieces.collect()
}
