//! A tenant's vector index: its documents go there under its own name, and answers draw on it beside full text.

use crate::kit::{
    ADMIN1, ADMIN2, Kit, Person, T1, T2, U1, V1,
    provider::{Asked, Provider},
};
use serde_json::{Value, json};
use uuid::Uuid;

const KEYS: [(&str, &str); 2] = [
    ("openai", "sk-canary-openai-one"),
    ("pinecone", "pc-canary-pinecone-one"),
];

/// A service whose first tenant has an index.
pub(crate) async fn indexed(provider: &Provider) -> Kit {
    let kit = provider.kit([]).await;
    give_index(&kit, ADMIN1).await;
    kit
}

/// Gives a tenant keys and an index; the token that did it.
pub(crate) async fn give_index(kit: &Kit, admin: Person) -> String {
    let token = kit.token(admin).await;
    for (name, key) in KEYS {
        let path = format!("/tenants/current/secrets/{name}");
        let set = kit.put(&token, &path, json!({ "api_key": key })).await;
        assert_eq!(set.status, 204, "{}", set.text);
    }
    let settings = json!({ "pinecone": { "index": "knowledge" } });
    let changed = kit.patch(&token, "/tenants/current", settings).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    token
}

/// The id of a document's only passage, which is also its vector's.
async fn chunk(kit: &Kit, document: Uuid) -> String {
    let sql = "select id from parlance.document_chunks where document_id = $1";
    let id: Uuid = sqlx::query_scalar(sql)
        .bind(document)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    id.to_string()
}

pub(crate) fn asked(provider: &Provider, path: &str) -> Vec<Asked> {
    let all = provider.asked().into_iter();
    all.filter(|a| a.path == path).collect()
}

/// The titles of what an answer was given to draw on, best first.
pub(crate) async fn titles(kit: &Kit, who: Person, message: &str) -> Vec<String> {
    let token = kit.token(who).await;
    let answer = kit.post(&token, "/chat", json!({ "message": message }));
    let answer = answer.await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sources = answer.json["sources"].as_array().unwrap().iter();
    sources
        .map(|s| s["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_document_is_embedded_and_stored_under_the_tenant_s_name() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let text = "A refund takes 5 working days.";
    let document = kit.add_document(ADMIN1, "Refunds", text).await;
    let token = kit.token(ADMIN1).await;
    let shown = kit.get(&token, &format!("/documents/{document}")).await;
    assert_eq!(shown.json["status"], "ready");

    let [(_, openai), (_, pinecone)] = KEYS;
    let embedded = &asked(&provider, "/openai/v1/embeddings")[0];
    assert_eq!(embedded.authorization, format!("Bearer {openai}"));
    assert_eq!(embedded.body["input"], json!([format!("Refunds\n{text}")]));
    assert_eq!(embedded.body["model"], "text-embedding-3-small");
    assert_eq!(asked(&provider, "/indexes/knowledge")[0].api_key, pinecone);
    let stored = &asked(&provider, "/vectors/upsert")[0];
    assert_eq!(
        (stored.api_key.as_str(), stored.authorization.as_str()),
        (pinecone, "")
    );
    assert_eq!(stored.body["namespace"], format!("t_{}", T1.simple()));
    let chunk = chunk(&kit, document).await;
    let vectors = json!([{
        "id": chunk, "values": [0.1, 0.2, 0.3],
        "metadata": { "tenant_id": T1, "document_id": document, "chunk_id": chunk }
    }]);
    let same = |a: &Value, b: &Value| a["id"] == b["id"] && a["metadata"] == b["metadata"];
    assert!(
        same(&stored.body["vectors"][0], &vectors[0]),
        "{}",
        stored.body
    );
    assert!(
        !stored.body.to_string().contains("refund"),
        "texts stay in the database"
    );
}

#[tokio::test]
async fn an_index_is_used_from_the_moment_it_is_set() {
    let provider = Provider::start().await;
    let kit = provider.kit([]).await;
    // The service remembers for seconds what this login's tenant was like before.
    let token = give_index(&kit, ADMIN1).await;
    let text = json!({ "title": "Refunds", "text": "A refund takes 5 days." });
    let added = kit.post(&token, "/documents", text).await;
    assert_eq!(added.json["status"], "ready", "{}", added.text);
    kit.work().await;
    assert_eq!(asked(&provider, "/vectors/upsert").len(), 1);
}

#[tokio::test] // R43
async fn tenants_that_share_the_deployment_s_index_share_no_namespace() {
    let provider = Provider::start().await;
    let vars = [
        ("OPENAI_API_KEY", "sk-deployment"),
        ("PINECONE_API_KEY", "pc-deployment"),
        ("INDEX_NAME", "shared"),
    ];
    let kit = provider.kit(vars).await;
    let one = kit
        .add_document(ADMIN1, "One", "A refund takes 5 days.")
        .await;
    let two = kit
        .add_document(ADMIN2, "Two", "A refund takes 7 days.")
        .await;
    let found = [(chunk(&kit, one).await, T1), (chunk(&kit, two).await, T2)];
    // The index breaks its promise and finds both for everybody.
    provider.find(&found.map(|(id, tenant)| (id, tenant.to_string(), 0.9)));
    assert_eq!(titles(&kit, U1, "Geld zurück?").await, ["One"]);
    assert_eq!(titles(&kit, V1, "Geld zurück?").await, ["Two"]);
    for path in ["/vectors/upsert", "/query"] {
        let asked = asked(&provider, path);
        let namespaces: Vec<&Value> = asked.iter().map(|a| &a.body["namespace"]).collect();
        let own = [T1, T2].map(|t| json!(format!("t_{}", t.simple())));
        assert_eq!(namespaces, own.each_ref(), "{path}");
        assert!(asked.iter().all(|a| a.api_key == "pc-deployment"));
    }
}

#[tokio::test]
async fn what_only_the_index_finds_is_cited_too() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let text = kit
        .add_document(ADMIN1, "By text", "A refund takes 5 working days.")
        .await;
    let both = kit
        .add_document(
            ADMIN1,
            "By both",
            "Refunds are asked for by mail within some days, and take an address.",
        )
        .await;
    let vector = kit
        .add_document(ADMIN1, "By vector", "Money comes back in a week.")
        .await;
    let question = "How is a refund in days?";
    assert_eq!(titles(&kit, U1, question).await, ["By text", "By both"]);

    let found = [
        (chunk(&kit, vector).await, 0.9),
        (chunk(&kit, both).await, 0.88),
    ];
    provider.find(&found.map(|(id, score)| (id, T1.to_string(), score)));
    let titles = titles(&kit, U1, question).await;
    assert_eq!(titles[0], "By both", "what both find is best: {titles:?}");
    assert_eq!(titles.len(), 3, "{titles:?}");
    let query = asked(&provider, "/query").pop().unwrap();
    assert_eq!(query.body["namespace"], format!("t_{}", T1.simple()));
    assert_eq!(query.body["includeMetadata"], true);
    let told = provider.chats().pop().unwrap().body.to_string();
    assert!(told.contains("Money comes back in a week."), "{told}");
    assert!(told.contains("5 working days"), "{told} of {text}");
}

#[tokio::test] // R43
async fn a_match_that_is_not_the_tenant_s_finds_nothing() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let own = kit
        .add_document(ADMIN1, "Own", "Money comes back in a week.")
        .await;
    let foreign = kit
        .add_document(ADMIN2, "Foreign", "Their canary of a text.")
        .await;
    let (own, foreign) = (chunk(&kit, own).await, chunk(&kit, foreign).await);
    provider.find(&[
        (foreign.clone(), T2.to_string(), 0.99),
        // Even under the tenant's own name, it is not the tenant's in the database.
        (foreign, T1.to_string(), 0.98),
        // And its own, under a foreign name, is not believed.
        (own.clone(), T2.to_string(), 0.97),
        ("no id".to_owned(), T1.to_string(), 0.96),
        (Uuid::now_v7().to_string(), T1.to_string(), 0.95),
    ]);
    assert!(titles(&kit, U1, "Quand?").await.is_empty());
    let told = provider.chats().pop().unwrap().body.to_string();
    assert!(!told.contains("canary"), "{told}");
    // Below the tenant's least score, a match is none.
    provider.find(&[(own.clone(), T1.to_string(), 0.1)]);
    assert!(titles(&kit, U1, "Quand?").await.is_empty());
    provider.find(&[(own, T1.to_string(), 0.9)]);
    assert_eq!(titles(&kit, U1, "Quand?").await, ["Own"]);
}

