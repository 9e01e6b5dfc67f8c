//! Which models a client may name.

use super::{ask, kit, set};
use crate::kit::{ADMIN1, Kit, U1, V1, provider::Provider};
use serde_json::json;

/// The names of the models that are listed.
async fn listed(kit: &Kit, token: &str) -> Vec<String> {
    let list = kit.get(token, "/v1/models").await;
    assert_eq!(list.status, 200, "{}", list.text);
    assert_eq!(list.json["object"], "list");
    let data = list.json["data"].as_array().unwrap().iter();
    data.map(|model| {
        assert_eq!(model["object"], "model");
        assert!(model["created"].is_i64(), "{model}");
        model["id"].as_str().unwrap().to_owned()
    })
    .collect()
}

#[tokio::test]
async fn the_tenants_own_model_is_the_one_there_is() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (admin, other) = (kit.token(ADMIN1).await, kit.token(V1).await);
    assert_eq!(listed(&kit, &admin).await, ["gpt-6-luna"]);
    set(&kit, json!({ "chat_model": "acme/special" })).await;
    let token = kit.token(U1).await;
    assert_eq!(listed(&kit, &token).await, ["acme/special"]);
    // Nothing of that is the other tenant's.
    assert_eq!(listed(&kit, &other).await, ["gpt-6-luna"]);

    let list = kit.get(&token, "/v1/models").await;
    assert_eq!(list.json["data"][0]["owned_by"], "openai");
    for path in ["/v1/models/acme%2Fspecial", "/v1/models/default"] {
        let one = kit.get(&token, path).await;
        assert_eq!(one.json, list.json["data"][0], "{path}: {}", one.text);
    }
    for path in [
        "/v1/models/gpt-6-luna",
        "/v1/models/x",
        "/v1/models/%F0%9F%92%A5",
    ] {
        let (code, param) = kit.get(&token, path).await.openai(404);
        assert_eq!(
            (&*code, param.as_deref()),
            ("model_not_found", Some("model"))
        );
    }
    assert_eq!(
        kit.get(&token, "/v1/models/%FF").await.openai(400).0,
        "invalid_value"
    );
}

#[tokio::test]
async fn without_a_provider_there_is_the_local_one() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    assert_eq!(listed(&kit, &token).await, ["local-extractive"]);
    let answer = ask(&kit, &token, json!({ "model": "local-extractive" })).await;
    assert_eq!(answer.json["model"], "local-extractive", "{}", answer.text);
}

#[tokio::test] // R63
async fn a_client_names_what_the_deployment_lists_and_nothing_else() {
    let provider = Provider::start().await;
    let endpoints = json!({ "openai": { "models": ["cheap", "dear"] } }).to_string();
    let vars = [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("ENDPOINTS", &endpoints),
    ];
    let kit = provider.kit(vars).await;
    set(&kit, json!({ "chat_model": "dear" })).await;
    let token = kit.token(U1).await;
    assert_eq!(listed(&kit, &token).await, ["dear", "cheap"]);
    for (name, expected) in [("default", "dear"), ("cheap", "cheap"), ("dear", "dear")] {
        let answer = ask(&kit, &token, json!({ "model": name })).await;
        assert_eq!(answer.json["model"], expected, "{}", answer.text);
        assert_eq!(provider.chats().pop().unwrap().body["model"], expected);
    }
    let asked = provider.chats().len();
    for name in ["gpt-6-astra", "Cheap", "cheap ", "", "../cheap"] {
        let refused = ask(&kit, &token, json!({ "model": name })).await;
        let (code, param) = refused.openai(404);
        assert_eq!(
            (&*code, param.as_deref()),
            ("model_not_found", Some("model"))
        );
        assert!(refused.text.contains("dear"), "{}", refused.text);
    }
    assert_eq!(provider.chats().len(), asked);
    // Nothing of what was refused was stored.
    assert_eq!(kit.messages().await.len(), 6);
}
