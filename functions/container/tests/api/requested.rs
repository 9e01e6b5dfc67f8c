//! What a provider is sent beside the messages: what the tenant's settings say, within what the model takes, and nothing of
//! what a client says.

use crate::kit::{
    ADMIN1, U1,
    provider::{Asked, Provider},
};
use crate::models::File;
use serde_json::{Value, json};

/// Everything but the messages.
fn parameters(asked: &Asked) -> Value {
    let mut body = asked.body.clone();
    let messages = body
        .as_object_mut()
        .and_then(|body| body.remove("messages"));
    assert!(messages.is_some_and(|messages| messages.is_array()));
    body
}

#[tokio::test] // R63
async fn a_client_chooses_no_parameter_of_the_request() {
    let provider = Provider::start().await;
    let kit = provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await;
    let token = kit.token(U1).await;
    let parameters = json!({
        "model": "gpt-6-sol", "api_key": "sk-of-the-client", "base_url": "http://10.0.0.1/", "provider": "deepseek",
        "tools": [], "tool_choice": "auto", "functions": [], "extra_body": { "n": 2 }, "extra_headers": {}, "n": 2,
        "logit_bias": { "50256": -100 }, "temperature": 1, "top_p": 0.5, "max_tokens": 1_000_000,
        "max_completion_tokens": 1_000_000, "max_output_tokens": 1_000_000, "stop": ["."], "seed": 1, "user": "me",
        "response_format": { "type": "json_object" }, "stream_options": { "include_usage": false },
        "reasoning_effort": "high", "thinking": { "type": "enabled" }, "store": true, "service_tier": "priority",
        "fallback_provider": "deepseek",
    });
    for (field, value) in parameters.as_object().unwrap() {
        for stream in [false, true] {
            let body = json!({ "message": "Hello?", "stream": stream, field: value });
            let refused = kit.post(&token, "/chat", body).await;
            assert_eq!(refused.status, 422, "{field}: {}", refused.text);
            assert_eq!(refused.fields(), [field.as_str()]);
        }
    }
    assert!(kit.messages().await.is_empty() && provider.asked().is_empty());
}

#[tokio::test] // R63
async fn a_provider_is_sent_the_tenant_s_parameters_as_the_model_takes_them() {
    let provider = Provider::start().await;
    let file = File::of(json!({
        "openai/small": { "output": 50, "temperature": true, "efforts": ["none", "high"] },
        "openai/plain": { "limit": "max_tokens", "temperature": false },
    }));
    let vars = [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("MODELS_FILE", file.0.to_str().unwrap()),
    ];
    let kit = provider.kit(vars).await;
    let admin = kit.token(ADMIN1).await;
    let set = async |settings: Value| kit.patch(&admin, "/tenants/current", settings).await;
    for (settings, field) in [
        (json!({ "temperature": 2.5 }), "temperature"),
        (json!({ "max_output_tokens": 32_769 }), "max_output_tokens"),
        (json!({ "base_url": "http://10.0.0.1/" }), "base_url"),
        (json!({ "extra_body": {} }), "extra_body"),
    ] {
        assert_eq!(set(settings).await.fields(), [field]);
    }
    for (model, limit, expected) in [
        (
            "small",
            32_768,
            json!({ "max_completion_tokens": 50, "temperature": 0.5, "reasoning_effort": "none" }),
        ),
        (
            "small",
            20,
            json!({ "max_completion_tokens": 20, "temperature": 0.5, "reasoning_effort": "none" }),
        ),
        ("plain", 77, json!({ "max_tokens": 77 })),
        (
            "unheard-of",
            77,
            json!({ "max_completion_tokens": 77, "temperature": 0.5 }),
        ),
    ] {
        let settings =
            json!({ "chat_model": model, "max_output_tokens": limit, "temperature": 0.5 });
        let changed = set(settings).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        // A login that the service does not remember with other settings.
        let token = kit.token(U1).await;
        for stream in [false, true] {
            let metadata = json!({ "model": "gpt-6-sol", "n": 2 });
            let body = json!({ "message": "Hello?", "stream": stream, "metadata": metadata });
            let answer = kit.post(&token, "/chat", body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let mut expected = expected.clone();
            expected["model"] = json!(model);
            expected["stream"] = json!(stream);
            if stream {
                expected["stream_options"] = json!({ "include_usage": true });
            }
            let asked = provider.chats().pop().unwrap();
            assert_eq!(parameters(&asked), expected);
        }
    }
}

#[tokio::test]
async fn passages_that_a_model_cannot_hold_are_neither_sent_nor_sources() {
    let provider = Provider::start().await;
    let file = File::of(json!({
        "openai/small": { "context": 1000, "output": 100 },
        "openai/tiny": { "context": 300, "output": 100 },
    }));
    let vars = [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("MODELS_FILE", file.0.to_str().unwrap()),
    ];
    let kit = provider.kit(vars).await;
    for number in 1..=4 {
        let text = format!("A refund takes {number} days. {}", "It does. ".repeat(90));
        kit.add_document(ADMIN1, &format!("Refunds {number}"), &text)
            .await;
    }
    let admin = kit.token(ADMIN1).await;
    let mut told = Vec::new();
    for model in ["large", "small", "tiny"] {
        let settings = json!({ "chat_model": model });
        let changed = kit.patch(&admin, "/tenants/current", settings).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        let body = json!({ "message": "How long does a refund take?" });
        let answer = kit.post(&kit.token(U1).await, "/chat", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let sources = answer.json["sources"].as_array().unwrap().clone();
        let asked = provider.chats().pop().unwrap();
        let messages = asked.body["messages"].as_array().unwrap();
        let question = messages.last().unwrap()["content"].as_str().unwrap();
        let sent: Vec<&str> = question
            .lines()
            .filter(|l| l.starts_with("{\"number\""))
            .collect();
        assert_eq!(sent.len(), sources.len());
        for (line, source) in sent.iter().zip(&sources) {
            assert!(line.contains(source["title"].as_str().unwrap()), "{line}");
        }
        assert!(question.ends_with("How long does a refund take?"));
        told.push(sources);
    }
    let ids = |sources: &[Value]| -> Vec<Value> {
        sources.iter().map(|s| s["chunk_id"].clone()).collect()
    };
    let [large, small, tiny] = [&told[0], &told[1], &told[2]].map(|sources| ids(sources));
    assert_eq!((large.len(), tiny.len()), (4, 0));
    assert!((1..4).contains(&small.len()), "{small:?}");
    assert_eq!(small, large[..small.len()]);
}
