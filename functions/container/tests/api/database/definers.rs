//! The few functions that run with other rights than their caller's, pinned one by one.

use crate::kit::{Kit, listed::assert_listed};
use sqlx::{Connection, PgConnection};

/// Signature, owner, and who may call it besides its owner. Whoever adds one here answers for it.
const DEFINERS: &[(&str, &str, &str)] = &[
    (
        "create_superuser(uuid,text,uuid,text,text)",
        "parlance_definer",
        "parlance_owner",
    ),
    ("drop_tenant(uuid)", "parlance_definer", "parlance_owner"),
    ("jobs_of_tenants()", "parlance_definer", "parlance_platform"),
    ("keep_ledger(integer)", "parlance_owner", "parlance_app"),
    (
        "keep_sites_by_tenant()",
        "parlance_definer",
        "parlance_owner",
    ),
    ("kept_token_keys()", "parlance_definer", "parlance_app"),
    ("legacy_tenant(text)", "parlance_definer", "parlance_app"),
    (
        "login_accounts(text,text,text)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "login_candidates(text,text,text)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "login_lookup(text,text)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "login_lookup_by_email(text)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "note_chore(text,timestamp with time zone,bigint,bigint)",
        "parlance_definer",
        "parlance_app",
    ),
    ("origin_claim(text)", "parlance_definer", "parlance_app"),
    (
        "purge_chats(uuid,bigint)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "purge_visitors(uuid,bigint)",
        "parlance_definer",
        "parlance_app",
    ),
    ("queue_job()", "parlance_definer", "parlance_owner"),
    ("rate_limit_forget()", "parlance_definer", "parlance_app"),
    (
        "rate_limit_login(bytea,bytea,bytea,integer,integer)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "rate_limit_spend(bytea,integer,integer)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "rate_limit_take(bytea[],integer[])",
        "parlance_definer",
        "parlance_app",
    ),
    ("remember_client(bytea)", "parlance_definer", "parlance_app"),
    (
        "roll_up_usage(uuid,integer)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "set_superuser(uuid,uuid,boolean)",
        "parlance_definer",
        "parlance_platform",
    ),
    ("sweep(uuid,integer)", "parlance_definer", "parlance_app"),
    (
        "take_job(interval,integer)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "take_job(interval,integer,boolean,text[])",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "take_job(interval,integer,boolean)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "tenants_keep_origins()",
        "parlance_definer",
        "parlance_owner",
    ),
    (
        "tenants_keep_prompts()",
        "parlance_definer",
        "parlance_owner",
    ),
    (
        "tenants_of_origin(text)",
        "parlance_definer",
        "parlance_app",
    ),
    (
        "users_keep_bcrypt_costs()",
        "parlance_definer",
        "parlance_owner",
    ),
    (
        "users_keep_tenants_by_email()",
        "parlance_definer",
        "parlance_owner",
    ),
];

#[tokio::test] // R39
async fn only_the_listed_functions_run_with_other_rights() {
    let kit = Kit::new().await;
    let found: Vec<(String, String, String, String)> = sqlx::query_as(
        "select p.proname || '(' || replace(oidvectortypes(p.proargtypes), ', ', ',') || ')',
                pg_get_userbyid(p.proowner)::text,
                array_to_string(p.proconfig, '; '),
                (select coalesce(string_agg(case a.grantee when 0 then 'PUBLIC' else pg_get_userbyid(a.grantee)::text end, ', '
                                            order by a.grantee), '')
                 from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                 where a.privilege_type = 'EXECUTE' and a.grantee <> p.proowner)
         from pg_proc p
         where p.prosecdef and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
         order by 1",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    for (name, _, settings, _) in &found {
        assert_eq!(settings, "search_path=parlance, pg_temp", "{name}");
    }
    let found = found.into_iter();
    let found = found.map(|(name, owner, _, callers)| (name, owner, callers));
    assert_listed(
        found,
        DEFINERS,
        "DEFINERS in tests/api/database/definers.rs is what runs with other rights than its caller's.",
    );
}

