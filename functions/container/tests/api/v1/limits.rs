//! Limits as OpenAI's SDKs know them.

use super::{ask, kit, set};
use crate::kit::{Answer, Kit, SUPERUSER, T1, U1, provider::Provider};
use serde_json::{Value, json};

/// Sets limits of the first tenant; the token of somebody whom they hold for from then on.
async fn limit(kit: &Kit, limits: Value) -> String {
    let path = format!("/tenants/{T1}/limits");
    let set = kit.put(&kit.token(SUPERUSER).await, &path, limits).await;
    assert_eq!(set.status, 200, "{}", set.text);
    kit.token(U1).await
}

fn assert_headers(answer: &Answer, kind: &str, most: &str) {
    assert_eq!(answer.header(&format!("x-ratelimit-limit-{kind}")), most);
    assert!(
        !answer
            .header(&format!("x-ratelimit-remaining-{kind}"))
            .is_empty()
    );
    let reset = answer
        .header(&format!("x-ratelimit-reset-{kind}"))
        .to_owned();
    assert!(
        reset.ends_with('s') && reset.starts_with(|c: char| c.is_ascii_digit()),
        "{reset}"
    );
}

#[tokio::test] // R64
async fn too_many_questions_are_a_rate_limit_that_passes() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = limit(&kit, json!({ "tenant": { "requests_per_minute": 1 } })).await;
    assert_eq!(ask(&kit, &token, json!({})).await.status, 200);
    for stream in [false, true] {
        let refused = ask(&kit, &token, json!({ "stream": stream })).await;
        assert_eq!(refused.openai(429).0, "rate_limit_exceeded");
        assert_eq!(refused.header("x-should-retry"), "true");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(refused.header("retry-after-ms"), (1000 * wait).to_string());
        assert_headers(&refused, "requests", "1");
    }
}

#[tokio::test] // R64
async fn a_spent_budget_is_no_reason_to_try_again() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = limit(&kit, json!({ "tenant": { "tokens_per_day": 100_000 } })).await;
    let good = ask(&kit, &token, json!({ "max_tokens": 10 })).await;
    assert_eq!(good.status, 200, "{}", good.text);
    assert_headers(&good, "tokens", "100000");
    for spent in [
        json!({ "tokens_per_day": 5 }),
        json!({ "tokens_per_day": null, "cost_per_day": "0.000001" }),
    ] {
        let token = limit(&kit, json!({ "tenant": spent.clone() })).await;
        let refused = ask(&kit, &token, json!({})).await;
        assert_eq!(refused.status, 429, "{spent}");
        assert_eq!(refused.openai(429).0, "insufficient_quota");
        assert_eq!(refused.json["error"]["type"], "insufficient_quota");
        assert_eq!(refused.header("x-should-retry"), "false");
    }
}

#[tokio::test] // R64
async fn what_a_client_sends_beside_its_question_is_reserved_too() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    set(
        &kit,
        json!({ "max_output_tokens": 100, "history_token_budget": 200_000 }),
    )
    .await;
    let token = limit(&kit, json!({ "tenant": { "tokens_per_day": 10_000 } })).await;
    let long = "x".repeat(40_000);
    for beside in [
        json!({ "role": "system", "content": long }),
        json!({ "role": "user", "content": long }),
    ] {
        let messages = json!([beside, { "role": "user", "content": "Hello?" }]);
        let refused = ask(&kit, &token, json!({ "messages": messages })).await;
        assert_eq!(
            refused.openai(429).0,
            "insufficient_quota",
            "{}",
            refused.text
        );
    }
    assert!(provider.chats().is_empty());
    assert_eq!(ask(&kit, &token, json!({})).await.status, 200);
}

#[tokio::test] // R64
async fn a_question_that_is_longer_than_it_may_be_names_the_messages() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = limit(&kit, json!({ "tenant": { "tokens_per_question": 10 } })).await;
    let long = "x".repeat(400);
    for messages in [
        json!([{ "role": "user", "content": long }]),
        json!([{ "role": "system", "content": long }, { "role": "user", "content": "Hello?" }]),
    ] {
        let refused = ask(&kit, &token, json!({ "messages": messages })).await;
        assert_eq!(
            refused.openai(400),
            ("invalid_value".into(), Some("messages".into()))
        );
    }
    assert_eq!(ask(&kit, &token, json!({})).await.status, 200);
}
