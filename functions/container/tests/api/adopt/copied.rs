//! Every row of every dump, beside the plain values.

use super::{
    Move,
    beside::{assert_keys, assert_sessions, assert_users, sessions},
    old::Old,
    rule,
};
use crate::kit::{Kit, database::connect_to};
use serde_json::{Value, json};
use sqlx::PgPool;

#[tokio::test]
async fn every_row_of_acme_is_here() {
    let moved = Move::of(Old::acme().await).await;
    let expected = &moved.old.expected;
    let report = moved.copy_and_verify().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    assert_eq!(assert_sessions(&sessions(&kit.pool).await, expected), 400);
    assert_users(&kit.pool, expected).await;
    for (name, there) in expected["tenants"].as_object().unwrap() {
        assert_keys(&kit, name, &[("pinecone", &there["pinecone_api_key"])]).await;
        let here: (String, String, String, Option<String>) = sqlx::query_as(
            "select name, status, system_prompt, pinecone_environment from parlance.tenants where legacy_id = $1",
        )
        .bind(name)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
        assert_eq!(json!(here.0), there["name"]);
        assert_eq!(here.1 == "active", there["is_active"].as_bool().unwrap());
        assert_eq!(here.2, there["system_prompt"].as_str().unwrap_or_default());
        assert_eq!(json!(here.3), there["pinecone_environment"]);
    }
    let slugs: Vec<String> = sqlx::query_scalar(
        "select slug from parlance.tenants where legacy_id is not null order by slug",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    assert_eq!(
        slugs,
        [
            "acme",
            "old-mill-bakery",
            "tenant-7182466e",
            "tenant-b-identifier",
            "tenant-b-identifier-2"
        ]
    );
    assert_sources(&kit.pool, &moved.old).await;
    assert_reported(&report, expected);
}

/// The sources of a message as they stand there.
async fn there_of(old: &Old, message: &str) -> String {
    let mut there = connect_to(&old.database.url()).await;
    sqlx::query_scalar("select sources::text from chat_messages where id = $1::integer")
        .bind(message.parse::<i32>().unwrap())
        .fetch_one(&mut there)
        .await
        .unwrap()
}

async fn assert_sources(pool: &PgPool, old: &Old) {
    let expected = &old.expected;
    for (message, there) in expected["sources_sample"].as_object().unwrap() {
        let here: Value = sqlx::query_scalar(
            "select metadata -> 'sources' from parlance.chat_messages where legacy_id = $1",
        )
        .bind(message)
        .fetch_one(pool)
        .await
        .unwrap();
        let there: Value = serde_json::from_str(there.as_str().unwrap()).unwrap();
        assert_eq!(here, there, "{message}");
    }
    // What cannot be kept so is kept as a text, too.
    for message in ["732", "760", "764"] {
        let here: String = sqlx::query_scalar(
            "select metadata #>> '{legacy,sources}' from parlance.chat_messages where legacy_id = $1",
        )
        .bind(message)
        .fetch_one(pool)
        .await
        .unwrap();
        assert_eq!(here, there_of(old, message).await, "{message}");
    }
    let none: i64 = sqlx::query_scalar("select count(*) from parlance.chat_messages where legacy_id is not null and not metadata ? 'sources'")
        .fetch_one(pool)
        .await
        .unwrap();
    // SQL NULL and JSON null are none.
    assert_eq!(none, 20 + 4869);
}

/// Each list of the dump's oddities is one of the report's.
fn assert_reported(report: &Value, expected: &Value) {
    let odd = &expected["oddities"];
    let ids = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(ids) => ids.iter().map(|id| id.to_string()).collect(),
            Value::Object(ids) => ids.keys().cloned().collect(),
            other => panic!("{other}"),
        }
    };
    for (name, list) in [
        ("message_without_time", &odd["null timestamps"]),
        (
            "role_changed",
            &odd["role by message (neither user nor assistant)"],
        ),
        (
            "session_without_messages",
            &odd["sessions without messages"],
        ),
        ("session_without_time", &odd["sessions without times"]),
        (
            "title_cut",
            &odd["sessions with a title over 200 characters"],
        ),
        ("user_without_tenant", &odd["users without tenant"]),
        ("user_without_password", &odd["users whose hash is none"]),
    ] {
        let mut listed = ids(list);
        listed.sort_by_key(|id| (id.len(), id.clone()));
        assert_eq!(rule(report, name), (listed.len() as u64, listed), "{name}");
    }
    let untitled = odd["sessions without title"].as_u64().unwrap();
    let blank = ids(&odd["sessions with an empty or blank title"]).len() as u64;
    assert_eq!(rule(report, "title_made").0, untitled + blank);
    let keys = |name| rule(report, name).1;
    assert_eq!(
        keys("key_not_encrypted"),
        ["東京ランナーズ pinecone_api_key"]
    );
    assert_eq!(
        keys("key_of_another_key"),
        ["Tenant-B Identifier pinecone_api_key"]
    );
    for (name, list) in [
        ("times_equal", &odd["sessions with equal times"]),
        (
            "times_unordered",
            &odd["sessions in which time and id disagree"],
        ),
    ] {
        let told = rule(report, name).0;
        assert!(
            told >= list.as_array().unwrap().len() as u64,
            "{name}: {told}"
        );
    }
    // One of the two capital addresses of acme, and the one that is no address.
    assert_eq!(keys("address_in_its_own_spelling"), ["3", "63"]);
    assert_eq!(keys("json_replaced"), ["732", "760"]);
    assert_eq!(keys("json_key_twice"), ["764"]);
    assert_eq!(
        report["copied"],
        json!({ "tenants": 6, "users": 61, "sessions": 400, "messages": 6112 })
    );
}

