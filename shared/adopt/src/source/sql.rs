//! The SQL that reads the database of the service before this one. Names of its tables and columns are known only when it has
//! been looked at, so its statements are put together, here alone: of names that are quoted, and of fixed words.

mod counting;

pub(super) use counting::{counts, of_other_tenants, orphans};

use super::{
    fields::KEY,
    rows::Seen,
    shape::{Found, Shape},
};
use crate::mapping::{name, quoted};
use sqlx::{AssertSqlSafe, Executor, PgConnection, SqlSafeStr, SqlStr};
use uuid::Uuid;

/// What `alembic_version` says.
pub(super) async fn revisions(
    db: &mut PgConnection,
    schema: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let sql = format!(
        "select version_num::text from {}.alembic_version order by 1",
        name(schema)
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(db).await
}

/// What `parlance adopt back` wrote there: the ids here, with those there.
pub(super) async fn written_back(
    db: &mut PgConnection,
    schema: &str,
) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let table = format!("{schema}.parlance_back");
    let is_there = sqlx::query_scalar("select to_regclass($1) is not null").bind(&table);
    match is_there.fetch_one(&mut *db).await? {
        true => {
            let sql = AssertSqlSafe(format!("select id, there from {table}"));
            sqlx::query_as(sql).fetch_all(db).await
        }
        false => Ok(Vec::new()),
    }
}

/// Lets a transaction that has just begun see what another one sees.
pub(super) async fn share_snapshot(
    db: &mut PgConnection,
    snapshot: &str,
) -> Result<(), sqlx::Error> {
    let sql = format!("set transaction snapshot {}", quoted(snapshot));
    db.execute(AssertSqlSafe(sql)).await.map(drop)
}

fn text(found: &Found, field: &str, table: &str) -> String {
    format!("{}::text", found.raw(field, table))
}

fn boolean(found: &Found, field: &str, table: &str) -> String {
    format!("{}::boolean", found.raw(field, table))
}

/// A time as microseconds of UTC: without a zone it is one of UTC, whatever the connection's is.
fn time(found: &Found, field: &str, table: &str) -> String {
    if !found.has(field) {
        return "null::bigint".to_owned();
    }
    let raw = found.raw(field, table);
    format!("case when isfinite({raw}) then (extract(epoch from {raw}) * 1000000)::bigint end")
}

fn bytes(found: &Found, field: &str, table: &str) -> String {
    format!("{}::bytea", found.raw(field, table))
}

/// The tenants, in the order of their ids.
pub(super) fn tenants(found: &Found) -> SqlStr {
    let sql = format!(
        "select {} as id, {} as name, {} as is_active, {} as system_prompt, {} as openai_api_key,
                {} as pinecone_api_key, {} as pinecone_environment, {} as pinecone_index, {} as created_at, {} as updated_at
         from {} t where {} is not null order by 1",
        text(found, "id", "t"),
        text(found, "name", "t"),
        boolean(found, "is_active", "t"),
        text(found, "system_prompt", "t"),
        bytes(found, "openai_api_key", "t"),
        bytes(found, "pinecone_api_key", "t"),
        bytes(found, "pinecone_environment", "t"),
        text(found, "pinecone_index", "t"),
        time(found, "created_at", "t"),
        time(found, "updated_at", "t"),
        found.table,
        found.raw("id", "t"),
    );
    AssertSqlSafe(sql).into_sql_str()
}

/// The users, those of one tenant together; of a tenant first those whose address has capital letters, which make room for the
/// others.
pub(super) fn users(found: &Found) -> SqlStr {
    let email = text(found, "email", "u");
    let sql = format!(
        "select {} as id, {email} as email, {} as hashed_password, {} as tenant_id, {} as full_name, {} as is_active,
                {} as is_superuser, {} as profile_settings, {} as created_at, {} as key
         from {} u
         order by 4 nulls first, {email} = lower({email}), {}",
        text(found, "id", "u"),
        text(found, "hashed_password", "u"),
        text(found, "tenant_id", "u"),
        text(found, "full_name", "u"),
        boolean(found, "is_active", "u"),
        boolean(found, "is_superuser", "u"),
        text(found, "profile_settings", "u"),
        time(found, "created_at", "u"),
        text(found, KEY, "u"),
        found.table,
        found.raw("id", "u"),
    );
    AssertSqlSafe(sql).into_sql_str()
}

