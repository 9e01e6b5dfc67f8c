//! What becomes of each member of a request.

mod length;

use super::{ask, asked, kit, set};
use crate::kit::{Kit, U1, provider::Provider};
use serde_json::{Map, Value, json};

/// What is asked for and not done, and the parameter that is named.
fn refused() -> Vec<(Value, &'static str, &'static str)> {
    let unsupported = |more, param| (more, param, "unsupported_value");
    let wrong = |more, param| (more, param, "invalid_value");
    let user = |content: Value| json!({ "messages": [{ "role": "user", "content": content }] });
    let tool = json!([{ "type": "function", "function": { "name": "f" } }]);
    let many: Map<_, _> = (0..17).map(|n| (n.to_string(), json!("x"))).collect();
    vec![
        (
            json!({ "model": null }),
            "model",
            "missing_required_parameter",
        ),
        wrong(json!({ "model": 1 }), "model"),
        (
            json!({ "messages": null }),
            "messages",
            "missing_required_parameter",
        ),
        wrong(json!({ "messages": [] }), "messages"),
        wrong(json!({ "messages": "Hello?" }), "messages"),
        wrong(
            json!({ "messages": [{ "role": "root", "content": "x" }] }),
            "messages[0].role",
        ),
        unsupported(
            json!({ "messages": [{ "role": "tool", "tool_call_id": "x", "content": "x" }] }),
            "messages[0].role",
        ),
        unsupported(
            json!({ "messages": [{ "role": "function", "name": "x", "content": "x" }] }),
            "messages[0].role",
        ),
        wrong(user(json!("")), "messages[0].content"),
        wrong(user(json!(null)), "messages[0].content"),
        unsupported(
            user(
                json!([{ "type": "text", "text": "x" }, { "type": "image_url", "image_url": { "url": "https://x" } }]),
            ),
            "messages[0].content[1]",
        ),
        unsupported(
            user(json!([{ "type": "input_audio", "input_audio": {} }])),
            "messages[0].content[0]",
        ),
        unsupported(
            user(json!([{ "type": "file", "file": {} }])),
            "messages[0].content[0]",
        ),
        unsupported(
            json!({ "messages": [{ "role": "user", "content": "x" }, { "role": "assistant", "content": "Once upon" }] }),
            "messages[1].role",
        ),
        wrong(
            json!({ "max_completion_tokens": 0 }),
            "max_completion_tokens",
        ),
        wrong(json!({ "max_tokens": -1 }), "max_tokens"),
        wrong(json!({ "max_tokens": "5" }), "max_tokens"),
        wrong(json!({ "temperature": 2.1 }), "temperature"),
        wrong(json!({ "temperature": "hot" }), "temperature"),
        wrong(json!({ "top_p": 1.5 }), "top_p"),
        wrong(json!({ "stop": ["1", "2", "3", "4", "5"] }), "stop"),
        wrong(json!({ "stop": [1] }), "stop"),
        wrong(
            json!({ "response_format": { "type": "xml" } }),
            "response_format.type",
        ),
        wrong(
            json!({ "response_format": { "type": "json_schema" } }),
            "response_format.json_schema",
        ),
        wrong(json!({ "reasoning_effort": "extreme" }), "reasoning_effort"),
        unsupported(json!({ "n": 2 }), "n"),
        unsupported(json!({ "n": 0 }), "n"),
        unsupported(json!({ "tools": tool }), "tools"),
        unsupported(json!({ "tools": tool, "tool_choice": "auto" }), "tools"),
        unsupported(json!({ "tool_choice": "required" }), "tools"),
        unsupported(json!({ "functions": [{ "name": "f" }] }), "functions"),
        unsupported(json!({ "function_call": { "name": "f" } }), "functions"),
        wrong(json!({ "metadata": many }), "metadata"),
        wrong(json!({ "metadata": { "x": 1 } }), "metadata"),
        wrong(json!({ "metadata": { "x": "y".repeat(513) } }), "metadata"),
        wrong(json!({ "user": 7 }), "user"),
        unsupported(json!({ "logprobs": true }), "logprobs"),
        unsupported(json!({ "top_logprobs": 3 }), "top_logprobs"),
        unsupported(json!({ "modalities": ["text", "audio"] }), "modalities"),
        unsupported(json!({ "audio": { "voice": "x" } }), "audio"),
        unsupported(json!({ "web_search_options": {} }), "web_search_options"),
        wrong(json!({ "stream": "yes" }), "stream"),
    ]
}

#[tokio::test]
async fn what_is_not_done_is_refused_by_name() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    for (more, param, code) in refused() {
        for stream in [false, true] {
            let mut more = more.clone();
            more["stream"] = more.get("stream").cloned().unwrap_or(json!(stream));
            let answer = ask(&kit, &token, more.clone()).await;
            let found = answer.openai(400);
            assert_eq!(found, (code.to_owned(), Some(param.to_owned())), "{more}");
            assert_eq!(answer.json["error"]["type"], "invalid_request_error");
            assert_eq!(answer.header("x-should-retry"), "false");
        }
    }
    assert!(provider.chats().is_empty());
    assert!(kit.messages().await.is_empty());
}

#[tokio::test]
async fn a_member_that_is_null_is_as_good_as_absent() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let schema =
        crate::kit::api::contract()["components"]["schemas"]["ChatCompletionRequest"].clone();
    let names = schema["properties"].as_object().unwrap().keys();
    let all: Map<_, _> = names
        .filter(|name| !["model", "messages"].contains(&name.as_str()))
        .map(|name| (name.clone(), Value::Null))
        .collect();
    assert!(all.len() > 20);
    let answer = ask(&kit, &token, Value::Object(all)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sent = provider.chats().pop().unwrap().body;
    let text = sent.to_string();
    assert!(!text.contains("null"), "{text}");
}

