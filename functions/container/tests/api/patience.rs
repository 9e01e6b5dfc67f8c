//! How long a provider is waited for, when it is asked again, and when it is left alone.

use crate::kit::{
    ADMIN1, Kit, Person, U1, V1,
    provider::{Provider, Reply},
};
use serde_json::json;

const DEPLOYMENT: (&str, &str) = ("OPENAI_API_KEY", "sk-deployment");

async fn ask(kit: &Kit, who: Person) -> crate::kit::Answer {
    let token = kit.token(who).await;
    kit.post(&token, "/chat", json!({ "message": "Hello?" }))
        .await
}

fn status(status: u16) -> Reply {
    Reply::Status(status, json!({}))
}

#[tokio::test] // R71
async fn a_silent_provider_is_waited_for_as_long_as_is_set() {
    let provider = Provider::start().await;
    let kit = provider
        .kit([
            DEPLOYMENT,
            ("PROVIDER_FIRST_TOKEN_SECONDS", "1"),
            ("PROVIDER_COMPLETE_SECONDS", "1"),
        ])
        .await;
    let token = kit.token(U1).await;
    for stream in [false, true] {
        provider.reply(Reply::Silence);
        let body = json!({ "message": "Hello?", "stream": stream });
        let answer = kit.post(&token, "/chat", body).await;
        assert!(
            answer.text.contains("urn:parlance:error:provider_timeout"),
            "{}",
            answer.text
        );
    }
}

#[tokio::test] // R72
async fn what_passes_is_not_noticed() {
    let provider = Provider::start().await;
    let kit = provider.kit([DEPLOYMENT]).await;
    provider.reply(status(503));
    provider.reply(status(429));
    assert_eq!(ask(&kit, U1).await.status, 200);
    assert_eq!(provider.chats().len(), 3);
    let answers = kit.messages().await;
    assert_eq!(answers.iter().filter(|m| m.role == "assistant").count(), 1);
}

#[tokio::test] // R74
async fn a_tenant_s_bad_key_is_no_other_tenant_s_loss() {
    let provider = Provider::start().await;
    let kit = provider.kit([DEPLOYMENT]).await;
    let admin = kit.token(ADMIN1).await;
    let path = "/tenants/current/secrets/openai";
    let set = async |key: &str| {
        let set = kit.put(&admin, path, json!({ "api_key": key })).await;
        assert_eq!(set.status, 204, "{}", set.text);
    };
    set("sk-that-is-refused").await;
    for _ in 0..5 {
        provider.reply(status(401));
        assert_eq!(ask(&kit, U1).await.problem(502), "provider_auth_failed");
    }
    // Now it would be good, but is not sent for a while.
    assert_eq!(ask(&kit, U1).await.problem(502), "provider_auth_failed");
    assert_eq!(provider.chats().len(), 5);
    assert_eq!(ask(&kit, V1).await.status, 200);
    // A new key is another matter.
    set("sk-that-is-good").await;
    assert_eq!(ask(&kit, U1).await.status, 200);
}

#[tokio::test]
async fn what_a_server_does_not_take_is_left_out() {
    let provider = Provider::start().await;
    let kit = provider.kit([DEPLOYMENT]).await;
    let refusal =
        json!({ "error": { "param": "max_completion_tokens", "message": "Unsupported, canary." } });
    provider.reply(Reply::Status(400, refusal));
    for _ in 0..2 {
        let answer = ask(&kit, U1).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let chats = provider.chats();
    assert_eq!(chats.len(), 3);
    for chat in &chats[1..] {
        assert_eq!(chat.body["max_tokens"], 1024);
        assert!(chat.body.get("max_completion_tokens").is_none());
    }
}
