//! Resume, stop, and what becomes of an answer whose reader leaves.

use super::{Reading, ask, assert_idle, kit, said, stop, submit, text_of, twin, types};
use crate::kit::{U1, U2, http::Served, provider::Provider};
use serde_json::json;

#[tokio::test]
async fn a_running_answer_is_told_from_its_beginning_at_every_replica() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (served, token) = (Served::new(&kit).await, kit.token(U1).await);
    let other = twin(&kit.database, &provider).await;
    let elsewhere = Served::new(&other).await;
    provider.hold(&["One ", "two ", "three"]);
    provider.let_go(1);
    let mut first = Reading::begin(&served, &token, &submit("c", "q1", "Count.")).await;
    first.until("One ").await;
    let mut here = Reading::resume(&served, &token, "c").await;
    let mut there = Reading::resume(&elsewhere, &token, "c").await;
    here.until("One ").await;
    there.until("One ").await;
    provider.let_go(3);
    let (first, here, there) = (first.all().await, here.all().await, there.all().await);
    for again in [&here, &there] {
        assert_eq!(again[0], first[0], "the same message begins");
        assert_eq!(types(again), types(&first));
        assert_eq!(text_of(again), "One two three");
    }
    for kit in [&kit, &other] {
        assert_idle(kit, &token, "c").await;
    }
    served.stop().await;
    elsewhere.stop().await;
}

#[tokio::test] // R27
async fn where_nothing_runs_for_the_caller_nothing_is_said() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (served, token) = (Served::new(&kit).await, kit.token(U1).await);
    provider.hold(&["One ", "two"]);
    provider.let_go(1);
    let mut reading = Reading::begin(&served, &token, &submit("c", "q1", "Count.")).await;
    reading.until("One ").await;
    reading.until("session_id").await;
    let session = reading.text.split(r#""session_id":""#).nth(1).unwrap();
    let session = session.split('"').next().unwrap().to_owned();
    let other = kit.token(U2).await;
    let long = "x".repeat(300);
    for id in ["c", &session, "nothing", ".", "..", "%2e%2e", "%00", &long] {
        assert_idle(&kit, &other, id).await;
        stop(&kit, &other, id).await;
    }
    // Its own is there by either name, and nobody has stopped it.
    drop(Reading::resume(&served, &token, &session).await);
    provider.let_go(2);
    assert_eq!(text_of(&reading.all().await), "One two");
    served.stop().await;
}

#[tokio::test]
async fn a_stop_ends_the_answer_from_anywhere_and_may_be_said_twice() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (served, token) = (Served::new(&kit).await, kit.token(U1).await);
    let other = twin(&kit.database, &provider).await;
    provider.hold(&["One ", "two"]);
    provider.let_go(1);
    let mut reading = Reading::begin(&served, &token, &submit("c", "q1", "Count.")).await;
    reading.until("One ").await;
    stop(&other, &token, "c").await;
    let parts = reading.all().await;
    assert_eq!(parts.last().unwrap()["type"], "abort");
    stop(&kit, &token, "c").await;
    assert_idle(&kit, &token, "c").await;
    assert_eq!(said(&kit, &token, "c").await[1].1, "One ");
    served.stop().await;
}

#[tokio::test]
async fn a_reader_who_leaves_ends_the_answer_only_if_that_is_meant() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let (served, token) = (Served::new(&kit).await, kit.token(U1).await);
    for (nth, (wish, left)) in [("finish", "complete"), ("cancel", "stopped")]
        .into_iter()
        .enumerate()
    {
        provider.hold(&["One ", "two"]);
        provider.let_go(1);
        let mut question = submit("c", wish, "Count.");
        question["on_disconnect"] = json!(wish);
        let mut reading = Reading::begin(&served, &token, &question).await;
        reading.until("One ").await;
        drop(reading);
        if wish == "finish" {
            provider.let_go(2);
        }
        provider.left_by(nth + 1).await;
        let id = kit.messages().await.len() - 1;
        let sql = "select id from parlance.chat_messages order by seq offset $1";
        let id = sqlx::query_scalar(sql)
            .bind(i64::try_from(id).unwrap())
            .fetch_one(&kit.pool)
            .await
            .unwrap();
        kit.until(id, left).await;
    }
    // What was left is answered anew when it is asked again.
    let again = ask(&kit, &token, submit("c", "cancel", "Count.")).await;
    assert_eq!(text_of(&again), "Hello from the model.");
    served.stop().await;
}
