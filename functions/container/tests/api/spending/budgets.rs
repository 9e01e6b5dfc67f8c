//! Tokens and money of a day and a month.

use super::{ask, calls, kit, limit_tenant, limit_users, number, refused_by, reserved, run};
use crate::{
    kit::{
        ADMIN1, Kit, T1, T2, U1, U2, V1,
        http::{Events, Served, streamed},
        provider::Provider,
    },
    vectors::indexed,
};
use serde_json::{Value, json};

/// What one question reserves of tokens, as the tests ask it: less than this, and more than half of it.
const ONE: i64 = 4000;

async fn left(kit: &Kit) -> Value {
    let token = kit.token(ADMIN1).await;
    let limits = kit.get(&token, "/tenants/current/limits").await;
    limits.json["left"].clone()
}

#[tokio::test] // R64
async fn what_is_spent_is_counted_and_what_may_be_too_much_is_refused() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_tenant(&kit, T1, json!({ "tokens_per_day": ONE })).await;
    let (one, two) = (kit.token(U1).await, kit.token(U2).await);
    // 18 tokens each: as long as a whole question still fits.
    let mut asked = 0;
    let refused = loop {
        let answer = ask(&kit, if asked % 2 == 0 { &one } else { &two }).await;
        if answer.status != 200 {
            break answer;
        }
        asked += 1;
        assert_eq!(answer.headers["ratelimit-limit"], "4000");
    };
    assert_eq!(
        refused_by(&refused),
        ("tenant".into(), "tokens_per_day".into())
    );
    assert!(
        refused.json["detail"]
            .as_str()
            .unwrap()
            .contains("4000 tokens a day")
    );
    assert_eq!(refused.json["limit"]["left"], ONE - 18 * asked);
    assert!(asked > 1, "{asked}");
    assert_eq!(left(&kit).await[0]["left"], ONE - 18 * asked);
    // Nothing of a refused question is stored.
    let questions = "select count(*) from parlance.chat_messages where role = 'user'";
    assert_eq!(number(&kit.pool, questions).await, asked);
    assert_eq!(reserved(&kit.pool).await, 0);
    // Nobody else's.
    assert_eq!(ask(&kit, &kit.token(V1).await).await.status, 200);
    // Tomorrow there is more.
    run(
        &kit.pool,
        "update parlance.spending set starts = starts - 1",
    )
    .await;
    run(
        &kit.pool,
        "update parlance.provider_calls set called_at = called_at - interval '1 day'
        where called_at > date_trunc('month', now()) + interval '1 day'",
    )
    .await;
    run(&kit.pool, "delete from parlance.provider_calls where called_at <= date_trunc('month', now()) + interval '1 day'").await;
    assert_eq!(ask(&kit, &one).await.status, 200);
}

#[tokio::test] // R64
async fn each_user_has_its_own_and_some_have_more() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_users(&kit, ADMIN1, json!({ "tokens_per_month": 0 })).await;
    let path = format!("/admin/users/{}/limits", U2.id);
    let more = json!({ "tokens_per_month": 1_000_000 });
    let set = kit.put(&kit.token(ADMIN1).await, &path, more).await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!(set.json["total"]["tokens_per_month"], 1_000_000);
    let refused = ask(&kit, &kit.token(U1).await).await;
    assert_eq!(
        refused_by(&refused),
        ("user".into(), "tokens_per_month".into())
    );
    let token = kit.token(U2).await;
    assert_eq!(ask(&kit, &token).await.status, 200);
    let state = kit.get(&kit.token(ADMIN1).await, &path).await;
    assert_eq!(state.json["left"][0]["left"], 1_000_000 - 18);
    assert_eq!(ask(&kit, &kit.token(V1).await).await.status, 200);
}

#[tokio::test] // R64
async fn money_is_counted_to_the_nano_dollar() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_tenant(&kit, T1, json!({ "cost_per_month": "0.01" })).await;
    let token = kit.token(U1).await;
    let answer = ask(&kit, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["ratelimit-limit"], "10000000");
    let state = &left(&kit).await[0];
    assert_eq!(
        (&state["name"], &state["most"]),
        (&json!("cost_per_month"), &json!("0.01"))
    );
    // 11 tokens of 0.10 USD a million and 7 of 0.50.
    assert_eq!(state["left"], "0.0099954");
    // What is spent stays spent where the limit is lowered below it.
    limit_tenant(&kit, T1, json!({ "cost_per_month": "0.000001" })).await;
    let refused = ask(&kit, &kit.token(U1).await).await;
    assert_eq!(
        refused_by(&refused),
        ("tenant".into(), "cost_per_month".into())
    );
    assert_eq!(refused.json["limit"]["left"], "0");
    assert_eq!(left(&kit).await[0]["left"], "0");
    assert_eq!(calls(&kit.pool, T1).await.len(), 1);
}

#[tokio::test]
async fn money_that_is_limited_is_not_spent_on_what_has_no_price() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_tenant(&kit, T1, json!({ "cost_per_day": "5" })).await;
    let admin = kit.token(ADMIN1).await;
    let model = json!({ "chat_model": "made-here" });
    assert_eq!(
        kit.patch(&admin, "/tenants/current", model).await.status,
        200
    );
    let refused = ask(&kit, &kit.token(U1).await).await;
    assert_eq!(refused.problem(409), "model_unpriced");
    assert!(
        refused.json["detail"]
            .as_str()
            .unwrap()
            .contains("made-here")
    );
    assert!(provider.chats().is_empty());
    // Whoever has no limit to money asks it.
    limit_tenant(&kit, T1, json!({ "tokens_per_day": 1_000_000 })).await;
    assert_eq!(ask(&kit, &kit.token(ADMIN1).await).await.status, 200);
}

