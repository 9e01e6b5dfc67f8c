//! What the catalogue says of every table, so that a new one cannot be forgotten.

use crate::kit::{Kit, T1, U1, listed::assert_listed, scene::Scene};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};

/// The tables that belong to no single tenant. Whatever is added here is not kept apart by tenant.
const SHARED: &[&str] = &[
    "_sqlx_migrations",
    "bcrypt_costs",
    "chores",
    "erasures",
    "job_turns",
    "known_clients",
    "origins",
    "rate_buckets",
    "tenants",
    "sites_by_tenant",
    "tenants_by_email",
    "token_keys",
];

/// Tables with a tenant that are not guarded: row-level security on, and forced on the owner too; exactly one
/// restrictive policy, for every command and every role, that compares the tenant on the way out and in.
const UNGUARDED: &str = "
    with guards as (
      select p.polrelid,
             count(*) filter (where not p.polpermissive) as restrictive,
             count(*) filter (where not p.polpermissive and p.polroles = '{0}' and p.polcmd = '*'
               and replace(pg_get_expr(p.polqual, p.polrelid), 'parlance.', '') = this.own
               and replace(pg_get_expr(p.polwithcheck, p.polrelid), 'parlance.', '') = this.own) as good
      from pg_policy p,
           lateral (select '(tenant_id = ( SELECT current_tenant() AS current_tenant))' as own) as this
      group by p.polrelid
    )
    select c.relname::text from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    left join guards g on g.polrelid = c.oid
    where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p', 'f')
      and not (c.relrowsecurity and c.relforcerowsecurity
        and coalesce(g.restrictive, 0) = 1 and coalesce(g.good, 0) = 1 and a.attnotnull)
    order by 1";

