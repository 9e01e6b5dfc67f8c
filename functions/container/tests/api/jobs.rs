//! What the service does when nobody asks.

use crate::kit::{ADMIN1, Kit, T1, T2, U1, V1, program::Program};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// An answer of which nothing was heard for that long.
async fn unfinished_answer(kit: &Kit, token: &str, silent: &str) -> Uuid {
    let asked = kit
        .post(token, "/chat", json!({ "message": "Anybody?" }))
        .await;
    let id = asked.id("message_id");
    let sql = format!(
        "update parlance.chat_messages
         set status = 'streaming', content = 'Half an ans', heartbeat_at = now() - interval '{silent}'
         where id = '{id}'"
    );
    run(&kit.pool, &sql).await;
    id
}

async fn run(pool: &PgPool, sql: &str) {
    let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await;
    done.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

async fn count(kit: &Kit, from: &str) -> i64 {
    let sql = format!("select count(*) from parlance.{from}");
    let count = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&kit.pool);
    count.await.expect("rows can be counted")
}

#[tokio::test] // R84
async fn answers_of_dead_processes_are_interrupted_in_every_tenant() {
    let kit = Kit::new().await;
    let (one, two) = (kit.token(U1).await, kit.token(V1).await);
    let dead = [
        unfinished_answer(&kit, &one, "61 seconds").await,
        unfinished_answer(&kit, &two, "2 days").await,
    ];
    let alive = unfinished_answer(&kit, &one, "50 seconds").await;
    // Two at once: each answer changes once.
    let twin = Kit::on(kit.database.clone(), []).await;
    let (a, b) = tokio::join!(kit.app.db.sweep(), twin.app.db.sweep());
    assert_eq!(a.unwrap().answers + b.unwrap().answers, 2);
    for id in dead {
        let message = kit.message(id).await.unwrap();
        assert_eq!(
            (&*message.status, &*message.content),
            ("interrupted", "Half an ans")
        );
    }
    assert_eq!(kit.message(alive).await.unwrap().status, "streaming");
}

#[tokio::test]
async fn there_may_be_more_tenants_than_one_statement_sweeps() {
    let kit = Kit::new().await;
    let dead = unfinished_answer(&kit, &kit.token(V1).await, "61 seconds").await;
    // Their ids are lower than those of the two with people in them.
    run(
        &kit.pool,
        "insert into parlance.tenants (id, slug, name)
         select lpad(to_hex(n), 32, '0')::uuid, 't' || n, 'Tenant ' || n from generate_series(1, 1200) n",
    )
    .await;
    assert_eq!(kit.app.db.sweep().await.unwrap().answers, 1);
    assert_eq!(kit.message(dead).await.unwrap().status, "interrupted");
}

#[tokio::test]
async fn documents_whose_indexing_was_cut_off_say_so() {
    let kit = Kit::new().await;
    let old = kit.add_document(ADMIN1, "Old", "An old text.").await;
    let new = kit.add_document(ADMIN1, "New", "A new text.").await;
    run(
        &kit.pool,
        "update parlance.documents set status = 'pending'",
    )
    .await;
    let sql = format!(
        "update parlance.documents set created_at = now() - interval '1 hour' where id = '{old}'"
    );
    run(&kit.pool, &sql).await;
    assert_eq!(kit.app.db.sweep().await.unwrap().documents, 1);
    let token = kit.token(ADMIN1).await;
    let failed = kit.get(&token, &format!("/documents/{old}")).await;
    assert_eq!(failed.json["status"], "failed");
    let reason = failed.json["error"].as_str().unwrap();
    assert!(reason.contains("add it again"), "{reason}");
    let pending = kit.get(&token, &format!("/documents/{new}")).await;
    assert_eq!(pending.json["status"], "pending");
}

#[tokio::test]
async fn logins_that_ended_long_ago_are_forgotten() {
    let kit = Kit::new().await;
    for who in [U1, V1, V1] {
        kit.login(who).await;
    }
    for (tenant, days) in [(T1, 29), (T2, 31)] {
        let sql = format!(
            "update parlance.login_sessions set expires_at = now() - interval '{days} days' where tenant_id = '{tenant}'"
        );
        run(&kit.pool, &sql).await;
    }
    assert_eq!(kit.app.db.sweep().await.unwrap().logins, 2);
    assert_eq!(count(&kit, "login_sessions").await, 1);
}

