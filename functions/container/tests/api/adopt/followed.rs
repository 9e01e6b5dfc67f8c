//! What is still written there while it is copied: nothing of it is lost, in whichever order it is committed.

use super::{Move, old::Old};
use crate::{
    commands::program,
    kit::{
        SECRET_KEY,
        database::connect_to,
        program::signalled,
        wait::{wait_for, wait_until},
    },
};
use futures_util::future::join_all;
use sqlx::{Connection, Executor, PgPool};
use std::time::Duration;
use tokio::time::sleep;

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

/// Writes a few messages and commits them later than others that have higher ids.
async fn write(url: &str, writer: usize) -> u64 {
    let mut there = connect_to(url).await;
    let mut written = 0;
    for round in 0..25 {
        let mut late = there.begin().await.unwrap();
        let sql = "insert into chat_messages (session_id, role, content, timestamp)
                   values ($1, 'user', $2, clock_timestamp() at time zone 'UTC') returning id";
        for n in 0..3 {
            let session = i32::try_from((writer * 31 + round * 7 + n) % 90 + 1).unwrap();
            sqlx::query(sql)
                .bind(session)
                .bind(format!("{writer} {round} {n}"))
                .fetch_one(&mut *late)
                .await
                .unwrap();
            written += 1;
        }
        // Each keeps its ids for another time, so that none is committed in their order.
        sleep(Duration::from_millis(
            (writer as u64 * 37 + round as u64 * 53) % 160,
        ))
        .await;
        late.commit().await.unwrap();
    }
    written
}

#[tokio::test]
async fn many_who_write_at_once_lose_nothing() {
    let moved = Move::of(Old::acme().await).await;
    let url = moved.new.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let mut arguments = vec!["adopt", "--follow"];
    arguments.extend(moved.arguments.iter().map(String::as_str));
    let mut child = program(&arguments, &vars)
        .spawn()
        .expect("the program is there");
    let old = moved.old.database.url();
    let writers = join_all((0..8).map(|writer| write(&old, writer)));
    let written: u64 = writers.await.into_iter().sum();
    // Now it is stopped there, and something of it has been found by a look.
    let pool = moved.new.pool().await;
    until_here(&pool, "7 24 2").await;
    signalled(&child, "TERM").await;
    let ended = wait_for("the last look", child.wait()).await.unwrap();
    assert!(ended.success());
    let copied: i64 = sqlx::query_scalar(
        "select count(*) from parlance.chat_messages where legacy_id is not null",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(copied.unsigned_abs(), 6112 + written);
    moved.verify().await;
}