#[tokio::test] // R39
async fn nothing_else_looks_at_tables_with_other_rights() {
    let kit = Kit::new().await;
    // Views, materialized views, foreign tables and partitions each have rules of their own. The months of the ledger are
    // tables with a tenant, and guarded as such; so are the partitions of messages, where there are any.
    let others: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = 'parlance'::regnamespace
           and (relkind not in ('r', 'i') or relispartition)
           and relname !~ '^chat_messages(_p[0-9]{2,3})?(_pkey|_external|_streaming|_tenant_id_[a-z_]+)?$'
           and relname !~ '^provider_calls(_[0-9]{6})?(_pkey|_at|_tenant_id_called_at_idx)?$'
         union all
         select rulename::text from pg_rules where schemaname = 'parlance'",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    assert_eq!(others, [""; 0]);
    let powerful: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles
         where rolname like 'parlance\\_%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    // Nobody can log in as it but whom the operator gives a password.
    assert_eq!(powerful, ["parlance_backup"]);
}

#[tokio::test] // R39
async fn a_definer_leaves_no_context_behind() {
    let kit = Kit::new().await;
    let [mut app, mut platform] = [
        PgConnection::connect(&kit.database.url_as("app"))
            .await
            .unwrap(),
        PgConnection::connect(&kit.database.url_as("platform"))
            .await
            .unwrap(),
    ];
    for sql in [
        "select count(*) from parlance.login_lookup('one', 'u1@one.example')",
        "select count(*) from parlance.login_lookup('one', 'nobody@one.example')",
        "select count(*) from parlance.login_lookup_by_email('u1@one.example')",
        "select count(*) from parlance.login_lookup_by_email('nobody@one.example')",
        "select count(*) from parlance.tenants_of_origin('https://one.example')",
        "select count(*) from parlance.login_accounts('one', null, 'u1@one.example')",
        "select count(*) from parlance.login_accounts('one', null, 'nobody@one.example')",
        "select count(*) from parlance.login_accounts(null, 'https://one.example', 'u1@one.example')",
        "select count(*) from parlance.login_accounts(null, null, 'nobody@one.example')",
        "select count(*) from parlance.login_candidates('one', null, 'u1@one.example')",
        "select count(*) from parlance.login_candidates('one', null, 'nobody@one.example')",
        "select count(*) from parlance.login_candidates(null, 'https://one.example', 'u1@one.example')",
        "select count(*) from parlance.login_candidates(null, null, 'nobody@one.example')",
        "select count(*) from parlance.origin_claim('https://one.example')",
        "select count(*) from parlance.rate_limit_login('a'::bytea, 'b'::bytea, 'c'::bytea, 1, 1)",
        "select count(*) from parlance.remember_client('a'::bytea)",
        "select count(*) from parlance.sweep(null, 2)",
        "select count(*) from parlance.purge_chats(null, 2)",
        "select count(*) from parlance.purge_visitors(null, 2)",
        "select count(*) from parlance.take_job('1 minute', 1)",
        "select count(*) from parlance.take_job('1 minute', 1, true)",
        "select count(*) from parlance.take_job('1 minute', 1, true, array['sync'])",
        "select count(*) from parlance.roll_up_usage(null, 2)",
        "select count(*) from parlance.usage_of_tenants('2026-01-01', '2026-12-31', '{day}')",
        "select count(*) from parlance.rate_limit_take(array['a'::bytea], array[1])",
        "select count(*) from parlance.rate_limit_spend('a', 1, 1)",
        "select count(*) from parlance.rate_limit_forget()",
        "select count(*) from parlance.set_superuser(gen_random_uuid(), gen_random_uuid(), true)",
    ] {
        let by_platform = ["set_superuser", "usage_of_tenants"];
        let connection = if by_platform.iter().any(|name| sql.contains(name)) {
            &mut platform
        } else {
            &mut app
        };
        let mut tx = connection.begin().await.unwrap();
        let done: Result<i64, _> = sqlx::query_scalar(sql).fetch_one(&mut *tx).await;
        done.unwrap_or_else(|e| panic!("{sql}: {e}"));
        let left: Option<String> =
            sqlx::query_scalar("select current_setting('app.tenant_id', true)")
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        assert_eq!(left.unwrap_or_default(), "", "{sql}");
    }
}
