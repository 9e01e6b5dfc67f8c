//! That the service does not serve from a database whose role or schema is not what it must be.

use crate::kit::{Kit, PASSWORD, U1, database::Database, program::Program, request};
use axum::body::Body;
use db::{Connections, Db, Unfit};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// The service's database, logged in as `url` says.
fn db(url: String) -> Db {
    let connections = Connections {
        app_urls: vec![url.clone().into()],
        platform_urls: vec![url.clone().into()],
        listen_urls: vec![url.into()],
        replica_urls: Vec::new(),
        replica_wait: Duration::ZERO,
        max_connections: 1,
        max_platform_connections: 1,
        ask_returned: true,
        queue: Duration::from_secs(60),
        acquire_timeout: Duration::from_secs(60),
        memory: Duration::from_secs(5),
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
const EXCESS: &[(&str, &str)] = &[
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

    for (sql, behind, version) in [
        ("delete from parlance._sqlx_migrations where version = 3", true, 3),
        ("update parlance._sqlx_migrations set success = false where version = 2", true, 2),
        ("update parlance._sqlx_migrations set checksum = '\\x00' where version = 2", false, 2),
        (
            "insert into parlance._sqlx_migrations (version, description, success, checksum, execution_time)
             values (0, 'of another line', true, '\\x00', 0)",
            false,
            0,
        ),
    ] {
        let kit = Kit::new().await;
        assert_eq!(kit.get("", "/ready").await.status, 200);
        run(&kit.pool, sql).await;
        let refused = db(kit.database.url_as("app")).check().await;
        let expected = match &refused {
            Err(Unfit::Behind(missing)) => behind && *missing == version,
            Err(Unfit::Foreign(unknown)) => !behind && *unknown == version,
            _ => false,
        };
        assert!(expected, "{sql}: {refused:?}");
        assert_eq!(kit.get("", "/ready").await.problem(503), "unavailable");
    }
}

#[tokio::test]
async fn a_schema_that_a_newer_release_moved_on_is_served_but_is_not_ready() {
    let kit = Kit::new().await;
    let sql = "insert into parlance._sqlx_migrations (version, description, success, checksum, execution_time)
               select max(version) + 1, 'of the future', true, '\\x00', 0 from parlance._sqlx_migrations";
    run(&kit.pool, sql).await;
    assert_eq!(kit.get("", "/ready").await.problem(503), "unavailable");
    kit.login(U1).await;
}

#[tokio::test] // R31
async fn nothing_is_asked_of_a_database_that_is_unfit() {
    let kit = Kit::new().await;
    run(&kit.pool, "drop policy tenant on parlance.users").await;
    let login = json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD });
    let refused = kit.post("", "/login", login.clone()).await;
    assert_eq!(refused.problem(503), "unavailable");
    let again = "create policy tenant on parlance.users as restrictive to public
                 using (tenant_id = (select parlance.current_tenant()))";
    run(&kit.pool, again).await;
    assert_eq!(kit.post("", "/login", login).await.status, 200);
}

#[tokio::test] // R31
async fn what_a_role_has_set_for_itself_is_told_and_changes_nothing() {
    let kit = Kit::new().await;
    let url = kit.database.url();
    let name = url.rsplit_once('/').expect("the URL has a database").1;
    let app = PgPool::connect(&kit.database.url_as("app")).await.unwrap();
    for set in [
        "row_security = off",
        "search_path = pg_catalog",
        "statement_timeout = 0",
    ] {
        run(
            &app,
            &format!("alter role current_user in database {name} set {set}"),
        )
        .await;
    }
    app.close().await;
    let (program, log) = Program::serve_logging(&kit, &[]).await;
    let login = json!({ "tenant": U1.tenant, "email": U1.email, "password": PASSWORD });
    let login = request("", "POST", "/login")
        .header("content-type", "application/json")
        .body(Body::from(login.to_string()));
    assert_eq!(program.send(login.unwrap()).await.status(), 200);
    program.kill().await;
    let log = log.await.unwrap();
    let told = log
        .lines()
        .find(|line| line.contains("settings of the service's database role"));
    let told: Value = serde_json::from_str(told.expect(&log)).unwrap();
    assert_eq!(told["level"], "WARN");
    assert_eq!(
        told["settings"],
        "row_security, search_path, statement_timeout"
    );
}

#[tokio::test]
async fn no_statement_is_compiled_whatever_the_database_says() {
    let first = Kit::new().await;
    for sql in [
        "do $$ begin execute format('alter database %I set jit to on', current_database()); end $$",
        "create table public.seen (jit text)",
        "create function public.see() returns trigger language plpgsql security definer
         as $$ begin insert into public.seen values (current_setting('jit')); return null; end $$",
        "create trigger see after insert on parlance.chat_messages for each statement execute function public.see()",
    ] {
        run(&first.pool, sql).await;
    }
    let kit = Kit::on(first.database.clone(), []).await;
    let token = kit.token(U1).await;
    let asked = kit.post(&token, "/chat", json!({ "message": "Hello?" }));
    assert_eq!(asked.await.status, 200);
    let seen: Vec<String> = sqlx::query_scalar("select distinct jit from public.seen")
        .fetch_all(&kit.pool)
        .await
        .unwrap();
    assert_eq!(seen, ["off"]);
}