async fn names(pool: &PgPool, sql: &str) -> Vec<String> {
    let names = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_all(pool)
        .await;
    names.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

async fn run(pool: &PgPool, sql: &str) {
    let done = pool.execute(AssertSqlSafe(sql.to_owned())).await;
    done.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

#[tokio::test] // R32
async fn every_table_of_tenants_is_guarded() {
    let kit = Kit::new().await;
    let unguarded = names(&kit.pool, UNGUARDED).await;
    assert!(
        unguarded.is_empty(),
        "their migrations must `call guard_tenant_table(...)`: {unguarded:?}"
    );
    let shared = "
        select c.relname::text from pg_class c
        where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p', 'f')
          and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
        order by 1";
    assert_listed(
        names(&kit.pool, shared).await,
        SHARED,
        "SHARED in tests/api/database/catalogue.rs is the tables without a tenant; every other has `tenant_id`.",
    );
    let not_forced = "
        select relname::text from pg_class
        where relnamespace = 'parlance'::regnamespace and relkind in ('r', 'p', 'f')
          and not (relrowsecurity and relforcerowsecurity)";
    assert_eq!(names(&kit.pool, not_forced).await, ["_sqlx_migrations"]);
}

/// The guard of a table called `TABLE`, as the migrations make it.
const GUARD: [&str; 3] = [
    "alter table TABLE enable row level security",
    "alter table TABLE force row level security",
    "create policy tenant on TABLE as restrictive to public
       using (tenant_id = (select parlance.current_tenant()))
       with check (tenant_id = (select parlance.current_tenant()))",
];

#[tokio::test] // R32
async fn a_table_whose_guard_lacks_anything_is_found() {
    let kit = Kit::new().await;
    let policy = GUARD[2];
    let check = "with check (tenant_id = (select parlance.current_tenant()))";
    // What stands in for the policy.
    let policies = [
        String::new(),
        policy.replace("as restrictive ", ""),
        policy.replace("to public", "to parlance_app"),
        policy.replace("to public", "for update to public"),
        policy.replace(check, ""),
        policy.replace(check, "with check (true)"),
        policy.replace(
            "using (tenant_id = (select parlance.current_tenant()))",
            "using (true)",
        ),
    ];
    let mut lacking = vec![
        "alter table TABLE disable row level security".to_owned(),
        "alter table TABLE no force row level security".to_owned(),
        "alter table TABLE alter tenant_id drop not null".to_owned(),
        "create policy second on TABLE as restrictive using (true)".to_owned(),
    ];
    lacking.extend(policies.map(|policy| format!("drop policy tenant on TABLE; {policy}")));
    for (n, lack) in lacking.iter().enumerate() {
        let name = format!("forgotten_{n}");
        let on_table = |sql: &str| sql.replace("TABLE", &format!("parlance.{name}"));
        run(
            &kit.pool,
            &on_table("create table TABLE (tenant_id uuid not null)"),
        )
        .await;
        assert_eq!(
            names(&kit.pool, UNGUARDED).await,
            [&*name],
            "it has no guard at all"
        );
        run(&kit.pool, &on_table(&GUARD.join(";"))).await;
        assert_eq!(names(&kit.pool, UNGUARDED).await, [""; 0], "{lack}");
        run(&kit.pool, &on_table(lack)).await;
        assert_eq!(names(&kit.pool, UNGUARDED).await, [&*name], "{lack}");
        run(&kit.pool, &on_table("drop table TABLE")).await;
    }
}

#[tokio::test] // R32
async fn a_permissive_policy_that_is_added_later_widens_nothing() {
    let scene = Scene::new().await;
    for table in ["users", "documents", "chat_sessions", "tenant_secrets"] {
        run(&scene.pool, &format!("create policy wide on parlance.{table} to parlance_app using (true) with check (true)")).await;
        run(
            &scene.pool,
            &format!("create policy wider on parlance.{table} using (true)"),
        )
        .await;
    }
    let mut connection = PgConnection::connect(&scene.database.url_as("app"))
        .await
        .unwrap();
    let mut tx = connection.begin().await.unwrap();
    let context = format!("select set_config('app.tenant_id', '{T1}', true)");
    tx.execute(AssertSqlSafe(context)).await.unwrap();
    for table in ["users", "documents", "chat_sessions", "tenant_secrets"] {
        let sql = format!(
            "select count(*), count(*) filter (where tenant_id <> '{T1}') from parlance.{table}"
        );
        let (own, others): (i64, i64) = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert!(own > 0, "{table}");
        assert_eq!(others, 0, "{table}");
    }
    let moved = format!(
        "update parlance.chat_sessions set tenant_id = gen_random_uuid() where user_id = '{}'",
        U1.id
    );
    let refused = tx.execute(AssertSqlSafe(moved)).await.unwrap_err();
    let refused = refused.into_database_error().expect("Postgres refused it");
    assert_eq!(refused.code().as_deref(), Some("42501"), "{refused}");
}

#[tokio::test] // R37
async fn the_function_behind_the_policies_is_stable_and_finds_nothing_but_what_it_means() {
    let kit = Kit::new().await;
    let function: (String, bool, String) = sqlx::query_as(
        "select provolatile::text, prosecdef, pg_get_userbyid(proowner)::text
         from pg_proc where oid = 'parlance.current_tenant()'::regprocedure",
    )
    .fetch_one(&kit.pool)
    .await
    .unwrap();
    assert_eq!(function, ("s".into(), false, "parlance_owner".into()));
    let immutable = "
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace = 'parlance'::regnamespace and p.provolatile = 'i'";
    assert_eq!(names(&kit.pool, immutable).await, [""; 0]);

    // It has no search path of its own, and needs none: whatever a session's finds first, its names say their schema.
    let mut connection = PgConnection::connect(&kit.database.url()).await.unwrap();
    let hostile = format!(
        "create schema hostile;
         create domain hostile.uuid as text; create domain hostile.text as pg_catalog.text check (value = 'never');
         create function hostile.current_setting(pg_catalog.text, boolean) returns pg_catalog.text language sql
           return 'another';
         create function hostile.equal(pg_catalog.text, pg_catalog.text) returns boolean language sql return true;
         create operator hostile.= (function = hostile.equal, leftarg = pg_catalog.text, rightarg = pg_catalog.text);
         set search_path = hostile, pg_catalog;
         select pg_catalog.set_config('app.tenant_id', '{T1}', false)"
    );
    connection.execute(AssertSqlSafe(hostile)).await.unwrap();
    let found: String = sqlx::query_scalar("select parlance.current_tenant()::pg_catalog.text")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(found, T1.to_string());
}
