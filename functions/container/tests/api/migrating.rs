//! Migrations beside a service that works.

use crate::{
    commands::{Ended, program, run},
    kit::{
        Kit, SECRET_KEY, U1,
        wait::{wait_for, wait_until},
    },
};
use sqlx::{Connection, Executor, PgConnection};

/// Runs `parlance` on the database of `kit`.
pub(crate) async fn migrate(kit: &Kit, arguments: &[&str]) -> Ended {
    let url = kit.database.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    run(arguments, &vars, "").await
}

/// Lets a migration be pending that was applied, of which `undo` takes back what it did.
async fn undo(kit: &Kit, version: i64, undo: &'static str) {
    let forget = sqlx::query("delete from parlance._sqlx_migrations where version = $1");
    forget.bind(version).execute(&kit.pool).await.unwrap();
    kit.pool.execute(undo).await.unwrap();
}

#[tokio::test]
async fn a_migration_that_has_to_wait_lets_others_pass() {
    let kit = Kit::new().await;
    undo(
        &kit,
        104,
        "alter table parlance.tenant_secrets drop column checked_at, drop column failure",
    )
    .await;
    // As pg_dump does for as long as it takes.
    let mut dump = PgConnection::connect(&kit.database.url()).await.unwrap();
    let hold = "begin; lock table parlance.tenant_secrets in access share mode";
    dump.execute(hold).await.unwrap();
    let url = kit.database.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let mut migrating = program(&["migrate"], &vars).spawn().unwrap();
    let waits = "select count(*) from pg_locks where not granted
                 and relation = 'parlance.tenant_secrets'::regclass and mode = 'AccessExclusiveLock'";
    for _ in 0..2 {
        wait_until("the migration to wait for the table", async || {
            let waiting: i64 = sqlx::query_scalar(waits)
                .fetch_one(&kit.pool)
                .await
                .unwrap();
            (waiting > 0).then_some(()).ok_or("it does not")
        })
        .await;
        // Whoever reads the table waits behind the migration, for less than a statement may wait.
        let read = "begin; set local lock_timeout = '2s'; select from parlance.tenant_secrets limit 1; commit";
        let passed = sqlx::raw_sql(read).execute(&kit.pool).await;
        passed.expect("nobody is kept waiting");
    }
    assert!(migrating.try_wait().unwrap().is_none(), "it tries again");
    dump.execute("rollback").await.unwrap();
    let ended = wait_for("the migration", migrating.wait()).await;
    assert!(ended.unwrap().success());
    let there = "select failure from parlance.tenant_secrets";
    kit.pool.execute(there).await.expect("it is applied");
}

#[tokio::test]
async fn an_index_that_was_half_built_is_built_again() {
    let kit = Kit::new().await;
    // As a process that was killed meanwhile leaves it.
    undo(
        &kit,
        55,
        "update pg_index set indisvalid = false where indexrelid = 'parlance.chat_sessions_external'::regclass",
    )
    .await;
    let ended = migrate(&kit, &["migrate"]).await;
    assert!(ended.ok, "{}", ended.stderr);
    assert!(
        ended.stdout.contains(" 1 of them applied now"),
        "{}",
        ended.stdout
    );
    let valid = "select indisvalid from pg_index where indexrelid = 'parlance.chat_sessions_external'::regclass";
    let valid: bool = sqlx::query_scalar(valid)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert!(valid);
    let question = serde_json::json!({ "message": "Hello?" });
    let asked = kit.post(&kit.token(U1).await, "/chat", question).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
}
