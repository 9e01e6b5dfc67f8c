//! What failed, tried again: one document, or all at once.

use crate::kit::{ADMIN1, Answer, Kit, T1, T2, files::pdf};
use serde_json::json;
use uuid::Uuid;

const PROSE: &[&str] =
    &["A page with enough of a text on it to be taken for one, and nothing else."];

/// Half a file, which cannot be read.
async fn send_half(kit: &Kit, name: &str) -> Uuid {
    let token = kit.token(ADMIN1).await;
    let whole = pdf(&[PROSE, PROSE], &[]);
    let half = &whole[..whole.len() / 2];
    let sent = kit.send_file(&token, ("POST", "/documents"), (name, half), &[]);
    sent.await.id("id")
}

async fn status(kit: &Kit, id: Uuid) -> String {
    let sql = "select status from parlance.documents where id = $1";
    let status = sqlx::query_scalar(sql).bind(id).fetch_one(&kit.pool);
    status.await.unwrap()
}

async fn retry_all(kit: &Kit) -> Answer {
    let token = kit.token(ADMIN1).await;
    let answer = kit.post(&token, "/documents/retry", json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer
}

#[tokio::test]
async fn what_failed_is_tried_again_at_once_and_what_was_cancelled_is_not() {
    let kit = Kit::new().await;
    let failed = send_half(&kit, "one.pdf").await;
    let cancelled = send_half(&kit, "two.pdf").await;
    let token = kit.token(ADMIN1).await;
    let path = format!("/documents/{cancelled}/cancel");
    kit.post(&token, &path, json!({})).await;
    kit.work().await;
    assert_eq!(status(&kit, failed).await, "failed");
    assert_eq!(retry_all(&kit).await.json, json!({ "tried": 1, "left": 0 }));
    assert_eq!(status(&kit, failed).await, "pending");
    assert_eq!(status(&kit, cancelled).await, "failed");
    // What is on its way is not begun anew.
    assert_eq!(retry_all(&kit).await.json, json!({ "tried": 0, "left": 0 }));
    kit.work().await;
    assert_eq!(status(&kit, failed).await, "failed");
}

#[tokio::test]
async fn many_are_tried_in_parts_and_none_of_another_tenant() {
    let kit = Kit::new().await;
    let failed = send_half(&kit, "one.pdf").await;
    kit.work().await;
    let more = "with made as (
          insert into parlance.documents (tenant_id, id, title, hash, status, error, created_by)
          select $1, gen_random_uuid(), 'File ' || n, sha256(n::text::bytea), 'failed', 'file_damaged: It is.', gen_random_uuid()
          from generate_series(1, 600) n returning tenant_id, id)
        insert into parlance.document_files (tenant_id, document_id, is_next, name, media_type, content, title, metadata, hash)
        select tenant_id, id, true, 'x.pdf', 'application/pdf', 'x', 'x', '{}', 'x' from made";
    for tenant in [T1, T2] {
        sqlx::query(more)
            .bind(tenant)
            .execute(&kit.pool)
            .await
            .unwrap();
    }
    assert_eq!(
        retry_all(&kit).await.json,
        json!({ "tried": 500, "left": 101 })
    );
    assert_eq!(
        retry_all(&kit).await.json,
        json!({ "tried": 101, "left": 0 })
    );
    assert_eq!(status(&kit, failed).await, "pending");
    let theirs =
        "select count(*) from parlance.documents where tenant_id = $1 and status = 'pending'";
    let theirs: i64 = sqlx::query_scalar(theirs)
        .bind(T2)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(theirs, 0);
}

#[tokio::test]
async fn of_two_that_are_the_same_one_is_tried() {
    let kit = Kit::new().await;
    let first = send_half(&kit, "one.pdf").await;
    kit.work().await;
    let second = send_half(&kit, "one.pdf").await;
    kit.work().await;
    assert_eq!(retry_all(&kit).await.json, json!({ "tried": 1, "left": 0 }));
    assert_eq!(status(&kit, first).await, "pending");
    let token = kit.token(ADMIN1).await;
    let path = format!("/documents/{second}/retry");
    let refused = kit.post(&token, &path, json!({})).await;
    assert_eq!(refused.problem(409), "document_exists");
}
