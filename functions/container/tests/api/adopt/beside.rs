//! What is here, beside the plain values that are known of a dump.

use crate::kit::Kit;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Of every conversation: how many messages, and the hashes of their texts and of their rows, as the dump's own are made.
const SESSIONS: &str = r#"
    with said as (
      select m.session_id, m.seq, m.legacy_id as id,
             case when m.metadata #> '{legacy}' ? 'role' then m.metadata #>> '{legacy,role}' else m.role end as role,
             case when m.metadata #> '{legacy}' ? 'content' then null else m.content end as content,
             case when m.metadata #> '{legacy}' ? 'time' then null
                  else to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end as time
      from parlance.chat_messages m
    ), piece as (
      select session_id, seq,
             coalesce(octet_length(convert_to(content, 'UTF8')) || ':' || content, '-:') as content,
             coalesce(octet_length(convert_to(id, 'UTF8')) || ':' || id, '-:')
               || coalesce(octet_length(convert_to(role, 'UTF8')) || ':' || role, '-:')
               || coalesce(octet_length(time) || ':' || time, '-:')
               || coalesce(octet_length(convert_to(content, 'UTF8')) || ':' || content, '-:') as row
      from said
    )
    select r.legacy_id, s.last_seq,
           encode(sha256(coalesce(string_agg(convert_to(p.content, 'UTF8'), ''::bytea order by p.seq), '')), 'hex'),
           encode(sha256(coalesce(string_agg(convert_to(p.row, 'UTF8'), ''::bytea order by p.seq), '')), 'hex'),
           (select u.legacy_id from parlance.legacy_rows u where u.kind = 'user' and u.id = s.user_id), t.legacy_id,
           coalesce(s.legacy ->> 'title', s.title),
           to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    from parlance.legacy_rows r
    join parlance.chat_sessions s on s.id = r.id
    join parlance.tenants t on t.id = s.tenant_id
    left join piece p on p.session_id = s.id
    where r.kind = 'session'
    group by r.legacy_id, s.tenant_id, s.id, t.legacy_id"#;

pub(super) type Session = (
    String,
    i32,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    String,
);

pub(super) async fn sessions(pool: &PgPool) -> BTreeMap<String, Session> {
    let rows: Vec<Session> = sqlx::query_as(SESSIONS).fetch_all(pool).await.unwrap();
    rows.into_iter().map(|row| (row.0.clone(), row)).collect()
}

/// A value as the text of an id.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Compares every conversation; how many there were.
pub(super) fn assert_sessions(copied: &BTreeMap<String, Session>, expected: &Value) -> usize {
    let mut compared = 0;
    for there in expected["sessions"].as_array().unwrap() {
        let name = id(&there["id"]).unwrap();
        let Some(here) = copied.get(&name) else {
            let left = there["missing"].is_string() || ["5", "6"].contains(&&*name);
            assert!(left, "the conversation {name} is missing");
            continue;
        };
        compared += 1;
        assert_eq!(json!(here.1), there["messages"], "{name}");
        assert_eq!(json!(here.2), there["contents_sha256"], "{name}");
        assert_eq!(json!(here.3), there["rows_sha256"], "{name}");
        assert_eq!(here.4, id(&there["user_id"]), "{name}");
        if let Some(tenant) = there.get("tenant_id") {
            assert_eq!(here.5, id(tenant), "{name}");
        }
        if let Some(title) = there["title"]
            .as_str()
            .filter(|title| !title.trim().is_empty())
        {
            assert_eq!(here.6, title, "{name}");
        }
        if let Some(time) = there["created_at"].as_str() {
            assert_eq!(here.7, time, "{name}");
        }
    }
    assert_eq!(compared, copied.len());
    compared
}

#[derive(sqlx::FromRow)]
struct User {
    tenant: Option<String>,
    email: String,
    password_hash: Option<String>,
    is_superuser: bool,
    is_active: bool,
    full_name: String,
    legacy: String,
    created_at: String,
}

pub(super) async fn assert_users(pool: &PgPool, expected: &Value) {
    for there in expected["users"].as_array().unwrap() {
        let name = id(&there["id"]).unwrap();
        let here: User = sqlx::query_as(
            r#"select t.legacy_id as tenant, u.email, u.password_hash, u.is_superuser, u.is_active, u.full_name,
                      u.legacy::text as legacy, to_char(u.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at
               from parlance.legacy_rows r join parlance.users u on u.id = r.id join parlance.tenants t on t.id = u.tenant_id
               where r.kind = 'user' and r.legacy_id = $1"#,
        )
        .bind(&name)
        .fetch_one(pool)
        .await
        .unwrap_or_else(|e| panic!("the user {name}: {e}"));
        assert_eq!(here.tenant, id(&there["tenant_id"]), "{name}");
        // `json` keeps a text letter by letter, also what no parser takes.
        let (kept, settings) = match here.legacy.split_once(", \"profile_settings\": ") {
            Some((kept, settings)) => (format!("{kept}}}"), settings.strip_suffix('}')),
            None => (here.legacy.clone(), None),
        };
        let kept: Value = serde_json::from_str(&kept).unwrap();
        if let Some(expected) = there.get("profile_settings") {
            assert_eq!(settings, expected.as_str(), "{name}");
        }
        assert_eq!(
            kept["email"].as_str().unwrap_or(&here.email),
            there["email"],
            "{name}"
        );
        let full_name = kept["full_name"].as_str().unwrap_or(&here.full_name);
        assert_eq!(
            full_name,
            there["full_name"].as_str().unwrap_or_default(),
            "{name}"
        );
        let hash = there["hashed_password"]
            .as_str()
            .filter(|hash| hash.starts_with('$'));
        assert_eq!(here.password_hash.as_deref(), hash, "{name}");
        assert_eq!(json!(here.is_superuser), there["is_superuser"], "{name}");
        assert_eq!(
            here.is_active,
            there["is_active"].as_bool().unwrap_or(true),
            "{name}"
        );
        if let Some(time) = there["created_at"].as_str() {
            assert_eq!(here.created_at, time, "{name}");
        }
    }
}

/// The plain keys of a tenant, opened as the service opens them.
pub(super) async fn assert_keys(kit: &Kit, legacy_id: &str, expected: &[(&str, &Value)]) {
    let tenant: Uuid = sqlx::query_scalar("select id from parlance.tenants where legacy_id = $1")
        .bind(legacy_id)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    for (provider, plain) in expected {
        let row: Option<(Uuid, Vec<u8>)> = sqlx::query_as(
            "select id, sealed from parlance.tenant_secrets where tenant_id = $1 and provider = $2",
        )
        .bind(tenant)
        .bind(provider)
        .fetch_optional(&kit.pool)
        .await
        .unwrap();
        let opened = row.map(|(id, sealed)| {
            let opened = kit.app.open_key(tenant, provider, id, &sealed);
            opened
                .expect("it is sealed for its row")
                .expose_secret()
                .to_owned()
        });
        let plain = plain.as_str().filter(|plain| !plain.is_empty());
        assert_eq!(opened.as_deref(), plain, "{legacy_id} {provider}");
    }
}
