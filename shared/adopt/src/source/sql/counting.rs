//! How many rows there are, and which are out of place.

use super::{same, text};
use crate::source::shape::{Found, Shape};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// How many, and some of their ids.
fn ids(found: &Found, table: &str) -> String {
    let id = found.raw("id", table);
    format!("count(*), coalesce((array_agg({id}::text order by {id}))[:100], '{{}}')")
}

/// What hangs on nothing: how many there are, and some of their ids.
pub(in crate::source) fn orphans(shape: &Shape) -> [(&'static str, SqlStr); 3] {
    let Shape {
        users,
        sessions,
        messages,
        ..
    } = shape;
    let of_user = same((users, users.key(), "u"), (sessions, "user_id", "s"));
    let of_session = same(
        (sessions, sessions.key(), "s"),
        (messages, "session_id", "m"),
    );
    let sessions_left = format!(
        "select {} from {} s where not exists (select from {} u where {of_user})",
        ids(sessions, "s"),
        sessions.table,
        users.table,
    );
    let no_session = format!(
        "select {} from {} m where not exists (select from {} s where {of_session})",
        ids(messages, "m"),
        messages.table,
        sessions.table,
    );
    let no_user = format!(
        "select {} from {} m join {} s on {of_session} where not exists (select from {} u where {of_user})",
        ids(messages, "m"),
        messages.table,
        sessions.table,
        users.table,
    );
    [
        (
            "session_without_user",
            AssertSqlSafe(sessions_left).into_sql_str(),
        ),
        (
            "message_without_session",
            AssertSqlSafe(no_session).into_sql_str(),
        ),
        (
            "message_without_user",
            AssertSqlSafe(no_user).into_sql_str(),
        ),
    ]
}

/// How many rows of each there are.
pub(in crate::source) fn counts(shape: &Shape) -> SqlStr {
    let tenants = shape.tenants.as_ref().map_or_else(
        || "0::bigint".to_owned(),
        |found| format!("(select count(*) from {})", found.table),
    );
    let sql = format!(
        "select {tenants}, (select count(*) from {}), (select count(*) from {}), (select count(*) from {})",
        shape.users.table, shape.sessions.table, shape.messages.table,
    );
    AssertSqlSafe(sql).into_sql_str()
}

/// What names another tenant than its user's, where it names one: conversations, and messages.
pub(in crate::source) fn of_other_tenants(shape: &Shape) -> Vec<(&'static str, SqlStr)> {
    let Shape {
        users,
        sessions,
        messages,
        ..
    } = shape;
    let of_user = same((users, users.key(), "u"), (sessions, "user_id", "s"));
    let of_session = same(
        (sessions, sessions.key(), "s"),
        (messages, "session_id", "m"),
    );
    let theirs = text(users, "tenant_id", "u");
    let select = |found: &Found, table: &str, from: String| {
        let own = text(found, "tenant_id", table);
        let ids = ids(found, table);
        let sql = format!(
            "select {ids} from {from} join {} u on {of_user} where {own} is not null and {own} is distinct from {theirs}",
            users.table
        );
        AssertSqlSafe(sql).into_sql_str()
    };
    let mut all = Vec::new();
    if sessions.has("tenant_id") {
        let from = format!("{} s", sessions.table);
        all.push(("session_of_another_tenant", select(sessions, "s", from)));
    }
    if messages.has("tenant_id") {
        let from = format!(
            "{} m join {} s on {of_session}",
            messages.table, sessions.table
        );
        all.push(("message_of_another_tenant", select(messages, "m", from)));
    }
    all
}
