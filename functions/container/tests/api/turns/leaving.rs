//! What becomes of an answer whose reader leaves, or never was.

use super::{begin, kit, resume};
use crate::kit::{
    ADMIN1, U1,
    http::{Events, Served},
    provider::Provider,
    request,
    wait::wait_until,
};
use axum::body::Body;
use serde_json::json;

#[tokio::test] // R83
async fn a_tenant_may_have_it_cancelled() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let admin = kit.token(ADMIN1).await;
    let cancel = json!({ "on_disconnect": "cancel" });
    let set = kit.patch(&admin, "/tenants/current", cancel).await;
    assert_eq!(set.json["on_disconnect"], "cancel");
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let begun = begin(&served, &provider, &token, &["One, ", "two."]).await;
    // As long as anybody reads, it is made.
    let mut second = Events::new(resume(&served, &token, begun.message, None).await);
    assert_eq!(second.one().await.event, "start");
    drop(begun.events);
    assert_eq!(second.one().await.data["text"], "One, ");
    drop(second);
    let row = kit.until(begun.message, "stopped").await;
    assert_eq!(row.content, "One, ");
    provider.left_by(1).await;
}

#[tokio::test] // R83
async fn a_question_may_say_otherwise() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.hold(&["One."]);
    let body = json!({ "message": "Hello?", "on_disconnect": "cancel" });
    let asking = kit.post(&token, "/chat", body);
    tokio::select! {
        answer = asking => panic!("nobody has answered: {answer:?}"),
        () = provider.asked_for(1) => {}
    }
    wait_until("the end of an answer that nobody waits for", async || {
        let rows = kit.messages().await;
        let status = rows.last().unwrap().status.clone();
        (status == "stopped").then_some(()).ok_or(status)
    })
    .await;
}

#[tokio::test]
async fn an_answer_may_be_asked_for_and_fetched_later() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.hold(&["One, ", "two."]);
    let later = request(&token, "POST", "/chat")
        .header("content-type", "application/json")
        .header("prefer", "wait=1, Respond-Async");
    // Nobody waits for it, so nobody can leave.
    let body = json!({ "message": "Hello?", "on_disconnect": "cancel" });
    let accepted = kit.send(later, Body::from(body.to_string())).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    assert_eq!(accepted.header("preference-applied"), "respond-async");
    let path = accepted.header("location").to_owned();
    let message = accepted.id("message_id");
    assert_eq!(path, format!("/chat/messages/{message}"));
    assert_eq!(kit.get(&token, &path).await.json["status"], "streaming");
    provider.let_go(1);
    wait_until("the text so far", async || {
        let text = kit.get(&token, &path).await.json["content"].clone();
        (text == "One, ").then_some(()).ok_or(text)
    })
    .await;
    provider.let_go(2);
    kit.until(message, "complete").await;
    let whole = kit.get(&token, &path).await;
    assert_eq!(whole.json["content"], "One, two.");
    assert_eq!(whole.json["session_id"], accepted.json["session_id"]);
}
