//! How the second provider is chosen, and what is said of one that cannot be.

use super::{Two, status};
use crate::kit::{ADMIN1, Answer, Kit, SUPERUSER, T1, provider::Provider};
use serde_json::{Value, json};

async fn patch(kit: &Kit, settings: Value) -> Answer {
    let token = kit.token(ADMIN1).await;
    kit.patch(&token, "/tenants/current", settings).await
}

/// A service that knows another server, with two models.
async fn kit() -> Kit {
    let endpoints = json!({ "work": {
        "preset": "vllm", "base_url": "http://127.0.0.1:1/v1/", "models": ["small", "large"]
    } });
    let provider = Provider::start().await;
    provider.kit([("ENDPOINTS", &endpoints.to_string())]).await
}

#[tokio::test] // R73
async fn the_second_is_another_server_or_nobody() {
    let kit = kit().await;
    let shown = patch(&kit, json!({})).await.json;
    assert_eq!(
        (&shown["fallback_provider"], &shown["fallback_model"]),
        (&Value::Null, &Value::Null)
    );
    let changed = json!({ "fallback_provider": "work", "fallback_model": "large" });
    let changed = patch(&kit, changed).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.json["fallback_provider"], "work");
    assert_eq!(changed.json["fallback_model"], "large");
    let noted = kit.audited(T1, "tenant.update").await.pop().unwrap();
    let detail = "fallback_provider: none -> work, fallback_model: none -> large";
    assert_eq!(noted.detail.as_deref(), Some(detail));
    for (settings, field) in [
        (json!({ "fallback_provider": "local" }), "fallback_provider"),
        (
            json!({ "fallback_provider": "pinecone" }),
            "fallback_provider",
        ),
        (json!({ "fallback_provider": "groq" }), "fallback_provider"),
        (
            json!({ "fallback_provider": "http://10.0.0.1/" }),
            "fallback_provider",
        ),
        (json!({ "fallback_provider": "" }), "fallback_provider"),
        (
            json!({ "fallback_provider": "openai" }),
            "fallback_provider",
        ),
        (json!({ "provider": "work" }), "fallback_provider"),
        (json!({ "fallback_model": "a model" }), "fallback_model"),
        (json!({ "fallback_model": "" }), "fallback_model"),
        (json!({ "fallback_model": "huge" }), "fallback_model"),
    ] {
        let refused = patch(&kit, settings.clone()).await;
        assert_eq!(refused.status, 422, "{settings}: {}", refused.text);
        assert_eq!(refused.fields(), [field], "{settings}");
    }
    let both = json!({ "provider": "work", "fallback_provider": "openai", "fallback_model": null });
    assert_eq!(patch(&kit, both).await.status, 200);
    let none = patch(&kit, json!({ "fallback_provider": null })).await;
    assert_eq!(none.json["fallback_provider"], Value::Null);
}

#[tokio::test] // R73
async fn a_new_tenant_may_have_one() {
    let kit = kit().await;
    let root = kit.token(SUPERUSER).await;
    let with = |fallback: &str, model: &str| json!({ "slug": "three", "name": "Three", "fallback_provider": fallback, "fallback_model": model });
    for (settings, field) in [
        (with("openai", "any"), "fallback_provider"),
        (with("work", "huge"), "fallback_model"),
    ] {
        let refused = kit.post(&root, "/tenants", settings).await;
        assert_eq!(refused.fields(), [field], "{}", refused.text);
    }
    let made = kit.post(&root, "/tenants", with("work", "small")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json["fallback_provider"], "work");
    assert_eq!(made.json["fallback_model"], "small");
}

#[tokio::test] // R73
async fn one_that_is_gone_is_told_of_and_not_asked() {
    let two = Two::new().await;
    sqlx::query("update parlance.tenants set fallback_provider = 'gone' where id = $1")
        .bind(T1)
        .execute(&two.kit.pool)
        .await
        .unwrap();
    two.first.always(status(503));
    assert_eq!(two.ask().await.problem(502), "provider_unavailable");
    assert_eq!(two.asked()[1], 0);
    let changed = patch(&two.kit, json!({ "temperature": 0.5 })).await;
    let warning = &changed.json["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["setting"]),
        (&json!("provider_unknown"), &json!("fallback_provider"))
    );
}

#[tokio::test] // R73
async fn the_same_as_the_first_is_not_asked_twice() {
    let two = Two::new().await;
    // As the release before this one leaves it, which does not know of a second.
    sqlx::query("update parlance.tenants set provider = 'deepseek' where id = $1")
        .bind(T1)
        .execute(&two.kit.pool)
        .await
        .unwrap();
    two.second.always(status(400));
    assert_eq!(two.ask().await.problem(502), "provider_rejected");
    two.second
        .always(crate::kit::provider::Reply::Raw(String::new()));
    assert_eq!(two.ask().await.problem(502), "upstream_invalid");
    assert_eq!(two.asked(), [0, 2]);
}
