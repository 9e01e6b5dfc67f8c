//! A row for every call.

use super::{ask, calls, kit, reserved};
use crate::kit::{
    ADMIN1, T1, T2, U1, U2, http::Events, http::Served, http::streamed, provider::Provider,
    provider::Reply, request, wait::wait_until,
};
use crate::vectors::indexed;
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// What the provider says that an answer took, at the prices of the model that is asked by default: 0.10 and 0.50 USD a
/// million.
const COST: i64 = 11 * 100 + 7 * 500;

#[tokio::test]
async fn an_answer_is_a_row_with_what_it_cost() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let answer = ask(&kit, &token).await;
    let [call] = &calls(&kit.pool, T1).await[..] else {
        panic!("one row");
    };
    assert_eq!(call.id, answer.id("message_id"));
    let of = (&*call.operation, &*call.outcome, &*call.endpoint);
    assert_eq!(of, ("chat", "complete", "openai"));
    assert_eq!(call.user_id, Some(U1.id));
    let counts = (call.prompt_tokens, call.completion_tokens, call.exact);
    assert_eq!(counts, (11, 7, true));
    assert_eq!(call.cost, Some(COST));
    assert_eq!(calls(&kit.pool, T2).await, []);
    assert_eq!(reserved(&kit.pool).await, 0);
}

#[tokio::test]
async fn what_nobody_charges_for_costs_nothing_and_an_unknown_price_is_none() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(ADMIN1).await;
    for settings in [
        json!({ "provider": "local" }),
        json!({ "provider": "openai", "chat_model": "made-here" }),
    ] {
        let set = kit.patch(&token, "/tenants/current", settings).await;
        assert_eq!(set.status, 200, "{}", set.text);
        assert_eq!(ask(&kit, &kit.token(U1).await).await.status, 200);
    }
    let costs: Vec<_> = calls(&kit.pool, T1).await;
    let costs: Vec<_> = costs.iter().map(|c| (&*c.endpoint, c.cost)).collect();
    assert_eq!(costs, [("local", Some(0)), ("openai", None)]);
}

#[tokio::test]
async fn a_stopped_answer_is_charged_for_what_there_is_of_it() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (token, served) = (kit.token(U1).await, Served::new(&kit).await);
    provider.hold(&["Twelve bytes", "never"]);
    provider.let_go(1);
    let mut events = Events::new(served.send(streamed(&token, "Hello?")).await);
    let message = events.one().await.uuid("message_id");
    assert_eq!(events.one().await.event, "delta");
    let path = format!("/chat/messages/{message}/stop");
    let stopped = kit.post(&token, &path, Value::Null).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    let [call] = &calls(&kit.pool, T1).await[..] else {
        panic!("one row");
    };
    assert_eq!((call.id, &*call.outcome), (message, "stopped"));
    assert_eq!((call.completion_tokens, call.exact), (3, false));
    let usage = &stopped.json["usage"];
    assert_eq!(usage["completion_tokens"], 3);
    assert_eq!(usage["prompt_tokens"], call.prompt_tokens);
    assert!(call.prompt_tokens > 0 && call.cost.unwrap() > 0);
    assert_eq!(reserved(&kit.pool).await, 0);
}

#[tokio::test]
async fn thoughts_that_nobody_is_told_of_are_charged_for_when_an_answer_is_cut() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let admin = kit.token(ADMIN1).await;
    let set = json!({ "max_output_tokens": 500 });
    assert_eq!(kit.patch(&admin, "/tenants/current", set).await.status, 200);
    let (token, served) = (kit.token(U1).await, Served::new(&kit).await);
    let question = json!([{ "role": "user", "content": "Hello?" }]);
    // Of one that does not think it is what it wrote, else all that it might have written.
    for (left, effort, tokens) in [(1, "none", 3), (2, "high", 500)] {
        provider.hold(&["Twelve bytes", "never"]);
        provider.let_go(1);
        let asked = json!({ "model": "default", "messages": question, "stream": true, "reasoning_effort": effort });
        let asked = request(&token, "POST", "/v1/chat/completions")
            .header("content-type", "application/json")
            .body(Body::from(asked.to_string()))
            .unwrap();
        let mut answer = served.send(asked).await.into_body();
        let mut text = String::new();
        while !text.contains("Twelve bytes") {
            let frame = answer.frame().await.expect("it goes on").unwrap();
            text += std::str::from_utf8(frame.data_ref().unwrap()).unwrap();
        }
        drop(answer);
        provider.left_by(left).await;
        kit.settled().await;
        let call = calls(&kit.pool, T1).await.pop().unwrap();
        let counted = (&*call.outcome, call.completion_tokens, call.exact);
        assert_eq!(counted, ("stopped", tokens, false), "{effort}");
        assert_eq!(reserved(&kit.pool).await, 0);
    }
    super::assert_counted(&kit.pool).await;
}

#[tokio::test]
async fn failed_calls_are_rows_too() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.reply(Reply::Status(400, json!({ "error": { "message": "no" } })));
    assert_eq!(ask(&kit, &token).await.status, 502);
    provider.reply(Reply::BreakAfter(vec!["Half an ".into(), "ans".into()]));
    let served = Served::new(&kit).await;
    let events = Events::new(served.send(streamed(&token, "Hello?")).await);
    assert_eq!(events.all().await.last().unwrap().event, "error");
    let calls = calls(&kit.pool, T1).await;
    let told: Vec<_> = calls
        .iter()
        .map(|c| (&*c.outcome, c.completion_tokens, c.exact, c.cost > Some(0)))
        .collect();
    assert_eq!(
        told,
        [("failed", 0, false, false), ("interrupted", 3, false, true)]
    );
    assert_eq!(reserved(&kit.pool).await, 0);
}

