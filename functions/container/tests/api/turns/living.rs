//! An answer that lives is not taken for dead, and its end is told as it is stored.

use super::{begin, kit};
use crate::kit::{
    U1,
    http::Served,
    provider::{Provider, Reply},
    wait::wait_until,
};
use serde_json::json;

const LONG_AGO: &str =
    "update parlance.chat_messages set heartbeat_at = now() - interval '61 seconds'
   where status = 'streaming'";

#[tokio::test] // R84
async fn the_end_of_an_answer_that_was_taken_for_dead_stands() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let begun = begin(&served, &provider, &token, &["One, ", "two."]).await;
    // What was read of it may be stored in between, which says that it lives.
    wait_until("an answer to be taken for dead", async || {
        sqlx::query(LONG_AGO).execute(&kit.pool).await.unwrap();
        match kit.app.db.sweep().await.unwrap().answers {
            1 => Ok(()),
            n => Err(format!("{n} are")),
        }
    })
    .await;
    provider.let_go(2);
    let rest = begun.events.all().await;
    let done = rest.last().unwrap();
    assert_eq!(
        (&*done.event, &done.data["status"]),
        ("done", &json!("complete"))
    );
    let row = kit.message(begun.message).await.unwrap();
    assert_eq!((&*row.status, &*row.content), ("complete", "One, two."));
}

#[tokio::test] // R84
async fn what_was_read_is_stored_when_a_database_that_was_away_for_long_is_back() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let begun = begin(&served, &provider, &token, &["One, ", "two."]).await;
    kit.only_read(true).await;
    provider.let_go(2);
    let rest = begun.events.all().await;
    let last = rest.last().unwrap();
    assert_eq!((&*last.event, &last.data["status"]), ("error", &json!(503)));
    kit.only_read(false).await;
    kit.until(begun.message, "complete").await;
    let row = kit.message(begun.message).await.unwrap();
    assert_eq!(row.content, "One, two.");
}

#[tokio::test] // R84
async fn an_answer_whose_model_is_silent_says_that_it_lives() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.reply(Reply::Silence);
    let asking = kit.post(&token, "/chat", json!({ "message": "Hello?" }));
    let looking = async {
        provider.asked_for(1).await;
        sqlx::query(LONG_AGO).execute(&kit.pool).await.unwrap();
        wait_until("a sign of life of a silent answer", async || {
            let alive: bool = sqlx::query_scalar(
                "select heartbeat_at > now() - interval '60 seconds' from parlance.chat_messages
                 where status = 'streaming'",
            )
            .fetch_one(&kit.pool)
            .await
            .unwrap();
            alive.then_some(()).ok_or("none")
        })
        .await;
    };
    tokio::select! {
        answer = asking => panic!("nobody has answered: {answer:?}"),
        () = looking => {}
    }
    kit.app.stop.cancel();
}

#[tokio::test]
async fn an_answer_whose_conversation_is_deleted_is_not_told_as_done() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let begun = begin(&served, &provider, &token, &["One, ", "two."]).await;
    let path = format!("/chat/sessions/{}", begun.session);
    assert_eq!(kit.delete(&token, &path).await.status, 204);
    provider.let_go(2);
    let rest = begun.events.all().await;
    let last = rest.last().unwrap();
    assert_eq!(last.event, "error");
    assert_eq!(last.data["type"], "urn:parlance:error:conversation_deleted");
    assert_eq!(
        (&last.data["status"], &last.data["retryable"]),
        (&json!(410), &json!(false))
    );
    let gone = kit
        .get(&token, &format!("/chat/messages/{}", begun.message))
        .await;
    assert_eq!(gone.problem(404), "not_found");
}