#[tokio::test]
async fn the_container_does_it_by_itself() {
    let kit = Kit::new().await;
    let dead = unfinished_answer(&kit, &kit.token(U1).await, "61 seconds").await;
    let program = Program::serve(&kit, &[]).await;
    kit.until(dead, "interrupted").await;
    program.terminate().await;
    assert!(program.ended().await.success());
}

/// As if a conversation had been started, and written to last, that many days ago. Its new id.
async fn aged(kit: &Kit, token: &str, started: i64, written: i64) -> Uuid {
    let asked = kit.post(token, "/chat", json!({ "message": "Long ago?" }));
    let id = asked.await.id("session_id");
    let then = chrono::Utc::now() - chrono::TimeDelta::days(started);
    let millis = u128::try_from(then.timestamp_millis()).unwrap();
    let old = Uuid::from_u128(millis << 80 | Uuid::now_v7().as_u128() & ((1 << 80) - 1));
    let sql = format!(
        "with moved as (
           insert into parlance.chat_sessions (tenant_id, id, user_id, title, last_seq, updated_at)
           select tenant_id, '{old}', user_id, title, last_seq, now() - interval '{written} days'
           from parlance.chat_sessions where id = '{id}' returning id)
         update parlance.chat_messages set session_id = (select id from moved) where session_id = '{id}'"
    );
    run(&kit.pool, &sql).await;
    run(
        &kit.pool,
        &format!("delete from parlance.chat_sessions where id = '{id}'"),
    )
    .await;
    old
}

#[tokio::test] // R45
async fn a_tenant_keeps_conversations_as_long_as_it_says() {
    let kit = Kit::new().await;
    let (one, two) = (kit.token(U1).await, kit.token(V1).await);
    let goes = aged(&kit, &one, 40, 31).await;
    let stays = [
        aged(&kit, &one, 40, 29).await,
        aged(&kit, &one, 20, 20).await,
        aged(&kit, &two, 400, 400).await,
    ];
    assert_eq!(kit.app.db.purge_chats().await.unwrap(), 0, "nobody said so");
    let admin = kit.token(ADMIN1).await;
    let kept = json!({ "retention_days": 30 });
    let set = kit.patch(&admin, "/tenants/current", kept).await;
    assert_eq!(set.json["retention_days"], 30, "{}", set.text);
    assert_eq!(kit.app.db.purge_chats().await.unwrap(), 1);
    assert_eq!(
        count(&kit, &format!("chat_messages where session_id = '{goes}'")).await,
        0
    );
    for id in stays {
        let messages = format!("chat_messages where session_id = '{id}'");
        assert_eq!(count(&kit, &messages).await, 2, "{id}");
    }
    let forever = json!({ "retention_days": null });
    let set = kit.patch(&admin, "/tenants/current", forever).await;
    assert_eq!(set.json["retention_days"], serde_json::Value::Null);
    aged(&kit, &one, 4000, 3999).await;
    assert_eq!(kit.app.db.purge_chats().await.unwrap(), 0);
    for bad in [json!(0), json!(-1), json!(3651), json!("30"), json!(1.5)] {
        let refused = kit.patch(&admin, "/tenants/current", json!({ "retention_days": bad }));
        assert_eq!(refused.await.fields(), ["retention_days"], "{bad}");
    }
}

#[tokio::test] // R45
async fn many_old_conversations_go_in_small_steps_and_twice_at_once() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let days = json!({ "retention_days": 1 });
    assert_eq!(
        kit.patch(&admin, "/tenants/current", days).await.status,
        200
    );
    run(
        &kit.pool,
        &format!(
            "insert into parlance.chat_sessions (tenant_id, id, user_id, title, updated_at)
             select '{T1}', lpad(to_hex(n), 32, '0')::uuid, '{}', 'Old', now() - interval '2 days'
             from generate_series(1, 130) n",
            U1.id
        ),
    )
    .await;
    let twin = Kit::on(kit.database.clone(), []).await;
    let (a, b) = tokio::join!(kit.app.db.purge_chats(), twin.app.db.purge_chats());
    let again = kit.app.db.purge_chats().await.unwrap();
    assert_eq!(a.unwrap() + b.unwrap() + again, 130);
    assert_eq!(count(&kit, "chat_sessions").await, 0);
}