#[tokio::test] // R73
async fn the_call_that_failed_and_its_fallback_are_two_rows() {
    let provider = Provider::start().await;
    let kit = provider
        .kit([
            ("OPENAI_API_KEY", "sk-deployment"),
            ("DEEPSEEK_API_KEY", "ds-deployment"),
        ])
        .await;
    let admin = kit.token(ADMIN1).await;
    let fallback = json!({ "fallback_provider": "deepseek" });
    let set = kit.patch(&admin, "/tenants/current", fallback).await;
    assert_eq!(set.status, 200, "{}", set.text);
    // As often as a failure is asked again.
    for _ in 0..3 {
        provider.reply(Reply::Status(500, Value::Null));
    }
    let answer = ask(&kit, &kit.token(U2).await).await;
    assert_eq!(answer.json["provider"], "deepseek", "{}", answer.text);
    let calls = calls(&kit.pool, T1).await;
    let told: Vec<_> = calls.iter().map(|c| (&*c.endpoint, &*c.outcome)).collect();
    assert!(told.contains(&("openai", "failed")), "{told:?}");
    assert!(told.contains(&("deepseek", "complete")), "{told:?}");
    assert_eq!(told.len(), 2);
    let last = calls.iter().find(|c| c.endpoint == "deepseek").unwrap();
    assert_eq!(last.id, answer.id("message_id"));
}

#[tokio::test]
async fn vectors_are_calls_of_their_own() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 14 days.")
        .await;
    let token = kit.token(U1).await;
    let search = json!({ "query": "How long does a refund take?" });
    assert_eq!(
        kit.post(&token, "/documents/search", search).await.status,
        200
    );
    assert_eq!(ask(&kit, &token).await.status, 200);
    let calls = calls(&kit.pool, T1).await;
    let told: Vec<_> = calls.iter().map(|c| (&*c.operation, c.user_id)).collect();
    let (admin, user) = (Some(ADMIN1.id), Some(U1.id));
    let mut expected = vec![
        ("embedding", admin),
        ("embedding", user),
        ("embedding", user),
        ("chat", user),
    ];
    expected.sort();
    let mut told = told;
    told.sort();
    assert_eq!(told, expected);
    assert!(calls.iter().all(|c| c.cost > Some(0)), "{calls:?}");
    assert_eq!(reserved(&kit.pool).await, 0);
}

#[tokio::test]
async fn a_search_that_nobody_waits_for_is_settled() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let (token, served) = (kit.token(U1).await, Served::new(&kit).await);
    provider.hold_vectors();
    let search = request(&token, "POST", "/documents/search")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"query": "How long does a refund take?"}"#))
        .unwrap();
    let asked = async {
        wait_until("the question to be embedded", async || {
            (!provider.asked().is_empty()).then_some(()).ok_or("nobody")
        })
        .await;
    };
    tokio::select! {
        _ = served.send(search) => panic!("its vector is held"),
        () = asked => {}
    }
    provider.let_vectors_go(100);
    wait_until("nothing to be reserved", async || {
        let reserved = reserved(&kit.pool).await;
        (reserved == 0).then_some(()).ok_or(reserved)
    })
    .await;
    let calls = calls(&kit.pool, T1).await;
    let told: Vec<_> = calls.iter().map(|c| (&*c.operation, c.user_id)).collect();
    assert_eq!(told, [("embedding", Some(U1.id))]);
    assert!(calls[0].cost > Some(0), "{calls:?}");
}

#[tokio::test]
async fn a_deleted_conversation_is_paid_for() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (token, served) = (kit.token(U1).await, Served::new(&kit).await);
    provider.hold(&["One, ", "two."]);
    provider.let_go(1);
    let mut events = Events::new(served.send(streamed(&token, "Hello?")).await);
    let session = events.one().await.uuid("session_id");
    assert_eq!(events.one().await.event, "delta");
    let path = format!("/chat/sessions/{session}");
    assert_eq!(kit.delete(&token, &path).await.status, 204);
    provider.let_go(5);
    assert_eq!(events.all().await.last().unwrap().event, "error");
    wait_until("the row of an answer without one", async || {
        let calls = calls(&kit.pool, T1).await;
        match &calls[..] {
            [call] if call.completion_tokens > 0 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(reserved(&kit.pool).await, 0);
}

#[tokio::test]
async fn months_are_made_before_they_come_and_dropped_when_they_are_old() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    ask(&kit, &kit.token(U1).await).await;
    assert_eq!(
        kit.app.db.keep_ledger(Some(1)).await.unwrap(),
        Default::default()
    );
    let long_ago =
        "create table parlance.provider_calls_201901 (like parlance.provider_calls including all)";
    super::run(&kit.pool, long_ago).await;
    let attached =
        "alter table parlance.provider_calls attach partition parlance.provider_calls_201901
                    for values from ('2019-01-01') to ('2019-02-01')";
    super::run(&kit.pool, attached).await;
    super::run(
        &kit.pool,
        "alter table parlance.provider_calls_201901 owner to parlance_owner",
    )
    .await;
    let next = "select to_char(now() + interval '3 months', 'YYYYMM')";
    let next: String = sqlx::query_scalar(next).fetch_one(&kit.pool).await.unwrap();
    super::run(
        &kit.pool,
        &format!("drop table parlance.provider_calls_{next}"),
    )
    .await;
    let twin = kit.app.db.clone();
    let (a, b) = tokio::join!(kit.app.db.keep_ledger(Some(12)), twin.keep_ledger(Some(12)));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.made + b.made, a.dropped + b.dropped), (1, 1));
    assert_eq!(calls(&kit.pool, T1).await.len(), 1);
}
