//! What the service's roles may do.

use crate::kit::{
    T1, T2,
    scene::{Scene, Stored},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Asserts that Postgres refuses each statement for want of a privilege, in the context of `T1`.
async fn assert_refused(url: &str, statements: &[&str]) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    for sql in statements {
        let mut tx = connection.begin().await.unwrap();
        let context = format!("select set_config('app.tenant_id', '{T1}', true)");
        tx.execute(AssertSqlSafe(context)).await.unwrap();
        let sql = sql.replace("OTHER", &T2.to_string());
        let refused = tx.execute(AssertSqlSafe(sql.clone())).await;
        let refused = refused.expect_err(&sql).into_database_error().expect(&sql);
        assert_eq!(refused.code().as_deref(), Some("42501"), "{sql}: {refused}");
        assert!(
            !refused.message().contains("no tenant context"),
            "{sql}: {refused}"
        );
        tx.rollback().await.unwrap();
    }
}

/// Nothing of the structure is the app role's to change, nor anything outside it to see.
const STRUCTURE: &[&str] = &[
    "create table parlance.mine ()",
    "create table public.mine ()",
    "create temporary table mine ()",
    "create schema mine",
    "create role mine",
    "create extension dblink",
    "create function parlance.mine() returns int language sql as 'select 1'",
    "create policy mine on parlance.users using (true)",
    "drop policy tenant on parlance.users",
    "drop table parlance.users",
    "alter table parlance.users disable row level security",
    "alter table parlance.users no force row level security",
    "alter function parlance.current_tenant() stable",
    "alter role parlance_app bypassrls",
    "truncate parlance.chat_messages",
    "set role parlance_owner",
    "set role parlance_definer",
    "set role parlance_platform",
    "set session authorization parlance_owner",
    "set session_replication_role = replica",
    "grant select on parlance.tenants_by_email to public",
    "call parlance.guard_tenant_table('parlance.users', 'truncate')",
    "call parlance.run_as_definer('parlance.current_tenant()', 'app')",
    "select pg_read_file('/etc/passwd')",
    "copy parlance.tenants to program 'cat'",
    "select * from pg_authid",
];
/// Nor are other tenants' rows, nor the columns that say who may do what.
const DATA: &[&str] = &[
    "select * from parlance.tenants_by_email",
    "update parlance.users set is_superuser = true",
    "update parlance.users set tenant_id = 'OTHER'",
    "update parlance.users set id = gen_random_uuid()",
    "insert into parlance.users (id, email, password_hash, is_superuser)
         values (gen_random_uuid(), 'x@y.example', '', true)",
    "insert into parlance.documents (tenant_id, id, title, status, created_by)
         values ('OTHER', gen_random_uuid(), 'x', 'ready', gen_random_uuid())",
    "update parlance.chat_sessions set tenant_id = 'OTHER'",
    "update parlance.tenants set status = 'suspended'",
    "update parlance.tenants set slug = 'x'",
    "insert into parlance.tenants (id, slug, name) values (gen_random_uuid(), 'x', 'x')",
    "delete from parlance.tenants",
    "update parlance.audit_log set action = 'x'",
    "delete from parlance.audit_log",
    "truncate parlance.audit_log",
    "delete from parlance.usage_of_users",
    "delete from parlance.usage_totals",
    "update parlance.usage_rolled set until = 'infinity'",
    "delete from parlance._sqlx_migrations",
    "select parlance.set_superuser(gen_random_uuid(), gen_random_uuid(), true)",
    "select parlance.create_superuser(gen_random_uuid(), 'one', gen_random_uuid(), 'x@y.example', '')",
];

#[tokio::test] // R31
async fn the_app_role_changes_data_of_its_tenant_and_nothing_else() {
    let scene = Scene::new().await;
    let before = Stored::all(&scene.pool).await;
    let url = scene.database.url_as("app");
    assert_refused(&url, STRUCTURE).await;
    assert_refused(&url, DATA).await;
    assert_eq!(Stored::all(&scene.pool).await, before);

    // Granting what one may not grant is only warned of; nothing is granted.
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection
        .execute("grant select on parlance.users to public")
        .await
        .unwrap();
    let everybody: bool = sqlx::query_scalar(
        "select exists (select from pg_class c, aclexplode(c.relacl) a
                        where c.relnamespace = 'parlance'::regnamespace and a.grantee = 0)",
    )
    .fetch_one(&scene.pool)
    .await
    .unwrap();
    assert!(!everybody, "a table is open to everybody");
}

#[tokio::test] // R31
async fn the_platform_role_reads_no_content() {
    let scene = Scene::new().await;
    let url = scene.database.url_as("platform");
    let statements = [
        "select * from parlance.chat_sessions",
        "select * from parlance.chat_messages",
        "select * from parlance.users",
        "select * from parlance.login_sessions",
        "select * from parlance.documents",
        "select * from parlance.document_chunks",
        "select * from parlance.tenant_secrets",
        "select * from parlance.tenants_by_email",
        "select * from parlance.audit_log",
        "select * from parlance.invitations",
        "select * from parlance.usage_of_users",
        "select user_id from parlance.provider_calls",
        "select api_key_id from parlance.provider_calls",
        "select id from parlance.provider_calls",
        "select * from parlance.reservations",
        "select * from parlance.spending",
        "update parlance.usage_totals set cost = 0",
        "select * from parlance.usage_sums('2026-01-01', '2026-12-31', '{user}', null)",
        "insert into parlance.idempotency_keys (user_id, route, key, body_hash, made)
             values (gen_random_uuid(), 'POST /chat', 'k', '', gen_random_uuid())",
        "insert into parlance.idempotency_keys (tenant_id, user_id, route, key, body_hash, made)
             values ('OTHER', gen_random_uuid(), 'POST /tenants', 'k', '', gen_random_uuid())",
        "delete from parlance.idempotency_keys",
        "update parlance.users set is_superuser = true",
        "update parlance.tenants set name = 'x'",
        "update parlance.tenants set system_prompt = 'x'",
        "delete from parlance.tenants",
        "select * from parlance.login_lookup('one', 'u1@one.example')",
        "set role parlance_app",
        "create temporary table mine ()",
    ];
    assert_refused(&url, &statements).await;
    let theirs = "insert into parlance.audit_log (tenant_id, id, actor_tenant_id, actor_id, action, target)
                  values ('OTHER', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'x', 'x')";
    assert_refused(&url, &[theirs]).await;
}