#[tokio::test]
async fn a_limit_that_is_set_in_the_middle_counts_what_was_spent_before() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    for _ in 0..3 {
        assert_eq!(ask(&kit, &token).await.status, 200);
    }
    limit_tenant(&kit, T1, json!({ "tokens_per_month": 10_000 })).await;
    assert_eq!(left(&kit).await[0]["left"], 10_000 - 3 * 18);
    let (token, other) = (kit.token(U1).await, kit.token(U2).await);
    let (a, b) = tokio::join!(ask(&kit, &token), ask(&kit, &other));
    assert_eq!([a.status, b.status], [200, 200]);
    assert_eq!(left(&kit).await[0]["left"], 10_000 - 5 * 18);
}

#[tokio::test]
async fn whoever_is_near_a_limit_is_warned_before_it_is_reached() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_tenant(&kit, T1, json!({ "tokens_per_day": 3500 })).await;
    let answer = ask(&kit, &kit.token(U1).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // The question's reservation is most of it.
    let warning = answer.headers["limit-warning"].to_str().unwrap();
    assert!(warning.starts_with("tenant tokens_per_day: "), "{warning}");
    assert!(warning.ends_with(" of 3500 left"), "{warning}");
    limit_tenant(&kit, T1, json!({ "tokens_per_day": 100 * ONE })).await;
    let answer = ask(&kit, &kit.token(U1).await).await;
    assert_eq!(answer.headers.get("limit-warning"), None);
}

#[tokio::test]
async fn its_administrators_are_warned_too() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_tenant(&kit, T1, json!({ "tokens_per_day": 10_000 })).await;
    let warned = async || {
        let tenant = kit.get(&kit.token(ADMIN1).await, "/tenants/current").await;
        let warnings = tenant.json["warnings"].as_array().unwrap().clone();
        warnings.iter().find(|w| w["code"] == "limit_near").cloned()
    };
    assert_eq!(warned().await, None);
    ask(&kit, &kit.token(U1).await).await;
    run(&kit.pool, "update parlance.spending set tokens = 8500").await;
    let warning = warned().await.expect("there is a warning");
    assert_eq!(warning["setting"], "limits");
    assert!(
        warning["detail"]
            .as_str()
            .unwrap()
            .contains("1500 of 10000 tokens a day")
    );
}

#[tokio::test] // R85
async fn a_repeated_question_is_answered_whatever_is_left() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let asked = async || {
        let request = crate::kit::request(&token, "POST", "/chat")
            .header("content-type", "application/json")
            .header("idempotency-key", "once");
        let body = json!({ "message": "Hello?" }).to_string();
        kit.send(request, axum::body::Body::from(body)).await
    };
    let first = asked().await;
    assert_eq!(first.status, 200, "{}", first.text);
    run(
        &kit.pool,
        &format!(
            "update parlance.tenants set limits = '{{\"tokens_per_day\": 0}}' where id = '{T1}'"
        ),
    )
    .await;
    let fresh = kit.token(U2).await;
    assert_eq!(ask(&kit, &fresh).await.status, 429);
    let again = asked().await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(again.json["message_id"], first.json["message_id"]);
    assert_eq!(calls(&kit.pool, T1).await.len(), 1);
    assert_eq!(calls(&kit.pool, T2).await.len(), 0);
}

/// The tokens that are reserved for what is sent for a question that is being answered.
async fn reserved_for(kit: &Kit, provider: &Provider) -> i64 {
    let (token, served) = (kit.token(U1).await, Served::new(kit).await);
    provider.hold(&["Later."]);
    let mut events = Events::new(served.send(streamed(&token, "How long?")).await);
    assert_eq!(events.one().await.event, "start");
    let sent = "select sum(prompt_tokens) from parlance.reservations";
    let sent = number(&kit.pool, sent).await;
    provider.let_go(5);
    events.all().await;
    sent
}

#[tokio::test] // R64
async fn the_vectors_of_a_question_are_reserved_with_its_answer() {
    let (with, without) = (Provider::start().await, Provider::start().await);
    let with = reserved_for(&indexed(&with).await, &with).await;
    let without = reserved_for(&kit(&without).await, &without).await;
    // Nine bytes.
    assert_eq!(with - without, 3);
}

#[tokio::test] // R64
async fn an_answer_made_anew_reserves_what_its_question_takes() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    limit_tenant(&kit, T1, json!({ "tokens_per_day": 100_000 })).await;
    let token = kit.token(U1).await;
    // About 50,000 tokens.
    let long = json!({ "message": "word ".repeat(30_000) });
    let answer = kit.post(&token, "/chat", long).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    limit_tenant(&kit, T1, json!({ "tokens_per_day": 40_000 })).await;
    let anew = json!({ "regenerate": answer.json["message_id"] });
    let refused = kit.post(&kit.token(U1).await, "/chat", anew.clone()).await;
    assert_eq!(
        refused_by(&refused),
        ("tenant".into(), "tokens_per_day".into())
    );
    limit_tenant(&kit, T1, json!({ "tokens_per_day": 100_000 })).await;
    let answer = kit.post(&kit.token(U1).await, "/chat", anew).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
