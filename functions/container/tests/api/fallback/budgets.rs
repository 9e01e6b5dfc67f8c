//! What the second provider may spend: it is reserved with what the first may, which may have read all of the question before
//! it failed.

use super::{Two, set};
use crate::kit::{
    SUPERUSER, T1, U1,
    http::{Events, streamed},
    provider::{Provider, Reply},
};
use serde_json::{Value, json};

/// A question of 15,000 bytes: about 3,750 tokens, and 5,000 at most.
fn long() -> String {
    "word ".repeat(3000)
}

async fn limit(two: &Two, limits: Value) {
    let root = two.kit.token(SUPERUSER).await;
    let path = format!("/tenants/{T1}/limits");
    let set = two.kit.put(&root, &path, json!({ "tenant": limits }));
    let set = set.await;
    assert_eq!(set.status, 200, "{}", set.text);
}

/// The tokens and the nano-USD that are reserved for a question while `asked` answers it.
async fn reserved(two: &Two, asked: &Provider) -> (i64, i64) {
    asked.hold(&["Later."]);
    let token = two.kit.token(U1).await;
    let mut events = Events::new(two.served.send(streamed(&token, &long())).await);
    assert_eq!(events.one().await.event, "start");
    let sql = "select sum(prompt_tokens + completion_tokens)::bigint, sum(cost)::bigint from parlance.reservations";
    let reserved = sqlx::query_as(sql).fetch_one(&two.kit.pool).await;
    asked.let_go(5);
    assert_eq!(events.all().await.last().unwrap().event, "done");
    reserved.expect("something is reserved")
}

#[tokio::test] // R64 R73
async fn what_both_may_take_is_reserved() {
    let two = Two::new().await;
    let both = reserved(&two, &two.first).await;
    set(&two.kit, json!({ "fallback_provider": null })).await;
    let first = reserved(&two, &two.first).await;
    set(&two.kit, json!({ "provider": "deepseek" })).await;
    let second = reserved(&two, &two.second).await;
    assert!(
        first.0 > 5000 && first.1 > 0 && second.1 > 0,
        "{first:?} {second:?}"
    );
    assert_eq!(both, (first.0 + second.0, first.1 + second.1));
}

#[tokio::test] // R64 R73
async fn where_the_first_takes_the_question_and_fails_a_budget_holds() {
    const BUDGET: i64 = 17_000;
    let two = Two::new().await;
    // It may have read all of it.
    two.first.always(Reply::Raw(String::new()));
    let usage =
        json!({ "choices": [], "usage": { "prompt_tokens": 5000, "completion_tokens": 1000 } });
    let text = json!({ "choices": [{ "index": 0, "delta": { "content": "Yes." }, "finish_reason": "stop" }] });
    let whole = format!("data: {text}\n\ndata: {usage}\n\ndata: [DONE]\n\n");
    two.second.always(Reply::Raw(whole));
    limit(&two, json!({ "tokens_per_day": BUDGET })).await;
    let token = two.kit.token(U1).await;
    let ask = async || {
        let answer = two.served.send(streamed(&token, &long())).await;
        match answer.status().as_u16() {
            200 => Events::new(answer).all().await.pop().unwrap().event,
            status => status.to_string(),
        }
    };
    let (a, b) = tokio::join!(ask(), ask());
    let mut told = [a, b];
    told.sort();
    assert_eq!(told, ["429", "done"]);
    let sql = "select sum(prompt_tokens + completion_tokens)::bigint, count(*) from parlance.provider_calls where tenant_id = $1";
    let spent: (i64, i64) = sqlx::query_as(sql)
        .bind(T1)
        .fetch_one(&two.kit.pool)
        .await
        .unwrap();
    assert!(spent.0 > 9000 && spent.0 <= BUDGET, "{spent:?}");
    assert_eq!(spent.1, 2);
}

#[tokio::test] // R64 R73
async fn an_answer_made_anew_reserves_its_question_for_both() {
    let two = Two::new().await;
    let token = two.kit.token(U1).await;
    // At most 50,000 tokens.
    let body = json!({ "message": "word ".repeat(30_000) });
    let answer = two.kit.post(&token, "/chat", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let anew = json!({ "regenerate": answer.json["message_id"] });
    for (limits, status) in [
        (json!({ "tokens_per_day": 80_000 }), 429),
        (json!({ "tokens_per_day": 150_000 }), 200),
        // 0.125 USD for a million tokens of the one, and 0.3 of the other.
        (json!({ "cost_per_day": "0.0195" }), 429),
        (json!({ "cost_per_day": "0.05" }), 200),
    ] {
        limit(&two, limits.clone()).await;
        let token = two.kit.token(U1).await;
        let answer = two.kit.post(&token, "/chat", anew.clone()).await;
        assert_eq!(answer.status, status, "{limits}: {}", answer.text);
    }
}