/// `a.field = b.field`, also where one table has numbers and the other texts.
fn same(a: (&Found, &str, &str), b: (&Found, &str, &str)) -> String {
    let (left, right) = (a.0.raw(a.1, a.2), b.0.raw(b.1, b.2));
    match a.0.of(a.1) == b.0.of(b.1) {
        true => format!("{left} = {right}"),
        false => format!("{left}::text = {right}::text"),
    }
}

/// Which tenants users name, and how many users name none.
pub(super) fn named_tenants(found: &Found) -> SqlStr {
    let tenant = text(found, "tenant_id", "u");
    let sql = format!(
        "select coalesce(array_agg(distinct {tenant}) filter (where {tenant} is not null), '{{}}'),
                count(*) filter (where {tenant} is null)
         from {} u",
        found.table
    );
    AssertSqlSafe(sql).into_sql_str()
}

/// Conversations, and messages in the same order: all of them, or those of the conversations with these ids.
pub(super) fn chats(shape: &Shape, only: Option<&[String]>) -> (SqlStr, SqlStr) {
    let only = only.map(|ids| {
        let id = text(&shape.sessions, "id", "s");
        let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
        format!("where {id} in ({})", ids.join(", "))
    });
    let only = only.unwrap_or_default();
    (sessions(shape, &only), messages(shape, &only))
}

/// Conversations with their users, those of one tenant together.
fn sessions(shape: &Shape, only: &str) -> SqlStr {
    let Shape {
        users, sessions, ..
    } = shape;
    let sql = format!(
        "select {} as tenant_id, {} as id, {} as user_id, {} as user_created_at, {} as title, {} as created_at,
                {} as updated_at, {} as key
         from {} s join {} u on {} {only}
         order by 1 nulls first, {}",
        text(users, "tenant_id", "u"),
        text(sessions, "id", "s"),
        text(users, "id", "u"),
        time(users, "created_at", "u"),
        text(sessions, "title", "s"),
        time(sessions, "created_at", "s"),
        time(sessions, "updated_at", "s"),
        text(sessions, KEY, "s"),
        sessions.table,
        users.table,
        same((users, users.key(), "u"), (sessions, "user_id", "s")),
        sessions.raw("id", "s"),
    );
    AssertSqlSafe(sql).into_sql_str()
}

/// Messages in the order of [`sessions`], those of each as they are shown there.
fn messages(shape: &Shape, only: &str) -> SqlStr {
    let Shape {
        users,
        sessions,
        messages,
        ..
    } = shape;
    let json = messages.json.iter();
    let json: String = json
        .map(|column| format!(", m.{}::text", name(column)))
        .collect();
    let sql =
        format!(
        "select {} as id, {} as session_id, {} as role, {} as content, {} as sources, {} as time,
                array[null::text{json}] as json
         from {} m join {} s on {} join {} u on {} {only}
         order by {} nulls first, {}, {} nulls last, {}",
        text(messages, "id", "m"),
        text(sessions, "id", "s"),
        text(messages, "role", "m"),
        text(messages, "content", "m"),
        text(messages, "sources", "m"),
        time(messages, "timestamp", "m"),
        messages.table,
        sessions.table,
        same((sessions, sessions.key(), "s"), (messages, "session_id", "m")),
        users.table,
        same((users, users.key(), "u"), (sessions, "user_id", "s")),
        text(users, "tenant_id", "u"),
        sessions.raw("id", "s"),
        messages.raw("timestamp", "m"),
        messages.raw("id", "m"),
    );
    AssertSqlSafe(sql).into_sql_str()
}

/// Conversations with a row that was written since. PostgreSQL knows by which transaction each row was written (`xmin`); ids and
/// times do not tell: of two that are written at once, the one with the lower may be committed later.
pub(super) fn changed_since(shape: &Shape, seen: &Seen) -> SqlStr {
    let Shape {
        sessions, messages, ..
    } = shape;
    // Of its 64 bits rows keep 32, and compare them in a circle.
    let since = seen.0 & 0xffff_ffff;
    let sql = format!(
        "select {} from {} s where age(s.xmin) <= age('{since}'::xid)
         union select {} from {} m join {} s on {} where age(m.xmin) <= age('{since}'::xid)",
        text(sessions, "id", "s"),
        sessions.table,
        text(sessions, "id", "s"),
        messages.table,
        sessions.table,
        same(
            (sessions, sessions.key(), "s"),
            (messages, "session_id", "m")
        ),
    );
    AssertSqlSafe(sql).into_sql_str()
}
