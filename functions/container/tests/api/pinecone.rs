//! An index at Pinecone: what is asked of it, what it refuses, and what that means.

use crate::{
    kit::{ADMIN1, Kit, U1, provider::Provider},
    vectors::{asked, indexed, titles},
};
use serde_json::{Value, json};

/// How far the vectors of a document are that is added now, and why they failed.
async fn added(kit: &Kit, title: &str) -> (String, String) {
    let token = kit.token(ADMIN1).await;
    let text = json!({ "title": title, "text": "A refund takes 5 days." });
    let added = kit.post(&token, "/documents", text).await;
    assert_eq!(added.status, 202, "{}", added.text);
    kit.work().await;
    let path = format!("/documents/{}", added.id("id"));
    let shown = kit.get(&token, &path).await.json;
    let text = |field: &str| shown[field].as_str().unwrap_or_default().to_owned();
    (text("vectors"), text("error"))
}

#[tokio::test]
async fn it_is_looked_up_once() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    for title in ["One", "Two"] {
        assert_eq!(added(&kit, title).await.0, "ready");
    }
    titles(&kit, U1, "How long does a refund take?").await;
    assert_eq!(asked(&provider, "/indexes/knowledge").len(), 1);
    assert_eq!(asked(&provider, "/vectors/upsert").len(), 2);
    assert!(
        provider
            .asked()
            .iter()
            .all(|asked| asked.api_key.is_empty() || asked.version == "2026-04")
    );
}

#[tokio::test]
async fn one_of_another_dimension_is_refused_before_anything_is_stored() {
    let provider = Provider::start().await;
    provider.dimensions(1536);
    let kit = indexed(&provider).await;
    let (status, why) = added(&kit, "Refunds").await;
    assert_eq!(status, "failed");
    assert!(why.starts_with("index_mismatch: "), "{why}");
    assert!(why.contains("1536") && why.contains('3'), "{why}");
    assert!(asked(&provider, "/vectors/upsert").is_empty());
    // Another index has its name now.
    provider.dimensions(3);
    assert_eq!(added(&kit, "More refunds").await.0, "ready");
}

#[tokio::test]
async fn one_that_is_known_by_its_host_is_asked_for_its_dimension() {
    let provider = Provider::start().await;
    provider.dimensions(2);
    let kit = indexed(&provider).await;
    let token = kit.token(ADMIN1).await;
    let settings = json!({ "pinecone": { "host": provider.address } });
    let changed = kit.patch(&token, "/tenants/current", settings).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let (_, why) = added(&kit, "Refunds").await;
    assert!(why.starts_with("index_mismatch: "), "{why}");
    provider.dimensions(3);
    for title in ["One", "Two"] {
        assert_eq!(added(&kit, title).await.0, "ready");
    }
    assert_eq!(asked(&provider, "/describe_index_stats").len(), 2);
    assert!(asked(&provider, "/indexes/knowledge").is_empty());
}

#[tokio::test]
async fn one_without_room_says_so_and_not_that_the_key_is_bad() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let full = r#"{"status": 403, "error": {"code": "QUOTA_EXCEEDED", "message": "pc-canary"}}"#;
    provider.refuse("/vectors/upsert", 403, full);
    let (status, why) = added(&kit, "Refunds").await;
    assert_eq!(status, "failed");
    assert!(why.starts_with("provider_quota_exceeded: "), "{why}");
    assert!(!why.contains("canary"), "{why}");
    let rejected = async || {
        let sql = "select count(*) from parlance.audit_log where action = 'secret.rejected'";
        sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&kit.pool)
            .await
            .unwrap()
    };
    assert_eq!(rejected().await, 0);
    // A refused key is told as text, not as JSON.
    provider.refuse("/vectors/upsert", 401, "Invalid API Key: pc-canary");
    let (_, why) = added(&kit, "More refunds").await;
    assert!(why.starts_with("provider_auth_failed: "), "{why}");
    assert_eq!(rejected().await, 1);
}

#[tokio::test]
async fn one_that_is_busy_is_asked_again() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let busy =
        r#"{"code": 8, "message": "Reached the max upsert rate of the namespace", "details": []}"#;
    provider.refuse("/vectors/upsert", 429, busy);
    provider.refuse("/vectors/upsert", 503, "upstream connect error");
    assert_eq!(added(&kit, "Refunds").await.0, "ready");
    assert_eq!(asked(&provider, "/vectors/upsert").len(), 3);
}

/// The stand-in itself: what would be refused there must fail here.
#[tokio::test]
async fn the_stand_in_refuses_what_pinecone_refuses() {
    let provider = Provider::start().await;
    let good =
        json!({ "id": "a", "values": [0.1, 0.2, 0.3], "metadata": { "tags": ["x"], "n": 1 } });
    let upsert = |vectors: Value| json!({ "namespace": "t_1", "vectors": vectors });
    let changed = |field: &str, value: Value| {
        let mut vector = good.clone();
        vector[field] = value;
        upsert(json!([vector]))
    };
    let near = |more: Value| {
        let mut query = json!({ "namespace": "t_1", "topK": 3, "vector": [0.1, 0.2, 0.3] });
        query
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        query
    };
    let ids: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    for (path, body, status) in [
        ("/vectors/upsert", upsert(json!([good])), 200),
        ("/vectors/upsert", upsert(json!([])), 400),
        (
            "/vectors/upsert",
            upsert(Value::Array(vec![good.clone(); 1001])),
            400,
        ),
        ("/vectors/upsert", json!({ "vectors": [good] }), 400),
        ("/vectors/upsert", changed("id", json!("")), 400),
        (
            "/vectors/upsert",
            changed("id", json!("x".repeat(513))),
            400,
        ),
        ("/vectors/upsert", changed("values", json!([0.1])), 400),
        (
            "/vectors/upsert",
            changed("values", json!(["a", "b", "c"])),
            400,
        ),
        (
            "/vectors/upsert",
            changed("metadata", json!({ "a": null })),
            400,
        ),
        (
            "/vectors/upsert",
            changed("metadata", json!({ "a": { "b": 1 } })),
            400,
        ),
        (
            "/vectors/upsert",
            changed("metadata", json!({ "a": "x".repeat(41_000) })),
            400,
        ),
        ("/vectors/upsert", changed("score", json!(1)), 400),
        ("/query", near(json!({ "includeMetadata": true })), 200),
        ("/query", near(json!({ "topK": 0 })), 400),
        ("/query", near(json!({ "topK": 10_001 })), 400),
        ("/query", near(json!({ "id": "a" })), 400),
        ("/query", near(json!({ "namespace": "" })), 400),
        ("/query", near(json!({ "vector": [0.1] })), 400),
        ("/query", near(json!({ "top_k": 3 })), 400),
        (
            "/vectors/delete",
            json!({ "namespace": "t_1", "ids": ["a"] }),
            200,
        ),
        (
            "/vectors/delete",
            json!({ "namespace": "t_1", "ids": ids }),
            400,
        ),
        ("/vectors/delete", json!({ "namespace": "t_1" }), 400),
        (
            "/vectors/delete",
            json!({ "namespace": "t_1", "ids": ["a"], "deleteAll": true }),
            400,
        ),
        ("/describe_index_stats", json!({}), 200),
    ] {
        let said = provider.would_answer(path, &body, "2026-04");
        assert_eq!(
            said,
            status,
            "{path} {}",
            &body.to_string()[..body.to_string().len().min(200)]
        );
    }
    for version in ["", "2024-10"] {
        let body = near(json!({}));
        assert_eq!(provider.would_answer("/query", &body, version), 400);
    }
}
