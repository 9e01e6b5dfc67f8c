//! The same request sent twice.

use super::kit;
use crate::kit::{
    Answer, Kit, U1, U2, V1,
    http::{Events, Served, text_of},
    provider::Provider,
    request,
};
use axum::body::Body;
use serde_json::{Value, json};
use uuid::Uuid;

async fn send(kit: &Kit, token: &str, key: &str, body: &Value) -> Answer {
    let request = request(token, "POST", "/chat")
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    kit.send(request, Body::from(body.to_string())).await
}

#[tokio::test] // R85
async fn it_is_asked_once_and_answered_alike() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let once = json!({ "message": "Once?", "metadata": { "page": "/" } });
    let first = send(&kit, &token, "k-1", &once).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let again = send(&kit, &token, "k-1", &once).await;
    assert_eq!(again.json, first.json);
    // However it wants to be answered.
    let streamed = json!({ "message": "Once?", "metadata": { "page": "/" }, "stream": true });
    let streamed = send(&kit, &token, "k-1", &streamed).await;
    assert_eq!(streamed.header("content-type"), "text/event-stream");
    assert!(
        streamed
            .text
            .contains(first.json["message_id"].as_str().unwrap())
    );
    assert_eq!(provider.chats().len(), 1);
    assert_eq!(kit.messages().await.len(), 2);

    let other = send(&kit, &token, "k-1", &json!({ "message": "Twice?" })).await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
    // A key is its user's own.
    for who in [U2, V1] {
        let theirs = send(&kit, &kit.token(who).await, "k-1", &once).await;
        assert_eq!(theirs.status, 200, "{}", theirs.text);
        assert_ne!(theirs.json["message_id"], first.json["message_id"]);
    }
    // And good for a day.
    let day =
        "update parlance.idempotency_keys set created_at = now() - interval '24 hours 1 second'";
    sqlx::query(day).execute(&kit.pool).await.unwrap();
    let later = send(&kit, &token, "k-1", &json!({ "message": "Twice?" })).await;
    assert_eq!(later.status, 200, "{}", later.text);
    kit.app.db.sweep().await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from parlance.idempotency_keys")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}

#[tokio::test] // R85
async fn of_many_at_once_one_is_asked() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let once = json!({ "message": "Once?" });
    let all = (0..20).map(|_| send(&kit, &token, "k-1", &once));
    let all = futures_util::future::join_all(all).await;
    for answer in &all {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json, all[0].json);
    }
    assert_eq!(provider.chats().len(), 1);
    assert_eq!(kit.messages().await.len(), 2);
}

#[tokio::test] // R85
async fn while_it_runs_the_repeat_is_its_stream() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    provider.hold(&["One, ", "two."]);
    let ask = || {
        let body = json!({ "message": "Once?", "stream": true });
        request(&token, "POST", "/chat")
            .header("content-type", "application/json")
            .header("idempotency-key", "k-1")
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    let mut first = Events::new(served.send(ask()).await);
    let start = first.one().await;
    provider.let_go(1);
    assert_eq!(first.one().await.data["text"], "One, ");
    drop(first);
    let mut second = Events::new(served.send(ask()).await);
    assert_eq!(second.one().await, start);
    assert_eq!(second.one().await.data["text"], "One, ");
    provider.let_go(2);
    let rest = second.all().await;
    assert_eq!(text_of(&rest), "two.");
    assert_eq!(provider.chats().len(), 1);
}

#[tokio::test] // R85
async fn what_was_refused_used_up_no_key() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let nowhere = json!({ "message": "Hm?", "session_id": Uuid::now_v7() });
    assert_eq!(
        send(&kit, &token, "k-1", &nowhere).await.problem(404),
        "not_found"
    );
    let nobody = json!({ "message": "Hm?", "parent_id": Uuid::now_v7() });
    assert_eq!(
        send(&kit, &token, "k-1", &nobody).await.fields(),
        ["parent_id"]
    );
    let good = send(&kit, &token, "k-1", &json!({ "message": "Hm?" })).await;
    assert_eq!(good.status, 200, "{}", good.text);
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let body = json!({ "message": "Hm?" });
    for key in ["", " ", &"k".repeat(256), "schlüssel"] {
        let refused = send(&kit, &token, key, &body).await;
        assert_eq!(refused.fields(), ["Idempotency-Key"], "{key}");
    }
    assert!(kit.messages().await.is_empty());
}
