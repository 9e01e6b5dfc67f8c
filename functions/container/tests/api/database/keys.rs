//! Keys begin with the tenant: what one tenant stores neither collides with nor points at another's.

use crate::kit::{Kit, T1, U1, V1, scene::Scene};
use sqlx::{Connection, PgConnection, Postgres, Transaction, postgres::PgDatabaseError};
use uuid::Uuid;

/// Primary keys and unique indexes of tenants' tables that do not begin with the tenant.
const LOOSE_INDEXES: &str = "
    select x.relname::text from pg_index i
    join pg_class x on x.oid = i.indexrelid
    join pg_class c on c.oid = i.indrelid and c.relnamespace = 'parlance'::regnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where (i.indisunique or i.indisexclusion) and i.indkey[0] <> a.attnum
    union all
    select c.relname::text from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'parlance'::regnamespace and c.relkind = 'r'
      and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)";

/// Foreign keys of tenants' tables that could point into another tenant: those that do not take the tenant
/// along to the other table's tenant.
const LOOSE_REFERENCES: &str = "
    select k.conname::text from pg_constraint k
    join pg_attribute own on own.attrelid = k.conrelid and own.attname = 'tenant_id'
    join pg_attribute target on target.attrelid = k.confrelid
      and target.attname = case k.confrelid when 'parlance.tenants'::regclass then 'id' else 'tenant_id' end
    where k.contype = 'f' and k.connamespace = 'parlance'::regnamespace
      and not exists (
        select from unnest(k.conkey, k.confkey) as pair (here, there)
        where here = own.attnum and there = target.attnum)";

async fn names(kit: &Kit, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&kit.pool).await.unwrap()
}

#[tokio::test] // R38
async fn every_key_takes_the_tenant_along() {
    let kit = Kit::new().await;
    for (sql, must) in [
        (LOOSE_INDEXES, "begin with tenant_id"),
        (LOOSE_REFERENCES, "hold tenant_id on both sides"),
    ] {
        let loose = names(&kit, sql).await;
        assert!(loose.is_empty(), "these must {must}: {loose:?}");
    }
    let references: Vec<String> = names(
        &kit,
        "select conrelid::regclass::text from pg_constraint
         where contype = 'f' and connamespace = 'parlance'::regnamespace",
    )
    .await;
    assert!(references.len() >= 6, "the query sees {references:?} only");
}

#[tokio::test] // R38
async fn a_key_that_does_not_is_found() {
    let kit = Kit::new().await;
    for sql in [
        "create table parlance.loose (tenant_id uuid not null, id uuid primary key, user_id uuid,
           document_id uuid, user_tenant uuid,
           foreign key (user_tenant, user_id) references parlance.users (tenant_id, id))",
        "create unique index loose_name on parlance.loose (document_id, tenant_id)",
        "create table parlance.keyless (tenant_id uuid not null)",
    ] {
        sqlx::query(sql).execute(&kit.pool).await.unwrap();
    }
    let mut indexes = names(&kit, LOOSE_INDEXES).await;
    indexes.sort();
    assert_eq!(indexes, ["keyless", "loose_name", "loose_pkey"]);
    let references = names(&kit, LOOSE_REFERENCES).await;
    assert_eq!(references, ["loose_user_tenant_user_id_fkey"]);
}

async fn as_t1(connection: &mut PgConnection) -> Transaction<'_, Postgres> {
    let mut tx = connection.begin().await.unwrap();
    sqlx::query("select set_config('app.tenant_id', $1, true)")
        .bind(T1.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

const INSERTS: [&str; 4] = [
    "insert into parlance.chat_messages (id, session_id, seq, role, content, status)
     values ($1, $2, 99, 'user', 'x', 'complete')",
    "insert into parlance.document_chunks (id, document_id, ordinal, text, terms) values ($1, $2, 99, 'x', '')",
    "insert into parlance.chat_sessions (id, user_id, title) values ($1, $2, 'x')",
    "insert into parlance.login_sessions (id, user_id, refreshed_at, expires_at, created_at)
     values ($1, $2, now(), now(), now())",
];

#[tokio::test] // R38
async fn pointing_at_another_tenants_row_fails_as_pointing_at_none() {
    let scene = Scene::new().await;
    let theirs = scene.ids_of(V1);
    let mut connection = PgConnection::connect(&scene.database.url_as("app"))
        .await
        .unwrap();
    for (sql, target) in INSERTS
        .into_iter()
        .zip([theirs.session, theirs.document, V1.id, V1.id])
    {
        let mut refusals = Vec::new();
        for target in [target, Uuid::now_v7()] {
            let mut tx = as_t1(&mut connection).await;
            let done = sqlx::query(sql)
                .bind(Uuid::now_v7())
                .bind(target)
                .execute(&mut *tx)
                .await;
            let refused = done.expect_err(sql).into_database_error().expect(sql);
            let refused = refused.downcast::<PgDatabaseError>();
            assert_eq!(refused.code(), "23503", "{sql}: {refused}");
            let detail = refused.detail().unwrap_or_default();
            let detail = detail.replace(&target.to_string(), "TARGET");
            refusals.push((
                refused.message().to_owned(),
                detail,
                refused.constraint().map(str::to_owned),
            ));
            tx.rollback().await.unwrap();
        }
        assert_eq!(refusals[0], refusals[1], "{sql}");
    }
}

#[tokio::test] // R38
async fn an_id_that_another_tenant_uses_is_free() {
    let scene = Scene::new().await;
    let (mine, theirs) = (scene.ids_of(U1), scene.ids_of(V1));
    let mut connection = PgConnection::connect(&scene.database.url_as("app"))
        .await
        .unwrap();
    let message: Uuid =
        sqlx::query_scalar("select id from parlance.chat_messages where session_id = $1 limit 1")
            .bind(theirs.session)
            .fetch_one(&scene.pool)
            .await
            .unwrap();
    let mut tx = as_t1(&mut connection).await;
    for (sql, id, parent) in [
        (INSERTS[0], message, mine.session),
        (INSERTS[1], theirs.document, mine.document),
        (INSERTS[2], theirs.session, U1.id),
    ] {
        let done = sqlx::query(sql)
            .bind(id)
            .bind(parent)
            .execute(&mut *tx)
            .await;
        assert_eq!(done.expect(sql).rows_affected(), 1, "{sql}");
    }
    tx.commit().await.unwrap();
    let both: i64 = sqlx::query_scalar("select count(*) from parlance.chat_sessions where id = $1")
        .bind(theirs.session)
        .fetch_one(&scene.pool)
        .await
        .unwrap();
    assert_eq!(both, 2);
    let shown = scene
        .get(
            scene.token_of(V1),
            &format!("/chat/sessions/{}", theirs.session),
        )
        .await;
    assert_ne!(shown.json["title"], "x");
    let shown = scene
        .get(
            scene.token_of(U1),
            &format!("/chat/sessions/{}", theirs.session),
        )
        .await;
    assert_eq!(shown.json["title"], "x");
}
