//! A call of the tool counts as a search does, and is written down as one.

use super::{ask, ask_modern, documents_key, key, searching, told};
use crate::{
    kit::{ADMIN1, Kit, provider::Provider},
    vectors::indexed,
};
use serde_json::json;
use sqlx::query_scalar;

#[tokio::test]
async fn a_call_counts_as_a_search() {
    let kit = Kit::with([("SEARCHES_PER_MINUTE_BY_USER", "2")]).await;
    let key = documents_key(&kit).await;
    // What there is may be asked as often as one likes.
    for _ in 0..5 {
        assert_eq!(ask(&kit, &key, "tools/list", json!({})).await.status, 200);
    }
    for _ in 0..2 {
        let answer = ask(&kit, &key, "tools/call", searching("Refunds?")).await;
        assert!(
            answer.json["result"]["isError"].is_null(),
            "{}",
            answer.text
        );
    }
    for answer in [
        ask(&kit, &key, "tools/call", searching("Refunds?")).await,
        ask_modern(&kit, &key, "tools/call", searching("Refunds?")).await,
    ] {
        assert!(told(&answer).contains("again in"), "{}", answer.text);
        assert!(!answer.header("retry-after").is_empty());
    }
    let search = kit
        .post(&key, "/documents/search", json!({ "query": "Refunds?" }))
        .await;
    assert_eq!(search.problem(429), "too_many_requests");
}

#[tokio::test]
async fn a_call_is_in_the_ledger_and_within_the_budget() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let documents = documents_key(&kit).await;
    let answer = ask(&kit, &documents, "tools/call", searching("Refunds?")).await;
    assert!(
        answer.json["result"]["isError"].is_null(),
        "{}",
        answer.text
    );
    let sql = "select count(*) from parlance.provider_calls where operation = 'embedding' and user_id <> $1 and cost > 0";
    let calls: i64 = query_scalar(sql)
        .bind(ADMIN1.id)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(calls, 1);
    let limits = json!({ "tokens_per_day": 1 });
    let spent = key(&kit, json!({ "scopes": ["documents"], "limits": limits })).await;
    let answer = ask_modern(&kit, &spent, "tools/call", searching("Refunds?")).await;
    assert_eq!(
        answer.json["result"]["_meta"]["parlance/code"],
        "limit_reached"
    );
    assert!(told(&answer).contains("tokens a day"), "{}", answer.text);
}
