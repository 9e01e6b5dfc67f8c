//! Migrations hold for both forms of the table of messages: what is one table where nobody partitioned it may be partitions elsewhere.

use super::{assert_kept_apart, count, is_partitioned};
use crate::kit::{
    Kit, SECRET_KEY, U1,
    database::{Database, connect_to, migrate, partition, seed},
};
use db::{MIGRATOR, Operator, Roles};
use serde_json::json;
use sqlx::{
    Executor, PgConnection, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use tenant_auth::RootSecret;

/// The newest migration when messages could be partitioned first.
const FIRST: i64 = 127;

/// Applies these, as `parlance migrate` does.
async fn apply(url: &str, migrations: Vec<Migration>) -> Result<(), MigrateError> {
    let roles = Roles::new("parlance").expect("the prefix is good");
    let root = RootSecret::new(&SECRET_KEY.into()).expect("the secret is strong");
    let mut connection: PgConnection = connect_to(url).await;
    let sql = Operator::roles_sql(&roles, &root);
    connection.execute(sqlx::AssertSqlSafe(sql)).await?;
    connection
        .execute("set role parlance_owner; set search_path = parlance, pg_temp")
        .await?;
    let migrator = Migrator::with_migrations(migrations);
    migrator.run(&mut connection).await
}

/// A database whose messages were partitioned before the later migrations were there.
async fn partitioned() -> Database {
    let database = Database::empty().await;
    let first = MIGRATOR.iter().filter(|one| one.version <= FIRST).cloned();
    let applied = apply(&database.url(), first.collect()).await;
    applied.expect("the first migrations run");
    partition(&database.url()).await;
    database
}

#[tokio::test]
async fn every_later_migration_holds_for_partitioned_messages() {
    let database = partitioned().await;
    migrate(&database.url()).await;
    seed(&mut connect_to(&database.url()).await).await;
    let kit = Kit::on(database, []).await;
    assert!(is_partitioned(&kit).await);
    for &who in crate::kit::PEOPLE {
        let token = kit.token(who).await;
        let question = json!({ "message": "Does it hold?" });
        let asked = kit.post(&token, "/chat", question).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
    }
    let unguarded = "pg_class where relnamespace = 'parlance'::regnamespace and relkind in ('r', 'p')
                     and relname like 'chat_messages%' and not (relrowsecurity and relforcerowsecurity)";
    assert_eq!(count(&kit.pool, unguarded).await, 0);
    assert_kept_apart(&kit).await;
    let token = kit.token(U1).await;
    let found = kit.get(&token, "/chat/sessions").await;
    assert_eq!(found.json["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_migration_that_does_not_is_found() {
    let database = partitioned().await;
    let all = |sql: &'static str, no_tx| {
        let kind = MigrationType::Simple;
        let late = Migration::new(9001, "late".into(), kind, sql.into_sql_str(), no_tx);
        let first = MIGRATOR.iter().filter(|one| one.version <= FIRST).cloned();
        first.chain([late]).collect::<Vec<_>>()
    };
    let sql = "alter table chat_messages add constraint late unique (id)";
    let refused = apply(&database.url(), all(sql, false)).await.unwrap_err();
    assert!(refused.to_string().contains("9001"), "{refused}");
    let sql = "create index concurrently late on parlance.chat_messages (tenant_id, model)";
    let refused = apply(&database.url(), all(sql, true)).await;
    assert!(refused.is_err(), "`parlance migrate` alone knows how");
}

#[tokio::test]
async fn an_index_is_built_partition_by_partition() {
    let database = partitioned().await;
    migrate(&database.url()).await;
    let kit = Kit::on(database, []).await;
    let index = "select format('%s %s %s', c.relname, i.indisunique, i.indisvalid)::text
                 from pg_index i join pg_class c on c.oid = i.indexrelid
                 where c.relname like 'chat_messages%' and pg_get_indexdef(c.oid) like '%external_id)%' order by 1";
    // Without it; and as an attempt that was cut off leaves it, with one partition half built and one not.
    for cut_off in [
        "",
        "create unique index chat_messages_external on only parlance.chat_messages (tenant_id, session_id, external_id) where external_id is not null;
         create unique index chat_messages_p00_chat_messages_external on parlance.chat_messages_p00 (tenant_id, session_id, external_id) where external_id is not null;
         update pg_index set indisvalid = false where indexrelid = 'parlance.chat_messages_p00_chat_messages_external'::regclass;
         create unique index chat_messages_p01_chat_messages_external on parlance.chat_messages_p01 (tenant_id, session_id, external_id) where external_id is not null",
    ] {
        let undone = "drop index parlance.chat_messages_external; delete from parlance._sqlx_migrations where version = 56";
        kit.pool.execute(undone).await.unwrap();
        kit.pool.execute(cut_off).await.unwrap();
        let migrated = crate::migrating::migrate(&kit, &["migrate"]).await;
        assert!(migrated.ok, "{}", migrated.stderr);
        let built: Vec<String> = sqlx::query_scalar(index).fetch_all(&kit.pool).await.unwrap();
        let parts = (0..4).map(|n| format!("chat_messages_p0{n}_chat_messages_external t t"));
        let all = ["chat_messages_external t t".to_owned()];
        assert_eq!(built, all.into_iter().chain(parts).collect::<Vec<_>>());
        let again = crate::migrating::migrate(&kit, &["migrate"]).await;
        assert!(again.stdout.contains(" 0 of them applied now"), "{}", again.stdout);
    }
}
