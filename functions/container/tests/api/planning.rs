//! `parlance migrate --plan`: what pending migrations would lock, told before, and nothing changed.

use crate::{
    kit::{Kit, SECRET_KEY, wait::wait_until},
    migrating::migrate,
};
use db::{MIGRATOR, Operator, Plan, PlannedTable, Roles};
use sqlx::{
    Executor, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use tenant_auth::RootSecret;
use tokio::sync::{Mutex, MutexGuard};

/// A plan makes a database of the server's: of two at once, one would take the other's for what was there before.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// Whatever of the server a plan must leave as it was.
async fn server(kit: &Kit) -> Vec<String> {
    let all = "select datname::text from pg_database where datname like 'parlance_plan_%'
               union all select rolname || coalesce(rolpassword, '') from pg_authid where rolname like 'parlance%'
               union all select 'applied ' || count(*) from parlance._sqlx_migrations
               order by 1";
    let rows = sqlx::query_scalar(all).fetch_all(&kit.pool).await;
    rows.unwrap()
}

#[tokio::test]
async fn what_is_pending_is_told_and_nothing_changed() {
    let _alone = alone().await;
    let kit = Kit::new().await;
    let none = migrate(&kit, &["migrate", "--plan"]).await;
    assert!(
        none.ok && none.stdout.contains("None is pending."),
        "{}",
        none.stderr
    );
    let late = "delete from parlance._sqlx_migrations where version in (55, 104)";
    kit.pool.execute(late).await.unwrap();
    let before = server(&kit).await;
    let told = migrate(&kit, &["migrate", "--plan"]).await;
    assert!(told.ok, "{}", told.stderr);
    let lines: Vec<_> = told.stdout.lines().collect();
    for line in [
        "0055 chats of apps",
        "  in no transaction, while others go on: a moment",
        "0104 key health",
        "  all of it locked until it ends: a moment",
    ] {
        assert!(lines.contains(&line), "{line} in {}", told.stdout);
    }
    let of = |start: &str| lines.iter().any(|line| line.starts_with(start));
    assert!(
        of(
            "  chat_sessions: SHARE UPDATE EXCLUSIVE, others read and write it; the index chat_sessions_external is built; "
        ),
        "{}",
        told.stdout
    );
    assert!(
        of("  tenant_secrets: ACCESS EXCLUSIVE, nobody reads or writes it; "),
        "{}",
        told.stdout
    );
    wait_until("the server to be as it was", async || {
        let now = server(&kit).await;
        (now == before).then_some(()).ok_or(now.join(", "))
    })
    .await;
}

/// What these would lock, one migration each.
async fn planned<const N: usize>(kit: &Kit, pending: [(&'static str, bool); N]) -> Plan {
    let more = pending
        .into_iter()
        .zip(9001..)
        .map(|((sql, no_tx), version)| {
            let sql = sql.into_sql_str();
            Migration::new(version, "pending".into(), MigrationType::Simple, sql, no_tx)
        });
    let all = MIGRATOR.iter().cloned().chain(more);
    let all = Migrator::with_migrations(all.collect());
    let url = kit.database.url().into();
    let root = RootSecret::new(&SECRET_KEY.into()).unwrap();
    let roles = Roles::new("parlance").unwrap();
    let _alone = alone().await;
    let mut operator = Operator::connect(&url, roles).await.unwrap();
    operator.plan(&all, &url, &root).await.unwrap()
}

/// The table of a migration that is said to touch one alone.
fn only(plan: &Plan, n: usize) -> &PlannedTable {
    let [table] = &plan.pending[n].tables[..] else {
        panic!("{:?}", plan.pending[n]);
    };
    table
}

#[tokio::test]
async fn each_kind_of_change_is_told_by_what_it_does() {
    let kit = Kit::new().await;
    kit.pool.execute("analyze parlance.users").await.unwrap();
    let plan = planned(
        &kit,
        [
            ("alter table users add column note text", false),
            ("alter table jobs alter column attempts type bigint", false),
            (
                "alter table documents add constraint titled check (title <> '')",
                false,
            ),
            ("create index titles on documents (title)", false),
            (
                "create index concurrently titles_beside on parlance.documents (title)",
                true,
            ),
            ("drop index concurrently parlance.titles_beside", true),
            (
                "alter table chat_sessions no force row level security;
                 update chat_sessions set title = title;
                 alter table chat_sessions force row level security",
                false,
            ),
            ("drop table known_clients", false),
            (
                "create table notes (tenant_id uuid references tenants (id), id uuid)",
                false,
            ),
            (
                "create function nothing() returns void language sql as ''",
                false,
            ),
        ],
    )
    .await;
    assert_eq!(plan.pending.len(), 10);
    let seen = |n: usize| {
        let table = only(&plan, n);
        let does = (table.is_rewritten, table.is_read, table.is_written);
        (&*table.name, table.lock, does, table.indexes.clone())
    };
    let (no, titles) = ((false, false, false), |name: &str| vec![name.to_owned()]);
    assert_eq!(seen(0), ("users", "ACCESS EXCLUSIVE", no, vec![]));
    assert!(only(&plan, 0).size.rows >= 3 && only(&plan, 0).size.bytes > 0);
    assert!(only(&plan, 1).is_rewritten);
    assert_eq!(seen(1).1, "ACCESS EXCLUSIVE");
    let read = (false, true, false);
    assert_eq!(seen(2), ("documents", "ACCESS EXCLUSIVE", read, vec![]));
    assert_eq!(seen(3), ("documents", "SHARE", read, titles("titles")));
    let beside = "SHARE UPDATE EXCLUSIVE";
    assert_eq!(seen(4), ("documents", beside, no, titles("titles_beside")));
    assert!(!plan.pending[4].in_transaction && plan.pending[3].in_transaction);
    assert_eq!(seen(5), ("documents", beside, no, vec![]));
    assert_eq!(
        (seen(6).0, seen(6).1),
        ("chat_sessions", "ACCESS EXCLUSIVE")
    );
    assert!(only(&plan, 6).is_written);
    assert_eq!(seen(7).1, "ACCESS EXCLUSIVE");
    assert_eq!((seen(8).0, seen(8).1), ("tenants", "SHARE ROW EXCLUSIVE"));
    assert!(plan.pending[9].tables.is_empty());
}
