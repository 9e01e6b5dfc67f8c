//! Clients that are gone at any moment, and logins that end while they read.

use super::{begin, kit, twin};
use crate::kit::{
    U1,
    http::{Events, Served},
    provider::Provider,
    request,
    wait::wait_until,
};
use axum::body::Body;
use serde_json::json;
use sqlx::Connection;

#[tokio::test] // R81 R83
async fn who_leaves_while_the_question_is_stored_is_answered_all_the_same() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let first = super::ask(&kit, U1, json!({ "message": "First?" })).await;
    // The question waits for its conversation, and its client does not.
    let mut elsewhere = sqlx::PgConnection::connect(&kit.database.url())
        .await
        .unwrap();
    let mut held = elsewhere.begin().await.unwrap();
    sqlx::query("select from parlance.chat_sessions for update")
        .execute(&mut *held)
        .await
        .unwrap();
    let body = json!({ "message": "Second?", "session_id": first["session_id"] });
    let asking = kit.post(&token, "/chat", body);
    let waiting = wait_until("a question that waits for a lock", async || {
        let waits: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity
               where datname = current_database() and wait_event_type = 'Lock' and query like '%begin_turn%')",
        )
        .fetch_one(&kit.pool)
        .await
        .unwrap();
        waits.then_some(()).ok_or("none")
    });
    tokio::select! {
        answer = asking => panic!("it cannot be answered yet: {answer:?}"),
        () = waiting => {}
    }
    held.rollback().await.unwrap();
    wait_until("the answer to a question whose client left", async || {
        let rows = kit.messages().await;
        let last = rows.last().unwrap();
        let done = rows.len() == 4 && last.status == "complete";
        done.then_some(())
            .ok_or(format!("{} {}", rows.len(), last.status))
    })
    .await;
    assert_eq!(provider.chats().len(), 2);
}

#[tokio::test] // R4
async fn a_repeated_question_ends_with_the_login_that_repeats_it() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = twin(&kit, &provider).await;
    let (here, there) = (Served::new(&kit).await, Served::new(&other).await);
    let asks = |token: &str| {
        let body = json!({ "message": "Hello?", "stream": true });
        request(token, "POST", "/chat")
            .header("content-type", "application/json")
            .header("idempotency-key", "k-1")
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    provider.hold(&["One, ", "two."]);
    let first = kit.token(U1).await;
    let mut events = Events::new(here.send(asks(&first)).await);
    assert_eq!(events.one().await.event, "start");
    let login = kit.login(U1).await;
    let token = login.json["access_token"].as_str().unwrap();
    let mut repeats = Vec::new();
    for served in [&here, &there] {
        let mut repeat = Events::new(served.send(asks(token)).await);
        assert_eq!(repeat.one().await.event, "start");
        repeats.push(repeat);
    }
    let refresh = json!({ "refresh_token": login.json["refresh_token"] });
    assert_eq!(kit.post("", "/login/logout", refresh).await.status, 204);
    for mut repeat in repeats {
        let last = repeat.one().await;
        assert_eq!(last.data["type"], "urn:parlance:error:session_revoked");
    }
    provider.let_go(3);
    assert_eq!(events.all().await.pop().unwrap().event, "done");
}

#[tokio::test] // R84
async fn a_sweep_beside_a_stop_takes_nothing_from_a_living_answer() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let served = Served::new(&kit).await;
    let begun = begin(&served, &provider, &token, &["One, ", "two."]).await;
    // As where the task cannot reach the database: nobody told it.
    sqlx::query(
        "update parlance.chat_messages set stopping = true, heartbeat_at = now() - interval '61 seconds'
         where status = 'streaming'",
    )
    .execute(&kit.pool)
    .await
    .unwrap();
    kit.app.db.sweep().await.unwrap();
    provider.let_go(1);
    let rest = begun.events.all().await;
    let done = rest.last().unwrap();
    assert_eq!(
        (&*done.event, &done.data["status"]),
        ("done", &json!("stopped"))
    );
    let row = kit.message(begun.message).await.unwrap();
    assert_eq!(&*row.status, "stopped");
    assert!(row.content.starts_with("One, "), "{}", row.content);
}

#[tokio::test]
async fn deleting_a_conversation_ends_an_answer_whose_model_is_silent() {
    for path in ["/chat/sessions?confirm=all", ""] {
        let provider = Provider::start().await;
        let kit = kit(&provider).await;
        let token = kit.token(U1).await;
        let served = Served::new(&kit).await;
        let mut begun = begin(&served, &provider, &token, &["One, ", "two."]).await;
        let path = match path {
            "" => format!("/chat/sessions/{}", begun.session),
            path => path.to_owned(),
        };
        assert_eq!(kit.delete(&token, &path).await.status, 204);
        let last = begun.events.one().await;
        assert_eq!(last.data["type"], "urn:parlance:error:conversation_deleted");
        provider.left_by(1).await;
    }
}
