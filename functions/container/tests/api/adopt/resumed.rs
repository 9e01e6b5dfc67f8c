//! Whatever ends it: the next run goes on, and the last one changes nothing.

use super::{Move, old::Old};
use crate::{
    commands::{program, run},
    kit::{
        SECRET_KEY,
        proxy::Breakable,
        wait::{wait_for, wait_until},
    },
};
use sqlx::PgPool;
use std::future::pending;

/// Every row that an adoption writes, with the transaction that wrote it.
async fn rows(pool: &PgPool) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "select concat(xmin, ' ', t::text) from parlance.tenants t order by 1",
        "select concat(xmin, ' ', t::text) from parlance.tenant_secrets t order by 1",
        "select concat(xmin, ' ', t::text) from parlance.users t order by 1",
        "select concat(xmin, ' ', t::text) from parlance.legacy_rows t order by 1",
        "select concat(xmin, ' ', t::text) from parlance.chat_sessions t order by 1",
        "select concat(xmin, ' ', t::text) from parlance.chat_messages t order by 1",
        "select concat(xmin, ' ', t::text) from parlance.audit_log t order by 1",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await.unwrap();
        all.extend(rows);
    }
    all
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_a_rehearsal_writes_nothing() {
    let moved = Move::of(Old::acme().await).await;
    let pool = moved.new.pool().await;
    let before = rows(&pool).await;
    let rehearsed = moved.run(&["--dry-run"]).await;
    assert!(
        rehearsed.ok && rehearsed.stdout.contains("Nothing was written"),
        "{}",
        rehearsed.stderr
    );
    assert!(
        rehearsed
            .stdout
            .contains("messages: 6112 there, 6112 to copy"),
        "{}",
        rehearsed.stdout
    );
    assert!(rehearsed.stdout.contains("7x role"), "{}", rehearsed.stdout);
    assert_eq!(rows(&pool).await, before);
    moved.copy().await;
    let after = rows(&pool).await;
    let again = moved.copy().await;
    assert_eq!(rows(&pool).await, after);
    assert_eq!(again["copied"]["messages"], 0);
    assert_eq!(again["unchanged"]["messages"], 6112);
}

#[tokio::test]
async fn what_is_deleted_here_stays_deleted_and_what_is_gone_on_with_is_left() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let pool = moved.new.pool().await;
    let deleted = "with gone as (select id from parlance.legacy_rows where kind = 'session' and legacy_id = '1')
                   delete from parlance.chat_sessions s using gone where s.id = gone.id";
    sqlx::query(deleted).execute(&pool).await.unwrap();
    let written = "insert into parlance.chat_messages (tenant_id, id, session_id, seq, role, content, status)
                   select s.tenant_id, gen_random_uuid(), s.id, s.last_seq + 1, 'user', 'new', 'complete'
                   from parlance.legacy_rows r join parlance.chat_sessions s on s.id = r.id
                   where r.kind = 'session' and r.legacy_id = '2'";
    sqlx::query(written).execute(&pool).await.unwrap();
    moved
        .old
        .change(
            "update chat_messages set content = content || ' (edited)' where session_id in (2, 3)",
        )
        .await;
    let again = moved.copy().await;
    assert_eq!(again["copied"]["sessions"], 1, "{again}");
    assert_eq!(again["rules"]["session_written_here"]["ids"][0], "2");
    let there: i64 = sqlx::query_scalar(
        "select count(*) from parlance.chat_messages where content like '%(edited)'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(there >= 2, "{there}");
    let verified = moved.run(&["verify"]).await;
    assert!(!verified.ok, "{}", verified.stdout);
    for told in [
        "conversation 1 is not here",
        "conversation 2: 2 messages there, 3 here",
        "message 3 of conversation 2: the text is not the same",
    ] {
        assert!(
            verified.stdout.contains(told),
            "{told}: {}",
            verified.stdout
        );
    }
    assert!(
        !verified.stdout.contains("conversation 3"),
        "{}",
        verified.stdout
    );
}

#[tokio::test]
async fn a_run_that_is_killed_at_any_moment_is_gone_on_with() {
    let moved = Move::of(Old::acme().await).await;
    let pool = moved.new.pool().await;
    let url = moved.new.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let written = async || -> i64 {
        let sql = "select (select count(*) from parlance.legacy_rows) + (select count(*) from parlance.tenants)";
        sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap()
    };
    let mut arguments = vec!["adopt"];
    arguments.extend(moved.arguments.iter().map(String::as_str));
    let mut killed = 0;
    for _ in 0..40 {
        let before = written().await;
        let mut child = program(&arguments, &vars)
            .spawn()
            .expect("the program is there");
        // As soon as it has written anything.
        let wrote = wait_until("a row, or the end", async || {
            if child.try_wait().expect("it is our child").is_some() {
                return Ok(false);
            }
            match written().await {
                now if now > before => Ok(true),
                now => Err(format!("{now} rows")),
            }
        })
        .await;
        child.kill().await.expect("it can be killed");
        if !wrote {
            break;
        }
        killed += 1;
    }
    assert!(killed >= 4, "it was killed {killed} times");
    moved.copy_and_verify().await;
}

/// A URL of the same database, by a way that can be cut.
fn through(url: &str, way: &Breakable) -> String {
    let (login, rest) = url.split_once('@').expect("the URL has a user");
    let name = rest.split_once('/').expect("it has a database").1;
    format!("{login}@{}/{name}", way.address)
}

/// Cuts a way when the first users are written, and never ends.
async fn cut(way: &Breakable, pool: &PgPool) {
    wait_until("the first users", async || {
        let users: i64 = sqlx::query_scalar("select count(*) from parlance.legacy_rows")
            .fetch_one(pool)
            .await
            .unwrap();
        if users > 0 { Ok(()) } else { Err("none") }
    })
    .await;
    way.cut();
    pending().await
}

#[tokio::test]
async fn a_lost_source_is_told_and_gone_on_with() {
    let mut moved = Move::of(Old::acme().await).await;
    let way = Breakable::to(&moved.old.database).await;
    let direct = moved.arguments[0].clone();
    moved.arguments[0] = through(&direct, &way);
    let pool = moved.new.pool().await;
    let ended = tokio::select! {
        ended = moved.run(&[]) => ended,
        () = cut(&way, &pool) => unreachable!("it does not end"),
    };
    // It may have read everything by then.
    if !ended.ok {
        assert!(
            ended
                .stderr
                .contains("was lost. Run the same command again"),
            "{}",
            ended.stderr
        );
    }
    moved.arguments[0] = direct;
    wait_for("the next run", moved.copy_and_verify()).await;
}

#[tokio::test]
async fn a_lost_target_is_told_and_gone_on_with() {
    let moved = Move::of(Old::acme().await).await;
    let way = Breakable::to(&moved.new).await;
    let pool = moved.new.pool().await;
    let url = through(&moved.new.url(), &way);
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let mut arguments = vec!["adopt"];
    arguments.extend(moved.arguments.iter().map(String::as_str));
    let ended = tokio::select! {
        ended = run(&arguments, &vars, "") => ended,
        () = cut(&way, &pool) => unreachable!("it does not end"),
    };
    if !ended.ok {
        let told = "Run the same command again: it goes on where it was";
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
        moved.assert_no_key(&ended.stderr);
    }
    wait_for("the next run", moved.copy_and_verify()).await;
}
