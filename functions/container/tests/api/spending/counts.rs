//! Providers that count what cannot be.

use super::{ask, assert_counted, calls, kit, limit_tenant, refused_by, reserved};
use crate::kit::{
    ADMIN1, Kit, T1, U1,
    http::{Events, Served, streamed},
    provider::{Provider, Reply},
};
use serde_json::{Value, json};

/// A whole answer of eight bytes, with what it is told to have taken.
fn counted(usage: &Value) -> Reply {
    let text = json!({ "choices": [{ "index": 0, "delta": { "content": "Eight by" }, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage": usage });
    Reply::Raw(format!("data: {text}\n\ndata: {usage}\n\ndata: [DONE]\n\n"))
}

/// What is left of the limits to money and tokens.
async fn left(kit: &Kit) -> [Value; 2] {
    let limits = kit
        .get(&kit.token(ADMIN1).await, "/tenants/current/limits")
        .await;
    [0, 1].map(|nth| limits.json["left"][nth]["left"].clone())
}

#[tokio::test] // R64
async fn what_is_no_count_is_estimated_and_no_budget_is_lost() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let limits = json!({ "tokens_per_day": 1_000_000, "cost_per_day": "10" });
    limit_tenant(&kit, T1, limits).await;
    let (token, served) = (kit.token(U1).await, Served::new(&kit).await);
    let odd = [
        json!({ "prompt_tokens": 1_000_000_000_000_u64, "completion_tokens": 1e12 }),
        json!({ "prompt_tokens": -11, "completion_tokens": -7 }),
        json!({ "prompt_tokens": 0, "completion_tokens": 0 }),
        json!({ "prompt_tokens": "11", "completion_tokens": 7.5 }),
        json!({ "prompt_tokens": null }),
        json!([]),
        Value::Null,
    ];
    for usage in &odd {
        provider.reply(counted(usage));
        let answer = served.send(streamed(&token, "Hello?")).await;
        assert_eq!(answer.status(), 200, "{usage}");
        let done = Events::new(answer).all().await.pop().unwrap();
        assert_eq!(done.event, "done", "{usage}");
        assert_eq!(done.data["usage"]["exact"], false, "{usage}");
    }
    let calls = calls(&kit.pool, T1).await;
    assert_eq!(calls.len(), odd.len());
    for call in &calls {
        assert_eq!((call.completion_tokens, call.exact), (2, false), "{call:?}");
        assert!((1..200).contains(&call.prompt_tokens), "{call:?}");
        let cost = i64::from(call.prompt_tokens) * 100 + 2 * 500;
        assert_eq!(call.cost, Some(cost), "{call:?}");
    }
    assert_eq!(reserved(&kit.pool).await, 0);
    assert_counted(&kit.pool).await;
    let spent: i32 = calls.iter().map(|c| c.prompt_tokens + 2).sum();
    assert_eq!(left(&kit).await[1], 1_000_000 - spent);
}

#[tokio::test] // R64
async fn what_goes_beyond_what_was_reserved_is_counted_and_the_last() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let limits = json!({ "tokens_per_day": 1_000_000, "cost_per_day": "1" });
    limit_tenant(&kit, T1, limits).await;
    let (token, served) = (kit.token(U1).await, Served::new(&kit).await);
    // The most that is taken for a count.
    let most = json!({ "prompt_tokens": 100_000_000, "completion_tokens": 100_000_000 });
    provider.reply(counted(&most));
    let answer = served.send(streamed(&token, "Hello?")).await;
    let done = Events::new(answer).all().await.pop().unwrap();
    assert_eq!(done.event, "done");
    let [call] = &calls(&kit.pool, T1).await[..] else {
        panic!("one row");
    };
    assert_eq!((call.completion_tokens, call.exact), (100_000_000, true));
    // So long a prompt is dearer: 0.20 and 0.75 USD for a million.
    assert_eq!(call.cost, Some(95_000_000_000));
    assert_counted(&kit.pool).await;
    assert_eq!(left(&kit).await, [json!("0"), json!(0)]);
    let refused = ask(&kit, &kit.token(U1).await).await;
    assert_eq!(refused_by(&refused).0, "tenant");
    assert_eq!(provider.chats().len(), 1);
    // More is allowed, and it goes on from what was spent.
    let limits = json!({ "tokens_per_day": 300_000_000, "cost_per_day": "96" });
    limit_tenant(&kit, T1, limits).await;
    assert_eq!(ask(&kit, &kit.token(U1).await).await.status, 200);
    assert_eq!(left(&kit).await[1], 100_000_000 - 18);
}

#[tokio::test] // R64
async fn a_budget_of_nothing_is_none() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    for (limits, name) in [
        (json!({ "cost_per_day": "0" }), "cost_per_day"),
        (json!({ "cost_per_month": "0.0" }), "cost_per_month"),
        (json!({ "tokens_per_day": 0 }), "tokens_per_day"),
        (json!({ "tokens_per_month": 0 }), "tokens_per_month"),
    ] {
        limit_tenant(&kit, T1, limits).await;
        let refused = ask(&kit, &kit.token(U1).await).await;
        assert_eq!(refused_by(&refused), ("tenant".into(), name.into()));
        let left = refused.json["limit"]["left"].to_string();
        assert_eq!(left.trim_matches('"'), "0");
    }
    assert!(provider.asked().is_empty());
}