#[tokio::test]
async fn every_row_of_globex_that_belongs_to_somebody_is_here() {
    let moved = Move::of(Old::globex().await).await;
    let expected = &moved.old.expected;
    let report = moved.copy_and_verify().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    assert_eq!(assert_sessions(&sessions(&kit.pool).await, expected), 77);
    assert_users(&kit.pool, expected).await;
    for (name, there) in expected["tenants"].as_object().unwrap() {
        let keys = [
            ("openai", &there["openai_api_key"]),
            ("pinecone", &there["pinecone_api_key"]),
        ];
        assert_keys(&kit, name, &keys).await;
        let here: (Option<String>, Option<String>) = sqlx::query_as(
            "select pinecone_environment, pinecone_index from parlance.tenants where legacy_id = $1",
        )
        .bind(name)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
        assert_eq!(json!(here.0), there["pinecone_environment"], "{name}");
        assert_eq!(json!(here.1), there["pinecone_index_name"], "{name}");
    }
    assert_eq!(rule(&report, "session_without_user").1, ["5", "6"]);
    assert_eq!(rule(&report, "message_without_session").0, 24);
    let kept: u64 = ["message_without_session", "message_without_user"]
        .iter()
        .map(|name| rule(&report, name).0)
        .sum();
    assert_eq!(report["copied"]["messages"], json!(566 - kept));
}

#[tokio::test]
async fn every_row_of_the_revisions_before_is_here() {
    for revision in [
        "796c6b7bfada",
        "8adfa00db3b0",
        "66c9e4aafc9e",
        "3e87f40d465d",
    ] {
        let mut moved = Move::of(Old::older(revision).await).await;
        let default = moved.arguments.pop().unwrap();
        let refused = moved.refused(&[]).await;
        assert!(
            refused.contains("at this revision nobody belongs to a tenant"),
            "{refused}"
        );
        assert!(refused.contains("say --default-tenant"), "{refused}");
        moved.arguments.push(default);
        let report = moved.copy_and_verify().await;
        assert_eq!(report["revision"], revision);
        let kit = Kit::on(moved.new.clone(), []).await;
        assert_eq!(
            assert_sessions(&sessions(&kit.pool).await, &moved.old.expected),
            15
        );
        let keys = moved.old.expected["tenants_pinecone_api_key"].as_object();
        for (name, plain) in keys.into_iter().flatten() {
            assert_keys(&kit, name, &[("pinecone", plain)]).await;
        }
    }
}
