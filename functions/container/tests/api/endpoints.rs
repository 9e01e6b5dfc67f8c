//! Servers of OpenAI's API that the deployment names, and tenants choose among.

use crate::config::{assert_refused, serve};
use crate::kit::{
    ADMIN1, Answer, Kit, SUPERUSER, T1, U1,
    provider::{Asked, Provider},
};
use serde_json::{Value, json};

/// A service that knows some servers besides, all of them `provider`.
async fn kit(provider: &Provider) -> Kit {
    let at = |path: &str| format!("http://{}/{path}", provider.address);
    let endpoints = json!({
        "groq": { "base_url": at("groq/v1") },
        "work": { "preset": "azure", "base_url": at("azure"), "models": ["small", "large"] },
        "home": { "preset": "ollama", "base_url": at("ollama/v1"), "default_model": "llama" },
        "mistral": { "default_model": "tiny", "limit": "max_completion_tokens" },
    });
    let (endpoints, mistral) = (endpoints.to_string(), at("mistral/v1"));
    provider
        .kit([
            ("ENDPOINTS", &endpoints),
            ("GROQ_API_KEY", "sk-groq-of-the-deployment"),
            ("MISTRAL_API_KEY", "sk-mistral"),
            ("MISTRAL_BASE_URL", &mistral),
        ])
        .await
}

async fn set(kit: &Kit, settings: Value) -> Answer {
    let token = kit.token(ADMIN1).await;
    kit.patch(&token, "/tenants/current", settings).await
}

async fn set_key(kit: &Kit, provider: &str, key: &str) -> Answer {
    let path = format!("/tenants/current/secrets/{provider}");
    let token = kit.token(ADMIN1).await;
    kit.put(&token, &path, json!({ "api_key": key })).await
}

/// Asks, and gives the answer with what the provider was sent, if anything.
async fn ask(kit: &Kit, provider: &Provider) -> (Answer, Option<Asked>) {
    let before = provider.chats().len();
    let token = kit.token(U1).await;
    let answer = kit.post(&token, "/chat", json!({ "message": "Hello?" }));
    let answer = answer.await;
    (answer, provider.chats().into_iter().nth(before))
}

#[tokio::test] // R59
async fn a_tenant_chooses_a_server_by_its_name() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    for (name, path, key, model) in [
        (
            "groq",
            "/groq/v1/chat/completions",
            "Bearer sk-groq-of-the-deployment",
            "openai/gpt-oss-20b",
        ),
        ("home", "/ollama/v1/chat/completions", "", "llama"),
        (
            "mistral",
            "/mistral/v1/chat/completions",
            "Bearer sk-mistral",
            "tiny",
        ),
    ] {
        let changed = set(&kit, json!({ "provider": name })).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(changed.json["provider"], name);
        let (answer, asked) = ask(&kit, &provider).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(
            (&answer.json["provider"], &answer.json["model"]),
            (&json!(name), &json!(model))
        );
        let asked = asked.unwrap();
        assert_eq!(
            (asked.path.as_str(), asked.authorization.as_str()),
            (path, key)
        );
        assert_eq!(asked.body["model"], model);
    }
    let (_, asked) = ask(&kit, &provider).await;
    assert_eq!(asked.unwrap().body["max_completion_tokens"], 1024);
}

#[tokio::test]
async fn a_tenant_has_its_own_key_for_a_server() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    assert_eq!(set(&kit, json!({ "provider": "work" })).await.status, 200);
    // Nobody has a key for it.
    let (answer, asked) = ask(&kit, &provider).await;
    assert_eq!(answer.json["provider"], "local");
    assert!(asked.is_none());
    assert_eq!(set_key(&kit, "work", "sk-work-of-one").await.status, 204);
    let (answer, asked) = ask(&kit, &provider).await;
    assert_eq!(answer.json["provider"], "work", "{}", answer.text);
    let asked = asked.unwrap();
    assert_eq!(
        (asked.api_key.as_str(), asked.authorization.as_str()),
        ("sk-work-of-one", "")
    );
    assert_eq!(asked.body["model"], "small");
    let token = kit.token(ADMIN1).await;
    let keys = kit.get(&token, "/tenants/current/secrets").await;
    assert_eq!(keys.json[0]["provider"], "work", "{}", keys.text);
}

