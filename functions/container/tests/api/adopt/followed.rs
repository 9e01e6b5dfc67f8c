//! What is still written there while it is copied: nothing of it is lost, in whichever order it is committed.

use super::{Move, old::Old};
use crate::{
    config::program,
    kit::{
        SECRET_KEY,
        database::connect_to,
        program::signalled,
        wait::{wait_for, wait_until},
    },
};
use sqlx::{Connection, Executor, PgPool};

async fn until_here(pool: &PgPool, content: &str) {
    wait_until(format!("{content:?} here"), async || {
        let sql = "select count(*) from parlance.chat_messages where content = $1";
        let found: i64 = sqlx::query_scalar(sql)
            .bind(content)
            .fetch_one(pool)
            .await
            .unwrap();
        if found == 1 { Ok(()) } else { Err(found) }
    })
    .await;
}

#[tokio::test]
async fn what_is_written_meanwhile_is_copied_in_whichever_order_it_is_committed() {
    let moved = Move::of(Old::acme().await).await;
    let pool = moved.new.pool().await;
    let url = moved.new.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let mut arguments = vec!["adopt", "--follow"];
    arguments.extend(moved.arguments.iter().map(String::as_str));
    let mut slow = connect_to(&moved.old.database.url()).await;
    // It has its number and its id before the first look, and is committed after others.
    let mut early = slow.begin().await.unwrap();
    early
        .execute("insert into chat_messages (session_id, role, content, timestamp) values (7, 'user', 'early, and late', '2025-01-01')")
        .await
        .unwrap();
    let mut child = program(&arguments, &vars)
        .spawn()
        .expect("the program is there");
    wait_until("the first copy", async || {
        let sql = "select count(*) from parlance.chat_messages";
        let copied: i64 = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
        if copied == 6112 { Ok(()) } else { Err(copied) }
    })
    .await;
    moved
        .old
        .change(
            "insert into users (email, hashed_password, tenant_id) values ('new@example.com', '!', 'acme');
             insert into chat_sessions (user_id, created_at) select max(id), '2026-01-01' from users;
             insert into chat_messages (session_id, role, content, timestamp) select max(id), 'user', 'of somebody new', '2026-01-01' from chat_sessions",
        )
        .await;
    until_here(&pool, "of somebody new").await;
    early.commit().await.unwrap();
    until_here(&pool, "early, and late").await;
    moved
        .old
        .change(
            "update users set email = 'renamed@example.com' where id = 2;
             update chat_sessions set title = 'Another title' where id = 8;
             insert into chat_messages (session_id, role, content, timestamp) values (8, 'user', 'the last one', now())",
        )
        .await;
    signalled(&child, "TERM").await;
    let ended = wait_for("the last look", child.wait()).await.unwrap();
    assert!(ended.success());
    until_here(&pool, "the last one").await;
    moved.verify().await;
}
