//! What is told beside documents, and what is searched by it.

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, Person, T1, U1, V1, provider::Provider, request};
use crate::vectors::indexed;
use axum::body::Body;
use serde_json::{Value, json};
use uuid::Uuid;

async fn add(kit: &Kit, admin: Person, title: &str, metadata: Value) -> Answer {
    let token = kit.token(admin).await;
    let text = format!("{title}: a refund takes 5 working days.");
    let document = json!({ "title": title, "text": text, "metadata": metadata });
    kit.post(&token, "/documents", document).await
}

async fn titles(kit: &Kit, person: Person, metadata: Value) -> Vec<String> {
    let token = kit.token(person).await;
    let query = json!({ "query": "How long does a refund take?", "top_k": 20, "filter": { "metadata": metadata } });
    let found = kit.post(&token, "/documents/search", query).await;
    assert_eq!(found.status, 200, "{}", found.text);
    sorted(&found.json["items"])
}

async fn cited(kit: &Kit, question: Value) -> Vec<String> {
    let token = kit.token(U1).await;
    let answer = kit.post(&token, "/chat", question).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    sorted(&answer.json["sources"])
}

fn sorted(found: &Value) -> Vec<String> {
    let titles = found
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["title"].as_str().unwrap().to_owned());
    let mut titles: Vec<String> = titles.collect();
    titles.sort();
    titles
}

#[tokio::test]
async fn metadata_are_shown_as_they_were_sent() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let metadata = json!({ "product": "a", "year": 2026, "public": true, "tags": ["x", 1, false], "none": [], "": "ä" });
    let added = add(&kit, ADMIN1, "One", metadata.clone()).await;
    let shown = kit
        .get(&token, &format!("/documents/{}", added.id("id")))
        .await;
    assert_eq!(shown.json["metadata"], metadata);
    let without = add(&kit, ADMIN1, "Two", Value::Null).await;
    let listed = kit.get(&token, "/documents").await;
    assert_eq!(listed.id_at("/items/0/id"), without.id("id"));
    assert_eq!(listed.json["items"][0]["metadata"], json!({}));
    for wrong in [
        json!({ "a": null }),
        json!({ "a": { "b": 1 } }),
        json!({ "a": [[1]] }),
        json!({ "a": [null] }),
        json!({ "a": "x".repeat(4096) }),
        json!({ "a": vec![1e300; 20] }),
        json!([1]),
        json!("text"),
    ] {
        let refused = add(&kit, ADMIN1, "Three", wrong.clone()).await;
        assert_eq!(refused.status, 422, "{wrong}: {}", refused.text);
        assert!(
            refused.fields()[0].starts_with("metadata"),
            "{}",
            refused.text
        );
    }
}

#[tokio::test]
async fn a_filter_leaves_out_what_does_not_fit() {
    let kit = Kit::new().await;
    for (title, metadata) in [
        ("A", json!({ "product": "a", "year": 2025, "public": true })),
        (
            "B",
            json!({ "product": "b", "year": 2026, "public": false }),
        ),
        ("AB", json!({ "product": ["a", "b"], "year": 2026.0 })),
        ("None", Value::Null),
    ] {
        assert_eq!(add(&kit, ADMIN1, title, metadata).await.status, 202);
    }
    add(&kit, ADMIN2, "Theirs", json!({ "product": "a" })).await;
    for (filter, expected) in [
        (json!({}), &["A", "AB", "B", "None"][..]),
        (Value::Null, &["A", "AB", "B", "None"]),
        (json!({ "product": "a" }), &["A", "AB"]),
        (json!({ "product": ["a", "b"] }), &["A", "AB", "B"]),
        (json!({ "product": ["c", "b"], "year": 2026 }), &["AB", "B"]),
        (json!({ "public": false }), &["B"]),
        (json!({ "public": [true, false] }), &["A", "B"]),
        (json!({ "product": "a", "public": false }), &[]),
        (json!({ "product": "A" }), &[]),
        (json!({ "year": "2026" }), &[]),
        (json!({ "nothing": "a" }), &[]),
        (json!({ "product' or true --": "%" }), &[]),
    ] {
        assert_eq!(titles(&kit, U1, filter.clone()).await, expected, "{filter}");
        let question =
            json!({ "message": "How long does a refund take?", "filter": { "metadata": filter } });
        assert_eq!(cited(&kit, question).await, expected, "{filter}");
    }
    assert_eq!(
        titles(&kit, V1, json!({ "product": "a" })).await,
        ["Theirs"]
    );
}

