//! What is set for a tenant there after it was copied.

use super::{Move, old::Old, rule};
use crate::kit::Kit;
use serde_json::json;
use sqlx::PgPool;

/// Name, status, prompt and index of acme here.
async fn settings(pool: &PgPool) -> [Option<String>; 4] {
    let row: (String, String, String, Option<String>) = sqlx::query_as(
        "select name, status, system_prompt, pinecone_environment from parlance.tenants where legacy_id = 'acme'",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    [Some(row.0), Some(row.1), Some(row.2), row.3]
}

fn told(ids: &[&str]) -> (u64, Vec<String>) {
    let ids: Vec<String> = ids.iter().map(|id| format!("acme {id}")).collect();
    (ids.len() as u64, ids)
}

#[tokio::test]
async fn settings_that_change_there_change_here_unless_they_were_changed_here() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy_and_verify().await;
    let pool = moved.new.pool().await;
    let here =
        "update parlance.tenants set pinecone_environment = 'chosen-here' where legacy_id = 'acme'";
    sqlx::query(here).execute(&pool).await.unwrap();
    moved
        .old
        .change(
            "update tenants set name = 'Acme & Co', system_prompt = 'Be brief.', is_active = false,
                                pinecone_environment = 'changed-there' where id = 'acme'",
        )
        .await;
    let report = moved.copy().await;
    let changed = told(&["name", "status", "system_prompt"]);
    assert_eq!(rule(&report, "setting_changed_there"), changed);
    assert_eq!(
        rule(&report, "setting_changed_here"),
        told(&["pinecone_environment"])
    );
    let expected = ["Acme & Co", "suspended", "Be brief.", "chosen-here"];
    let expected = expected.map(|text| Some(text.to_owned()));
    assert_eq!(settings(&pool).await, expected);
    // Every prompt that there was is kept.
    let prompts: i64 = sqlx::query_scalar(
        "select count(*) from parlance.prompt_versions p join parlance.tenants t on t.id = p.tenant_id
         where t.legacy_id = 'acme'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(prompts, 2);
    // Once.
    let again = moved.copy().await;
    assert_eq!(rule(&again, "setting_changed_there"), told(&[]));
    assert_eq!(settings(&pool).await, expected);
}

#[tokio::test]
async fn a_key_that_changes_there_changes_here_unless_it_was_changed_here() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    // Another tenant's that decrypts stands for a new one.
    let another = "update tenants set pinecone_api_key = (select pinecone_api_key from tenants where id = '9b2e6c1e-0f4b-4c62-8a35-5f1d7c0b9e11')
                   where id = 'acme'";
    let expected = &moved.old.expected["tenants"];
    let new = &expected["9b2e6c1e-0f4b-4c62-8a35-5f1d7c0b9e11"]["pinecone_api_key"];
    assert!(new.is_string() && *new != expected["acme"]["pinecone_api_key"]);
    moved.old.change(another).await;
    let report = moved.copy_and_verify().await;
    assert_eq!(
        rule(&report, "setting_changed_there"),
        told(&["pinecone_api_key"])
    );
    let kit = Kit::on(moved.new.clone(), []).await;
    super::beside::assert_keys(&kit, "acme", &[("pinecone", new)]).await;
    // One that is deleted here does not come back.
    let deleted = "delete from parlance.tenant_secrets where tenant_id = (select id from parlance.tenants where legacy_id = 'acme')";
    sqlx::query(deleted).execute(&kit.pool).await.unwrap();
    let report = moved.copy().await;
    assert_eq!(
        rule(&report, "setting_changed_here"),
        told(&["pinecone_api_key"])
    );
    super::beside::assert_keys(&kit, "acme", &[("pinecone", &json!(null))]).await;
}

#[tokio::test]
async fn a_key_that_cannot_be_read_any_more_stays() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let gone =
        "update tenants set pinecone_api_key = null, pinecone_environment = null where id = 'acme'";
    moved.old.change(gone).await;
    moved.copy().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    let key = &moved.old.expected["tenants"]["acme"]["pinecone_api_key"];
    super::beside::assert_keys(&kit, "acme", &[("pinecone", key)]).await;
}
