//! Who makes vectors, and how often.

use crate::{
    document_jobs::make_due,
    kit::{ADMIN1, Kit, T1, U1, provider::Provider},
    vectors::{asked, give_index, indexed, titles},
};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn a_passage_that_stays_the_same_is_embedded_once() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let same = "A refund takes 5 working days. ".repeat(40);
    let text = |last: &str| format!("{same}\n\n{last}");
    let first = text("Ask by mail.");
    let document = kit.add_document(ADMIN1, "Refunds", &first).await;
    let token = kit.token(ADMIN1).await;
    let second = json!({ "title": "Refunds", "text": text("Ask by telephone.") });
    let path = format!("/documents/{document}");
    let replaced = kit.put(&token, &path, second).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    kit.work().await;
    let sent: Vec<String> = asked(&provider, "/openai/v1/embeddings")
        .iter()
        .flat_map(|asked| asked.body["input"].as_array().unwrap().clone())
        .map(|text| text.as_str().unwrap().to_owned())
        .collect();
    let times = |last: &str| sent.iter().filter(|text| text.contains(last)).count();
    assert_eq!(
        (times("by mail"), times("by telephone")),
        (1, 1),
        "{sent:?}"
    );
    let unchanged = sent.iter().filter(|text| !text.contains("Ask")).count();
    assert_eq!(unchanged, 1, "{sent:?}");
    // The new version has all its vectors.
    let stored = asked(&provider, "/vectors/upsert").pop().unwrap();
    assert_eq!(stored.body["vectors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn vectors_can_be_turned_off_and_made_elsewhere() {
    let provider = Provider::start().await;
    let local = format!(
        r#"{{"own": {{"preset": "ollama", "default_model": "llama", "base_url": "http://{}/own/v1/"}}}}"#,
        provider.address
    );
    let kit = provider.kit([("ENDPOINTS", &*local)]).await;
    let token = give_index(&kit, ADMIN1).await;
    let set = async |settings: Value, status: u16| {
        let changed = kit.patch(&token, "/tenants/current", settings).await;
        assert_eq!(changed.status, status, "{}", changed.text);
    };
    set(json!({ "retrieval": { "vectors": "none" } }), 200).await;
    kit.add_document(ADMIN1, "One", "A refund takes 5 days.")
        .await;
    titles(&kit, U1, "How long does a refund take?").await;
    assert!(asked(&provider, "/openai/v1/embeddings").is_empty());
    // A server that needs no key, with a model of its own.
    set(
        json!({ "embedding_provider": "own", "retrieval": { "vectors": null } }),
        422,
    )
    .await;
    set(
        json!({ "embedding_provider": "nobody", "embedding_model": "bge-m3" }),
        422,
    )
    .await;
    let own = json!({ "embedding_provider": "own", "embedding_model": "bge-m3", "retrieval": { "vectors": "pinecone" } });
    set(own, 200).await;
    kit.add_document(ADMIN1, "Two", "A refund takes 7 days.")
        .await;
    let embedded = asked(&provider, "/own/v1/embeddings").pop().unwrap();
    assert_eq!(
        (&*embedded.authorization, &embedded.body["model"]),
        ("", &json!("bge-m3"))
    );
    // What was there before has vectors now, too.
    let stored = asked(&provider, "/vectors/upsert");
    let stored = stored
        .iter()
        .filter(|asked| asked.body["namespace"] == format!("t_{}", T1.simple()));
    assert_eq!(stored.count(), 2);
}

/// A document whose vectors were refused for good, of a tenant whose other document has its own.
async fn with_one_that_failed(provider: &Provider) -> (Kit, String, [Uuid; 2]) {
    let kit = indexed(provider).await;
    let token = kit.token(ADMIN1).await;
    let well = kit
        .add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    provider.refuse_vectors(401, None);
    let failed = kit
        .add_document(ADMIN1, "Walrus", "A walrus has two tusks.")
        .await;
    provider.heal_vectors();
    assert_eq!(vectors(&kit, &token, failed).await, "failed");
    (kit, token, [well, failed])
}

async fn vectors(kit: &Kit, token: &str, document: Uuid) -> Value {
    let shown = kit.get(token, &format!("/documents/{document}")).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    shown.json["vectors"].clone()
}

#[tokio::test]
async fn what_was_given_up_is_made_by_another_model() {
    let provider = Provider::start().await;
    let (kit, token, documents) = with_one_that_failed(&provider).await;
    let other = json!({ "embedding_provider": "openai", "embedding_model": "another" });
    let changed = kit.patch(&token, "/tenants/current", other).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    kit.work().await;
    for document in documents {
        assert_eq!(vectors(&kit, &token, document).await, "ready");
    }
    assert_eq!(serving(&kit).await, 1);
}

#[tokio::test]
async fn vectors_serve_although_those_of_the_last_document_cannot_be_made() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let token = kit.token(ADMIN1).await;
    for title in ["One", "Two"] {
        kit.add_document(ADMIN1, title, &format!("{title} takes 5 days."))
            .await;
    }
    provider.means("Two", &[1.0, 0.0]);
    let other = json!({ "embedding_provider": "openai", "embedding_model": "another" });
    let changed = kit.patch(&token, "/tenants/current", other).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let last =
        "update parlance.jobs j set run_at = now() + interval '1 hour' from parlance.documents d
        where d.id = j.document_id and d.title = 'Two'";
    sqlx::query(last).execute(&kit.pool).await.unwrap();
    kit.work().await;
    assert_eq!(serving(&kit).await, 0, "one is still to come");
    make_due(&kit).await;
    kit.work().await;
    assert_eq!(serving(&kit).await, 1);
}

/// Whether the vectors of the other model are asked.
async fn serving(kit: &Kit) -> i64 {
    let sql = "select count(*) from parlance.embedding_sets where model = 'another' and state = 'serving'";
    sqlx::query_scalar(sql).fetch_one(&kit.pool).await.unwrap()
}

#[tokio::test]
async fn a_new_key_has_those_tried_again_that_failed() {
    let provider = Provider::start().await;
    let (kit, token, documents) = with_one_that_failed(&provider).await;
    let path = "/tenants/current/secrets/openai";
    let set = kit
        .put(&token, path, json!({ "api_key": "sk-that-works" }))
        .await;
    assert_eq!(set.status, 204, "{}", set.text);
    kit.work().await;
    for document in documents {
        assert_eq!(vectors(&kit, &token, document).await, "ready");
    }
}

#[tokio::test]
async fn vectors_of_a_wrong_length_are_not_remembered() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let token = kit.token(ADMIN1).await;
    provider.means("walrus", &[1.0, 0.0]);
    let document = kit
        .add_document(ADMIN1, "Walrus", "A walrus has two tusks.")
        .await;
    assert_eq!(vectors(&kit, &token, document).await, "failed");
    provider.means("walrus", &[1.0, 0.0, 0.0]);
    let retried = kit
        .post(&token, &format!("/documents/{document}/retry"), json!({}))
        .await;
    assert_eq!(retried.status, 202, "{}", retried.text);
    kit.work().await;
    assert_eq!(vectors(&kit, &token, document).await, "ready");
}