#[tokio::test] // R59, R63
async fn what_the_deployment_does_not_name_cannot_be_chosen() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    for settings in [
        json!({ "provider": "http://10.0.0.1/v1" }),
        json!({ "provider": "vllm" }),
        json!({ "provider": "pinecone" }),
        json!({ "provider": "" }),
        json!({ "provider": "work\u{0}" }),
    ] {
        let refused = set(&kit, settings.clone()).await;
        assert_eq!(refused.status, 422, "{settings}: {}", refused.text);
    }
    assert_eq!(
        set_key(&kit, "vllm", "sk-0123456789").await.fields(),
        ["provider"]
    );
    assert_eq!(
        set_key(&kit, "local", "sk-0123456789").await.fields(),
        ["provider"]
    );
    let changed = set(&kit, json!({ "provider": "work", "chat_model": "large" })).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let refused = set(&kit, json!({ "chat_model": "largest" })).await;
    assert_eq!(refused.fields(), ["chat_model"]);
    assert_eq!(
        set(&kit, json!({ "provider": "groq", "chat_model": "largest" }))
            .await
            .status,
        200
    );
    assert_eq!(
        set(&kit, json!({ "provider": "work" })).await.fields(),
        ["chat_model"]
    );
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_of_and_answered_for() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    assert_eq!(set_key(&kit, "groq", "sk-0123456789").await.status, 204);
    for (table, column) in [("tenants", "id"), ("tenant_secrets", "tenant_id")] {
        let sql = format!("update parlance.{table} set provider = 'gone' where {column} = $1");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(T1)
            .execute(&kit.pool)
            .await
            .unwrap();
    }
    let (answer, asked) = ask(&kit, &provider).await;
    assert_eq!(answer.json["provider"], "local", "{}", answer.text);
    assert!(asked.is_none());
    let token = kit.token(ADMIN1).await;
    let shown = kit.get(&token, "/tenants/current").await;
    assert_eq!(shown.json["warnings"][0]["code"], "provider_unknown");
    // Other settings can be changed meanwhile, and its key can be forgotten.
    assert_eq!(set(&kit, json!({ "temperature": 0.5 })).await.status, 200);
    let forgotten = kit.delete(&token, "/tenants/current/secrets/gone").await;
    assert_eq!(forgotten.status, 204);
}

#[tokio::test]
async fn a_tenant_whose_model_is_refused_is_not_made() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let root = kit.token(SUPERUSER).await;
    let with = |model: &str| json!({ "slug": "three", "name": "Three", "provider": "work", "chat_model": model });
    let refused = kit.post(&root, "/tenants", with("huge")).await;
    assert_eq!(refused.fields(), ["chat_model"]);
    let made = kit.post(&root, "/tenants", with("small")).await;
    assert_eq!(made.status, 201, "{}", made.text);
}

#[tokio::test] // R52, R59
async fn what_names_no_server_ends_the_program() {
    for value in [
        "groq and the like",
        r#"{"llama": {}}"#,
        r#"{"vllm": {"default_model": "m"}}"#,
        r#"{"openrouter": {}}"#,
        r#"{"local": {"preset": "groq"}}"#,
        r#"{"Groq": {"preset": "groq"}}"#,
        r#"{"groq": {"api_key": "sk-not-here"}}"#,
        r#"{"groq": {"models": ["a"], "default_model": "b"}}"#,
        r#"{"groq": {"base_url": "http://plain.example.com/"}}"#,
    ] {
        assert_refused(&serve(&[("ENDPOINTS", value)]).await, "ENDPOINTS", value);
    }
}
