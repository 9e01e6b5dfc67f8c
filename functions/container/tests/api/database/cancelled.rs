//! A request that is cancelled takes no other request's write with it.

use crate::kit::{ADMIN1, Kit, U1, database::Database, environment, proxy, wait::wait_until};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// A service that reaches its database slowly, over one connection.
async fn far_from_its_database() -> Kit {
    let database = Database::clone_template().await;
    let mut vars = environment(&database);
    vars.insert("APP_DATABASE_URL".into(), proxy::slow_url(&database).await);
    Kit::on(database, vars).await
}

/// Waits until the service has no connection in a transaction that nobody works in. It would otherwise be the next
/// request's, which believes that its statements are committed one by one.
async fn assert_none_left_in_a_transaction(kit: &Kit) {
    let left = "select count(*) from pg_stat_activity
                where datname = current_database() and usename = 'parlance_app' and state like 'idle in transaction%'";
    let mut clean = 0;
    wait_until("connections that are in no transaction", async || {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let left: i64 = sqlx::query_scalar(left).fetch_one(&kit.pool).await.unwrap();
        clean = if left == 0 { clean + 1 } else { 0 };
        // Longer than any message is on its way.
        if clean >= 5 {
            Ok(())
        } else {
            Err(format!("{left} are in one"))
        }
    })
    .await;
}

/// Cancels requests after each of the times and writes after each; how many were cancelled, and how many connections were
/// closed for it.
async fn lane(cancel_after: &[u64]) -> (usize, u64) {
    let kit = far_from_its_database().await;
    let (user, admin) = (kit.token(U1).await, kit.token(ADMIN1).await);
    let asked = kit
        .post(&user, "/chat", json!({ "message": "Hello?" }))
        .await;
    let session = asked.id("session_id");
    let (mut documents, mut cancelled) = (Vec::new(), 0);
    for millis in cancel_after {
        // The request must not spend its time waiting for the only connection to come back.
        kit.app.db.at_rest(Duration::from_secs(5)).await;
        let read = kit.get(&user, "/chat/sessions");
        let read = timeout(Duration::from_millis(*millis), read).await;
        cancelled += usize::from(read.is_err());
        assert_none_left_in_a_transaction(&kit).await;
        let title = format!("After {millis} ms");
        let path = format!("/chat/sessions/{session}");
        let written = kit.patch(&user, &path, json!({ "title": title })).await;
        assert_eq!(written.status, 200, "{}", written.text);
        let stored: String =
            sqlx::query_scalar("select title from parlance.chat_sessions where id = $1")
                .bind(session)
                .fetch_one(&kit.pool)
                .await
                .unwrap();
        assert_eq!(stored, title, "a write that was acknowledged is lost");

        let document = json!({ "title": title, "text": "A text." });
        let write = kit.post(&admin, "/documents", document.clone());
        // A write that is cancelled may be stored or not, but not half, and it may not harm the next.
        drop(timeout(Duration::from_millis(*millis), write).await);
        let added = kit.post(&admin, "/documents", document).await;
        assert_eq!(added.status, 202, "{}", added.text);
        documents.push(added.id("id"));
    }
    let stored: Vec<Uuid> = sqlx::query_scalar(
        "select d.id from parlance.documents d
         where d.id = any ($1) and exists (select from parlance.document_chunks c where c.document_id = d.id)
         order by d.id",
    )
    .bind(&documents)
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    documents.sort();
    assert_eq!(
        stored, documents,
        "a document that was acknowledged is lost"
    );
    (cancelled, kit.app.db.counters().stale_tx_closed.get())
}

#[tokio::test] // R35 R88
async fn no_acknowledged_write_is_lost_after_a_cancelled_request() {
    let lanes = futures_util::future::join_all([
        lane(&[10, 55]),
        lane(&[25, 70]),
        lane(&[40, 95]),
        lane(&[60, 110]),
        lane(&[80, 120]),
        lane(&[100, 150]),
        lane(&[115, 180]),
        lane(&[140, 200]),
    ]);
    let (cancelled, closed): (Vec<usize>, Vec<u64>) = lanes.await.into_iter().unzip();
    let cancelled: usize = cancelled.into_iter().sum();
    assert!(cancelled > 10, "only {cancelled} requests were cancelled");
    // Every connection was asked when it came back.
    assert_eq!(closed, [0; 8], "some came back in a transaction");
}