#[tokio::test]
async fn a_filter_says_what_it_may_not_hold() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let many: serde_json::Map<String, Value> = (0..9).map(|n| (n.to_string(), json!(1))).collect();
    for (filter, field) in [
        (json!({ "metadata": { "a": null } }), "filter.metadata"),
        (json!({ "metadata": { "a": [] } }), "filter.metadata"),
        (json!({ "metadata": { "a": [[1]] } }), "filter.metadata"),
        (
            json!({ "metadata": { "a": { "$ne": 1 } } }),
            "filter.metadata",
        ),
        (
            json!({ "metadata": { "a": vec![1; 33] } }),
            "filter.metadata",
        ),
        (
            json!({ "metadata": { "a": "x".repeat(4096) } }),
            "filter.metadata",
        ),
        (json!({ "metadata": many }), "filter.metadata"),
        (json!({ "metadata": 1 }), "filter.metadata"),
        (json!({ "title": "a" }), "filter.title"),
    ] {
        for (path, what) in [("/documents/search", "query"), ("/chat", "message")] {
            let asked = json!({ what: "How long?", "filter": filter });
            let refused = kit.post(&token, path, asked).await;
            assert_eq!(refused.fields(), [field], "{path} {filter}");
        }
    }
    let sessions = kit.get(&token, "/chat/sessions").await;
    assert_eq!(sessions.json["items"], json!([]), "nothing was asked");
}

/// The words that most passages have are not read of all of them; those that a filter allows are found nevertheless.
#[tokio::test]
async fn a_filter_finds_few_among_many() {
    let kit = Kit::new().await;
    add(&kit, ADMIN1, "Needle", json!({ "product": "a" })).await;
    let fill = "insert into parlance.documents (tenant_id, id, title, status, created_by, metadata)
                select $1, gen_random_uuid(), 'Hay', 'ready', $2, '{\"product\": \"b\"}' from generate_series(1, 5000)";
    let of_all = [
        "insert into parlance.document_chunks (tenant_id, id, document_id, ordinal, text, words)
         select tenant_id, gen_random_uuid(), id, 1, 'refund take working days ' || id, 4 from parlance.documents where title = 'Hay'",
        "insert into parlance.document_words (tenant_id, lexeme, document_id, ordinals, counts)
         select tenant_id, l, id, '{1}', '{9}' from parlance.documents, unnest('{refund,take,long,work,day}'::text[]) l
         where title = 'Hay'",
        "update parlance.documents set chunks = 1, words = 4 where title = 'Hay'",
        // As the server does by itself, a minute later.
        "analyze parlance.documents, parlance.document_chunks, parlance.document_words",
    ];
    let filled = sqlx::query(fill)
        .bind(T1)
        .bind(ADMIN1.id)
        .execute(&kit.pool);
    filled.await.unwrap();
    for sql in of_all {
        sqlx::query(sql).execute(&kit.pool).await.unwrap();
    }
    assert_eq!(
        titles(&kit, U1, json!({ "product": "a" })).await,
        ["Needle"]
    );
    assert_eq!(
        titles(&kit, U1, json!({ "product": "b" })).await,
        ["Hay"; 20]
    );
}

#[tokio::test]
async fn what_the_vector_index_finds_is_filtered_too() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let mut vectors = Vec::new();
    for (title, product) in [("A", "a"), ("B", "b")] {
        let added = add(&kit, ADMIN1, title, json!({ "product": product })).await;
        let sql = "select id from parlance.document_chunks where document_id = $1";
        let chunk = sqlx::query_scalar::<_, Uuid>(sql).bind(added.id("id"));
        let chunk = chunk.fetch_one(&kit.pool).await.unwrap();
        vectors.push((chunk.to_string(), T1.to_string(), 0.9));
    }
    provider.find(&vectors);
    let ask = |filter: Value| json!({ "message": "Quand?", "filter": filter });
    assert_eq!(cited(&kit, ask(Value::Null)).await, ["A", "B"]);
    let filter = json!({ "metadata": { "product": "b" } });
    assert_eq!(cited(&kit, ask(filter)).await, ["B"]);
    let filter = json!({ "metadata": { "product": "c" } });
    assert!(cited(&kit, ask(filter)).await.is_empty());
}

#[tokio::test]
async fn a_question_with_another_filter_is_another_question() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let ask = async |product: &str| {
        let question =
            json!({ "message": "How long?", "filter": { "metadata": { "product": product } } });
        let asked = request(&token, "POST", "/chat")
            .header("idempotency-key", "q1")
            .header("content-type", "application/json");
        kit.send(asked, Body::from(question.to_string())).await
    };
    let first = ask("a").await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(ask("a").await.json["message_id"], first.json["message_id"]);
    assert_eq!(ask("b").await.problem(422), "idempotency_key_reused");
}
