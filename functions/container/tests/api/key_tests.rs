//! Whether a provider key is any good: asked of the provider, told in a sentence, and remembered of the tenant's own.

use crate::kit::{
    ADMIN1, Kit, SUPERUSER, T1, U1,
    database::Database,
    provider::{Provider, Reply},
};
use serde_json::{Value, json};

const PATH: &str = "/tenants/current/secrets/openai";
const KEY: &str = "sk-canary-one-4f1d9a7c2e6b8035";

async fn with_key() -> (Kit, Provider, String) {
    let provider = Provider::start().await;
    let kit = Kit::on(Database::clone_template().await, provider.vars()).await;
    let token = kit.token(ADMIN1).await;
    let set = kit.put(&token, PATH, json!({ "api_key": KEY })).await;
    assert_eq!(set.status, 204);
    (kit, provider, token)
}

async fn test(kit: &Kit, token: &str) -> Value {
    let tested = kit.post(token, &format!("{PATH}/test"), Value::Null).await;
    assert_eq!(tested.status, 200, "{}", tested.text);
    assert!(!tested.text.contains("canary"), "{}", tested.text);
    tested.json
}

/// What is told of the key.
async fn told(kit: &Kit, token: &str) -> Value {
    let listed = kit.get(token, "/tenants/current/secrets").await;
    listed.json[0].clone()
}

fn refused() -> Reply {
    let body = json!({ "error": { "message": format!("Incorrect API key provided: {KEY}") } });
    Reply::Status(401, body)
}

#[tokio::test]
async fn a_key_that_works_is_told_to_with_its_model_and_costs_a_few_tokens() {
    let (kit, provider, token) = with_key().await;
    assert_eq!(told(&kit, &token).await["checked_at"], Value::Null);
    let model = json!({ "chat_model": "gpt-4o-mini", "provider": "openai" });
    assert_eq!(
        kit.patch(&token, "/tenants/current", model).await.status,
        200
    );
    let token = kit.token(ADMIN1).await;
    let tested = test(&kit, &token).await;
    assert_eq!(
        tested,
        json!({ "works": true, "is_own": true, "model": "gpt-4o-mini", "failure": null })
    );
    let asked = provider.chats();
    let [asked] = &asked[..] else {
        panic!("it is asked once: {asked:?}")
    };
    assert_eq!(asked.authorization, format!("Bearer {KEY}"));
    assert_eq!(asked.body["model"], "gpt-4o-mini");
    let messages = asked.body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "nothing of the tenant's is sent");
    let key = told(&kit, &token).await;
    assert!(key["checked_at"].is_string(), "{key}");
    assert_eq!(key["failure"], Value::Null);
    // It is counted as what it is: a call that the tenant pays.
    let used = kit.get(&token, "/admin/usage?group_by=operation").await;
    assert!(used.text.contains("\"key_test\""), "{}", used.text);
    assert!(!used.text.contains("\"chat\""), "{}", used.text);
}

#[tokio::test] // R66
async fn a_key_that_is_refused_says_so_until_it_is_set_anew() {
    let (kit, provider, token) = with_key().await;
    provider.reply(refused());
    let tested = test(&kit, &token).await;
    assert_eq!(tested["works"], false);
    assert_eq!(tested["failure"]["code"], "provider_auth_failed");
    let sentence = tested["failure"]["detail"].as_str().unwrap();
    assert!(sentence.contains("refused the API key"), "{sentence}");
    assert_eq!(told(&kit, &token).await["failure"], tested["failure"]);
    // Another key is not known to be bad.
    let set = kit.put(&token, PATH, json!({ "api_key": KEY })).await;
    assert_eq!(set.status, 204);
    let key = told(&kit, &token).await;
    assert_eq!(
        (&key["failure"], &key["checked_at"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_key_that_is_refused_in_a_chat_is_told_of_too_and_a_test_clears_it() {
    let (kit, provider, token) = with_key().await;
    provider.reply(refused());
    let member = kit.token(U1).await;
    let asked = kit
        .post(&member, "/chat", json!({ "message": "Hello?" }))
        .await;
    assert_eq!(asked.problem(502), "provider_auth_failed");
    let key = told(&kit, &token).await;
    assert_eq!(key["failure"]["code"], "provider_auth_failed");
    assert_eq!(test(&kit, &token).await["works"], true);
    assert_eq!(told(&kit, &token).await["failure"], Value::Null);
}

#[tokio::test]
async fn a_model_that_does_not_exist_is_found_out_by_a_test() {
    let (kit, provider, token) = with_key().await;
    let body =
        json!({ "error": { "message": "The model does not exist", "code": "model_not_found" } });
    provider.reply(Reply::Status(404, body));
    let tested = test(&kit, &token).await;
    assert_eq!(tested["failure"]["code"], "provider_misconfigured");
}

#[tokio::test] // R30
async fn only_administrators_and_who_has_assumed_the_tenant_test_its_keys() {
    let (kit, _provider, _) = with_key().await;
    let path = format!("/tenants/{T1}/secrets/openai/test");
    let superuser = kit.token(SUPERUSER).await;
    let refused = kit.post(&superuser, &path, Value::Null).await;
    assert_eq!(refused.status, 403);
    let assume = json!({ "reason": "Their key" });
    let assumed = kit
        .post(&superuser, &format!("/admin/tenants/{T1}/assume"), assume)
        .await;
    let token = assumed.json["access_token"].as_str().unwrap().to_owned();
    assert_eq!(test(&kit, &token).await["works"], true);
    let member = kit.token(U1).await;
    let path = format!("{PATH}/test");
    assert_eq!(kit.post(&member, &path, Value::Null).await.status, 403);
}

#[tokio::test]
async fn a_key_for_an_index_is_tested_by_asking_for_it() {
    let (kit, provider, token) = with_key().await;
    let path = "/tenants/current/secrets/pinecone";
    let none = kit.post(&token, &format!("{path}/test"), Value::Null).await;
    assert_eq!(none.status, 404);
    let key = json!({ "api_key": "pc-canary-4f1d9a7c2e6b" });
    assert_eq!(kit.put(&token, path, key).await.status, 204);
    let token = kit.token(ADMIN1).await;
    let tested = kit.post(&token, &format!("{path}/test"), Value::Null).await;
    assert_eq!(
        tested.json,
        json!({ "works": true, "is_own": true, "model": null, "failure": null })
    );
    let asked = provider.asked();
    assert_eq!(asked.last().unwrap().api_key, "pc-canary-4f1d9a7c2e6b");
}