#[tokio::test]
async fn what_can_be_ignored_is() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    ask(&kit, &token, json!({})).await;
    let plain = provider.chats().pop().unwrap().body;
    for more in [
        json!({ "n": 1 }),
        json!({ "tools": [] }),
        json!({ "tools": [{ "type": "function" }], "tool_choice": "none" }),
        json!({ "functions": [{ "name": "f" }], "function_call": "none" }),
        json!({ "tool_choice": "auto", "parallel_tool_calls": true }),
        json!({ "store": true, "service_tier": "flex", "seed": 7, "verbosity": "low" }),
        json!({ "prompt_cache_key": "x", "prompt_cache_retention": "24h", "prompt_cache_options": {} }),
        json!({ "prediction": { "type": "content", "content": "x" }, "moderation": {} }),
        json!({ "frequency_penalty": 0, "presence_penalty": 0.5, "logit_bias": { "50256": -100 } }),
        json!({ "logprobs": false, "top_logprobs": 0, "modalities": ["text"] }),
        json!({ "response_format": { "type": "text" } }),
        json!({ "stream_options": { "include_usage": true, "include_obfuscation": false } }),
        json!({ "api_key": "sk-theirs", "base_url": "https://evil.example", "extra_body": { "n": 9 }, "tenant_id": "x" }),
        json!({ "zzz": { "deep": [1, 2] } }),
    ] {
        let answer = ask(&kit, &token, more.clone()).await;
        assert_eq!(answer.status, 200, "{more}: {}", answer.text);
        // R63
        assert_eq!(provider.chats().pop().unwrap().body, plain, "{more}");
    }
}

#[tokio::test] // R63
async fn what_is_honoured_reaches_the_provider_within_the_tenants_bounds() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    set(
        &kit,
        json!({ "max_output_tokens": 500, "temperature": 0.25 }),
    )
    .await;
    let token = kit.token(U1).await;
    let schema = json!({ "type": "json_schema", "json_schema": { "name": "a", "schema": { "type": "object" } } });
    for (more, sent) in [
        (
            json!({}),
            json!({ "max_completion_tokens": 500, "temperature": 0.25 }),
        ),
        (
            json!({ "max_tokens": 7 }),
            json!({ "max_completion_tokens": 7, "max_tokens": null }),
        ),
        (
            json!({ "max_completion_tokens": 9, "max_tokens": 7 }),
            json!({ "max_completion_tokens": 9 }),
        ),
        (
            json!({ "max_tokens": 501 }),
            json!({ "max_completion_tokens": 500 }),
        ),
        (
            json!({ "max_tokens": 99_999_999_999_i64 }),
            json!({ "max_completion_tokens": 500 }),
        ),
        (
            json!({ "temperature": 1, "top_p": 0.5 }),
            json!({ "temperature": 1.0, "top_p": 0.5 }),
        ),
        (
            json!({ "reasoning_effort": "minimal" }),
            json!({ "reasoning_effort": "none" }),
        ),
        (
            json!({ "reasoning_effort": "high" }),
            json!({ "reasoning_effort": "high", "temperature": null }),
        ),
        (
            json!({ "reasoning_effort": null }),
            json!({ "reasoning_effort": "none" }),
        ),
        (
            json!({ "response_format": { "type": "json_object" } }),
            json!({ "response_format": { "type": "json_object" } }),
        ),
        (
            json!({ "response_format": schema }),
            json!({ "response_format": schema }),
        ),
        // It is cut here: models that think take no such parameter.
        (json!({ "stop": "x" }), json!({ "stop": null })),
    ] {
        let answer = ask(&kit, &token, more.clone()).await;
        assert_eq!(answer.status, 200, "{more}: {}", answer.text);
        let body = provider.chats().pop().unwrap().body;
        for (name, value) in sent.as_object().unwrap() {
            assert_eq!(&body[name], value, "{more}: {name}");
        }
    }
}

#[tokio::test]
async fn an_answer_ends_before_a_stop() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    for (stop, text) in [
        (json!("the"), "Hello from "),
        (json!(["nothing", "m t"]), "Hello fro"),
        (json!(["", "never"]), "Hello from the model."),
    ] {
        let whole = ask(&kit, &token, json!({ "stop": stop })).await;
        assert_eq!(whole.json["choices"][0]["message"]["content"], text);
        assert_eq!(whole.json["choices"][0]["finish_reason"], "stop");
        let streamed = ask(&kit, &token, json!({ "stop": stop, "stream": true })).await;
        let (chunks, is_done) = super::chunks(&streamed);
        assert_eq!((&*super::text_of(&chunks), is_done), (text, true));
        // What is stored is what was said.
        let stored = kit.messages().await.pop().unwrap();
        assert_eq!((&*stored.content, &*stored.status), (text, "complete"));
    }
}

#[tokio::test]
async fn a_form_that_the_provider_has_not_is_refused() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let format = json!({ "response_format": { "type": "json_object" } });
    let refused = ask(&kit, &token, format).await.openai(400);
    assert_eq!(
        refused,
        ("unsupported_value".into(), Some("response_format".into()))
    );

    let provider = Provider::start().await;
    let kit = provider.kit([("DEEPSEEK_API_KEY", "sk-deployment")]).await;
    set(&kit, json!({ "provider": "deepseek" })).await;
    let token = kit.token(U1).await;
    let schema = json!({ "type": "json_schema", "json_schema": { "name": "a", "schema": {} } });
    let refused = ask(&kit, &token, json!({ "response_format": schema })).await;
    assert_eq!(refused.openai(400).1.as_deref(), Some("response_format"));
    let object = json!({ "response_format": { "type": "json_object" } });
    assert_eq!(ask(&kit, &token, object).await.status, 200);
}