#[tokio::test]
async fn without_the_index_full_text_must_do() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    provider.fail_vectors();
    assert_eq!(
        titles(&kit, U1, "How long does a refund take?").await,
        ["Refunds"]
    );
}

#[tokio::test]
async fn a_document_that_cannot_be_embedded_says_why() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    provider.fail_vectors();
    let token = kit.token(ADMIN1).await;
    let text = json!({ "title": "Refunds", "text": "A refund takes 5 working days." });
    let added = kit.post(&token, "/documents", text).await;
    assert_eq!(added.status, 202, "{}", added.text);
    kit.work().await;
    let shown = kit
        .get(&token, &format!("/documents/{}", added.id("id")))
        .await;
    assert_eq!(
        (&shown.json["status"], &shown.json["vectors"]),
        (&json!("ready"), &json!("pending"))
    );
    let reason = shown.json["error"].as_str().unwrap();
    assert!(reason.starts_with("provider_unavailable: "), "{reason}");
    // Full text has it all the same.
    assert_eq!(
        titles(&kit, U1, "How long does a refund take?").await,
        ["Refunds"]
    );
}

#[tokio::test]
async fn a_deleted_document_takes_its_vectors_with_it() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let document = kit
        .add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    let chunk = chunk(&kit, document).await;
    provider.find(&[(chunk.clone(), T1.to_string(), 0.9)]);
    let token = kit.token(ADMIN1).await;
    let path = format!("/documents/{document}");
    assert_eq!(kit.delete(&token, &path).await.status, 204);
    kit.work().await;
    let deleted = &asked(&provider, "/vectors/delete")[0];
    let expected = json!({ "namespace": format!("t_{}", T1.simple()), "ids": [chunk] });
    assert_eq!(deleted.body, expected);
    // The index still finds it, but nobody is told.
    assert!(
        titles(&kit, U1, "How long does a refund take?")
            .await
            .is_empty()
    );

    let document = kit
        .add_document(ADMIN1, "Refunds", "A refund takes 5 days.")
        .await;
    provider.fail_vectors();
    let path = format!("/documents/{document}");
    assert_eq!(kit.delete(&token, &path).await.status, 204);
}
