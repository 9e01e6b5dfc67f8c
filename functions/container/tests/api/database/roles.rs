//! What the service's roles may do; and that it does not serve as a role that may do more.

use crate::kit::{
    Kit, T1, T2,
    database::Database,
    scene::{Scene, Stored},
};
use db::{Connections, Db, Unfit};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// The service's database, logged in as `url` says.
fn db(url: String) -> Db {
    let connections = Connections {
        app_url: url.clone().into(),
        platform_url: url.into(),
        max_connections: 1,
        acquire_timeout: Duration::from_secs(2),
    };
    Db::new(&connections).expect("the URL parses")
}

async fn run(pool: &PgPool, sql: &str) {
    let done = pool.execute(AssertSqlSafe(sql.to_owned())).await;
    done.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// A new login that can do what the service's role can, and what `sql` gives it besides (`ROLE` is its name).
async fn login_with(database: &Database, pool: &PgPool, sql: &str) -> String {
    let role = format!("test_{}", Uuid::new_v4().simple());
    let database_name = database.url().rsplit_once('/').unwrap().1.to_owned();
    for statement in [
        "create role ROLE login noinherit password 'secret'",
        "grant usage on schema parlance to ROLE",
        "grant select on parlance._sqlx_migrations, parlance.users to ROLE",
        "create policy ROLE on parlance.users to ROLE using (true)",
        sql,
    ] {
        let statement = statement
            .replace("ROLE", &role)
            .replace("DATABASE", &database_name);
        run(pool, &statement).await;
    }
    let url = database.url();
    let (_, server) = url.split_once('@').expect("the URL has a user");
    format!("postgresql://{role}:secret@{server}")
}

/// What a role may be given too much, and what the service says of it.
const EXCESS: [(&str, &str); 12] = [
    ("alter role ROLE superuser", "is a superuser"),
    ("alter role ROLE bypassrls", "bypasses row-level security"),
    (
        "alter role ROLE createrole",
        "may create roles or databases",
    ),
    ("alter role ROLE createdb", "may create roles or databases"),
    (
        "grant parlance_owner to ROLE",
        "is a member of another role",
    ),
    (
        "create table parlance.own (); alter table parlance.own owner to ROLE",
        "owns tables",
    ),
    (
        "grant create on schema parlance to ROLE",
        "may create in the schema",
    ),
    (
        "grant create on database DATABASE to ROLE",
        "may create schemas or temporary tables",
    ),
    (
        "grant temporary on database DATABASE to ROLE",
        "may create schemas or temporary tables",
    ),
    (
        "grant truncate on parlance.documents to ROLE",
        "may truncate or reference tables",
    ),
    (
        "grant references on parlance.users to ROLE",
        "may truncate or reference tables",
    ),
    (
        "grant trigger on parlance.users to ROLE",
        "may truncate or reference tables",
    ),
];

#[tokio::test] // R31
async fn the_service_refuses_a_role_that_may_do_more_than_it_must() {
    let kit = Kit::new().await;
    kit.app
        .db
        .check()
        .await
        .expect("the role that it derives is fit");
    let plain = login_with(&kit.database, &kit.pool, "select 1").await;
    db(plain)
        .check()
        .await
        .expect("what is added below makes the difference");

    let owner = db(kit.database.url()).check().await.unwrap_err();
    assert!(
        matches!(&owner, Unfit::TooPowerful(why) if why.contains("is a superuser")),
        "{owner}"
    );
    for (sql, reason) in EXCESS {
        let url = login_with(&kit.database, &kit.pool, sql).await;
        let refused = db(url).check().await.expect_err(sql);
        assert!(
            matches!(&refused, Unfit::TooPowerful(why) if why.contains(reason)),
            "{sql}: {refused}"
        );
    }
}

#[tokio::test] // R31
async fn the_service_refuses_a_database_whose_policies_do_not_bite() {
    for sql in [
        "alter table parlance.users disable row level security",
        "drop policy tenant on parlance.users",
    ] {
        let kit = Kit::new().await;
        run(&kit.pool, sql).await;
        let refused = kit.app.db.check().await.expect_err(sql);
        assert!(
            matches!(&refused, Unfit::TooPowerful(why) if why.contains("without naming a tenant")),
            "{refused}"
        );
    }
}

#[tokio::test] // R31
async fn the_service_refuses_a_schema_that_is_not_its_own() {
    let empty = Database::empty().await;
    let refused = db(empty.url_as("app")).check().await;
    assert!(matches!(refused, Err(Unfit::Behind(1))), "{refused:?}");

    let latest = db::MIGRATOR.iter().map(|m| m.version).max().unwrap();
    for (sql, behind, version) in [
        ("delete from parlance._sqlx_migrations where version = 3", true, 3),
        ("update parlance._sqlx_migrations set success = false where version = 2", true, 2),
        ("update parlance._sqlx_migrations set checksum = '\\x00' where version = 2", false, 2),
        (
            "insert into parlance._sqlx_migrations (version, description, success, checksum, execution_time)
             select max(version) + 1, 'of the future', true, '\\x00', 0 from parlance._sqlx_migrations",
            false,
            latest + 1,
        ),
    ] {
        let kit = Kit::new().await;
        assert_eq!(kit.get("", "/ready").await.status, 200);
        run(&kit.pool, sql).await;
        let expected = match kit.app.db.check().await {
            Err(Unfit::Behind(missing)) => behind && missing == version,
            Err(Unfit::Foreign(unknown)) => !behind && unknown == version,
            _ => false,
        };
        assert!(expected, "{sql}: {:?}", kit.app.db.check().await);
        assert_eq!(kit.get("", "/ready").await.problem(503), "unavailable");
    }
}

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
const STRUCTURE: [&str; 26] = [
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
const DATA: [&str; 15] = [
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
    "delete from parlance._sqlx_migrations",
    "select parlance.create_superuser(gen_random_uuid(), 'one', gen_random_uuid(), 'x@y.example', '')",
];

#[tokio::test] // R31
async fn the_app_role_changes_data_of_its_tenant_and_nothing_else() {
    let scene = Scene::new().await;
    let before = Stored::all(&scene.pool).await;
    let url = scene.database.url_as("app");
    assert_refused(&url, &STRUCTURE).await;
    assert_refused(&url, &DATA).await;
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
