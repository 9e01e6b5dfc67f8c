//! An answer that is stopped from anywhere.

use super::{begin, kit, stop, twin};
use crate::kit::{Kit, U1, U2, V1, http::Served, provider::Provider, provider::Reply};
use serde_json::json;
use uuid::Uuid;

#[tokio::test] // R83
async fn what_there_is_of_a_stopped_answer_is_kept() {
    for elsewhere in [false, true] {
        let provider = Provider::start().await;
        let kit = kit(&provider).await;
        let token = kit.token(U1).await;
        let served = Served::new(&kit).await;
        let mut begun = begin(&served, &provider, &token, &["One, ", "two."]).await;
        let stopped = match elsewhere {
            true => stop(&twin(&kit, &provider).await, &token, begun.message).await,
            false => stop(&kit, &token, begun.message).await,
        };
        assert_eq!(stopped["status"], "stopped");
        assert_eq!(stopped["content"], "One, ");
        assert_eq!(stopped["finish_reason"], "stopped");
        assert_eq!(stopped["usage"]["exact"], false);
        let done = begun.events.one().await;
        assert_eq!(done.event, "done");
        assert_eq!(done.data["status"], "stopped");
        assert!(begun.events.next().await.is_none());
        // Whoever makes it is not left to make the rest.
        provider.left_by(1).await;
        // The conversation goes on with it.
        let next = json!({ "message": "And?", "session_id": begun.session });
        assert_eq!(kit.post(&token, "/chat", next).await.status, 200);
        let said = super::asked_last(&provider);
        assert_eq!(said[1], ("assistant".to_owned(), "One, ".to_owned()));
    }
}

#[tokio::test] // R83
async fn a_process_that_nobody_tells_stops_as_well() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = twin(&kit, &provider).await;
    let token = kit.token(U1).await;
    provider.reply(Reply::Silence);
    let asking = kit.post(&token, "/chat", json!({ "message": "Hello?" }));
    let stopping = async {
        provider.asked_for(1).await;
        let id: Uuid =
            sqlx::query_scalar("select id from parlance.chat_messages where role = 'assistant'")
                .fetch_one(&kit.pool)
                .await
                .unwrap();
        stop(&other, &token, id).await
    };
    let (answer, stopped) = tokio::join!(asking, stopping);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["status"], "stopped");
    assert_eq!(answer.json["answer"], "");
    assert_eq!(answer.json["message_id"], stopped["id"]);
}

/// Whoever waits for the end of an answer may have missed that it was asked for.
#[tokio::test] // R83
async fn a_listener_that_breaks_wakes_whoever_may_have_missed_something() {
    let kit = Kit::new().await;
    let db = &kit.app.db;
    let broken_twice = async {
        let mut heard = db.heard();
        for _ in 0..2 {
            heard.wait_for(|heard| *heard).await.unwrap();
            let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                         where datname = current_database() and query ilike 'listen%'";
            let ended: i64 = sqlx::query_scalar(ended)
                .fetch_one(&kit.pool)
                .await
                .unwrap();
            assert_eq!(ended, 1);
            heard.changed().await.unwrap();
        }
    };
    tokio::select! {
        () = db.listen(|_| {}) => panic!("it listens until the database is closed"),
        () = broken_twice => {}
    }
}

#[tokio::test] // R27
async fn what_has_ended_stays_as_it_is_and_what_is_not_ones_own_is_not_there() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let answer = super::ask(&kit, U1, json!({ "message": "Hello?" })).await;
    let id = |field: &str| answer[field].as_str().unwrap().parse::<Uuid>().unwrap();
    let before = kit.messages().await;
    let stopped = stop(&kit, &token, id("message_id")).await;
    assert_eq!(stopped["status"], "complete");
    for (who, message) in [
        (U1, id("user_message_id")),
        (U1, Uuid::now_v7()),
        (U2, id("message_id")),
        (V1, id("message_id")),
    ] {
        let path = format!("/chat/messages/{message}/stop");
        let refused = kit.post(&kit.token(who).await, &path, json!(null)).await;
        assert_eq!(refused.problem(404), "not_found");
    }
    assert_eq!(kit.messages().await, before);
}

#[tokio::test] // R84
async fn an_answer_whose_process_died_has_the_end_that_was_asked_for() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let answer = super::ask(&kit, U1, json!({ "message": "Hello?" })).await;
    // As a dead process leaves it.
    sqlx::query(
        "update parlance.chat_messages set status = 'streaming', usage_exact = null, finish_reason = null,
           stopping = true, heartbeat_at = now() - interval '61 seconds' where role = 'assistant'",
    )
    .execute(&kit.pool)
    .await
    .unwrap();
    kit.app.db.sweep().await.unwrap();
    let served = Served::new(&kit).await;
    let id: Uuid = answer["message_id"].as_str().unwrap().parse().unwrap();
    let events = crate::kit::http::Events::new(super::resume(&served, &token, id, None).await);
    let last = events.all().await.pop().unwrap();
    assert_eq!(
        (last.event.as_str(), &last.data["status"]),
        ("done", &json!("stopped"))
    );
}
