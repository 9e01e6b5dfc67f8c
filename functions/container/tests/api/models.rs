//! Models that will be gone, and who is told; and what is known of them otherwise.

use crate::{
    config::{assert_refused, serve},
    kit::{ADMIN1, Answer, Kit, METRICS_TOKEN, SUPERUSER, T1, U1, provider::Provider},
};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use uuid::Uuid;

/// A file that knows these models.
pub struct File(pub PathBuf);

impl File {
    pub fn of(models: Value) -> Self {
        let name = format!("models-{}.json", Uuid::now_v7());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, json!({ "models": models }).to_string()).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// A service where three models have these many days.
async fn kit(provider: &Provider) -> Kit {
    let day = |days| (Utc::now() + TimeDelta::days(days)).date_naive();
    let file = File::of(json!({
        "openai/soon": { "ends": day(30), "successor": "later" },
        "openai/later": { "ends": day(90) },
        "openai/gone": { "ends": day(-1) },
        "deepseek/deepseek-flash": { "ends": day(1) },
    }));
    let path = file.0.to_str().unwrap();
    provider
        .kit([("OPENAI_API_KEY", "sk-deployment"), ("MODELS_FILE", path)])
        .await
}

async fn change(kit: &Kit, settings: Value) -> Answer {
    let token = kit.token(ADMIN1).await;
    let changed = kit.patch(&token, "/tenants/current", settings).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    changed
}

/// Code and setting of each warning.
fn warnings(tenant: &Value) -> Vec<(&str, &str)> {
    let warnings = tenant["warnings"].as_array().expect("a list");
    let pairs = warnings.iter();
    pairs
        .map(|w| (w["code"].as_str().unwrap(), w["setting"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_tenant_whose_model_ends_is_told() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    for (settings, expected) in [
        (json!({}), vec![]),
        (json!({ "chat_model": "later" }), vec![]),
        (json!({ "chat_model": "unheard-of" }), vec![]),
        (
            json!({ "chat_model": "soon" }),
            vec![("model_ending", "chat_model")],
        ),
        (
            json!({ "chat_model": "gone", "embedding_model": "soon" }),
            vec![
                ("model_gone", "chat_model"),
                ("model_ending", "embedding_model"),
            ],
        ),
        (
            json!({ "provider": "deepseek", "chat_model": null, "embedding_model": null }),
            vec![("model_ending", "chat_model")],
        ),
        (
            json!({ "provider": "openai", "fallback_provider": "deepseek" }),
            vec![("model_ending", "fallback_model")],
        ),
        (json!({ "fallback_model": "unheard-of" }), vec![]),
        (json!({ "provider": "local" }), vec![]),
    ] {
        let changed = change(&kit, settings.clone()).await;
        assert_eq!(warnings(&changed.json), expected, "{settings}");
        let admin = kit.token(ADMIN1).await;
        let shown = kit.get(&admin, "/tenants/current").await;
        assert_eq!(warnings(&shown.json), expected, "{settings}");
        let superuser = kit.token(SUPERUSER).await;
        let shown = kit.get(&superuser, &format!("/tenants/{T1}")).await;
        assert_eq!(warnings(&shown.json), expected, "{settings}");
    }
    let changed = change(&kit, json!({ "provider": "openai", "chat_model": "soon" })).await;
    let detail = changed.json["warnings"][0]["detail"].as_str().unwrap();
    assert!(
        detail.ends_with("Set chat_model to another, such as later."),
        "{detail}"
    );
}

#[tokio::test]
async fn answers_of_a_model_that_ends_are_counted() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    for (model, count) in [("later", 0), ("soon", 1), ("gone", 2), ("later", 2)] {
        change(&kit, json!({ "chat_model": model })).await;
        let token = kit.token(U1).await;
        let answer = kit
            .post(&token, "/chat", json!({ "message": "Hello?" }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let metrics = kit.get(METRICS_TOKEN, "/metrics").await.text;
        let expected = format!("parlance_model_ending_total {count}\n");
        assert!(metrics.contains(&expected), "{model}: {metrics}");
    }
}

#[tokio::test]
async fn the_usual_models_are_asked_not_to_think() {
    let provider = Provider::start().await;
    let keys = [("OPENAI_API_KEY", "sk-a"), ("DEEPSEEK_API_KEY", "sk-b")];
    let kit = provider.kit(keys).await;
    for name in ["openai", "deepseek"] {
        let changed = change(&kit, json!({ "provider": name })).await;
        assert_eq!(changed.json["warnings"], json!([]));
        let token = kit.token(U1).await;
        let answer = kit
            .post(&token, "/chat", json!({ "message": "Hello?" }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let chats = provider.chats();
    let found: Vec<Value> = (chats.iter())
        .map(|c| {
            json!([
                c.body["model"],
                c.body["reasoning_effort"],
                c.body["thinking"]
            ])
        })
        .collect();
    let off = json!({ "type": "disabled" });
    let expected = [
        json!(["gpt-6-luna", "none", null]),
        json!(["deepseek-flash", null, off]),
    ];
    assert_eq!(found, expected);
}

#[tokio::test] // R52
async fn a_table_that_is_none_is_refused_with_its_field_and_model() {
    for (fields, told) in [
        (json!({ "input_price": -5 }), "input_price of ours/llama"),
        (json!({ "output_price": 0.5 }), "output_price of ours/llama"),
        (
            json!({ "cached_price": "1 USD" }),
            "cached_price of ours/llama",
        ),
        (
            json!({ "write_price": u64::MAX }),
            "write_price of ours/llama",
        ),
        (
            json!({ "off_peak": { "windows": [{ "hours": ["9-17"] }] } }),
            "off_peak.windows[0].hours[0] of ours/llama",
        ),
    ] {
        let file = File::of(json!({ "ours/llama": fields }));
        let path = file.0.to_str().unwrap();
        let ended = serve(&[("MODELS_FILE", path)]).await;
        assert_refused(&ended, "MODELS_FILE", path);
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
}
