//! Who makes vectors, and how often.

use crate::{
    kit::{ADMIN1, T1, U1, provider::Provider},
    vectors::{asked, give_index, indexed, titles},
};
use serde_json::{Value, json};

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
