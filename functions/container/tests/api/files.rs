//! Files: sent, read by a process of their own, found with page and heading, and had back.

mod formats;
mod later;

use crate::document_jobs::make_due;
use crate::kit::{
    ADMIN1, ADMIN2, Answer, Kit, U1,
    files::{docx, paragraph, pdf, pptx, xlsx},
    request,
};
use axum::body::Body;
use serde_json::{Value, json};
use uuid::Uuid;

/// Sends a file and has it read; its document.
async fn add(kit: &Kit, name: &str, content: &[u8]) -> Value {
    let token = kit.token(ADMIN1).await;
    let sent = kit
        .send_file(&token, ("POST", "/documents"), (name, content), &[])
        .await;
    assert_eq!(
        (sent.status.as_u16(), &sent.json["status"]),
        (202, &json!("pending")),
        "{}",
        sent.text
    );
    kit.work().await;
    shown(kit, sent.id("id")).await
}

async fn shown(kit: &Kit, id: Uuid) -> Value {
    let token = kit.token(ADMIN1).await;
    kit.get(&token, &format!("/documents/{id}")).await.json
}

/// The passages of a document: page, headings, text.
async fn passages(kit: &Kit, document: &Value) -> Vec<(Value, Value, String)> {
    let token = kit.token(ADMIN1).await;
    let id = document["id"].as_str().unwrap();
    let listed = kit
        .get(&token, &format!("/documents/{id}/chunks?limit=100"))
        .await;
    let items = listed.json["items"].as_array().unwrap().clone();
    let items = items.into_iter();
    items
        .map(|item| {
            (
                item["page"].clone(),
                item["heading"].clone(),
                item["text"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

async fn search(kit: &Kit, query: &str) -> Value {
    let user = kit.token(U1).await;
    let found = kit
        .post(&user, "/documents/search", json!({ "query": query }))
        .await;
    assert_eq!(found.status, 200, "{}", found.text);
    found.json["items"].clone()
}

async fn original(kit: &Kit, document: &Value) -> Answer {
    let token = kit.token(ADMIN1).await;
    let id = document["id"].as_str().unwrap();
    kit.get(&token, &format!("/documents/{id}/file")).await
}

#[tokio::test]
async fn what_a_form_says_beside_its_file_is_kept() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let fields = [
        ("title", "Hours"),
        ("language", "de"),
        ("source_url", "https://one.example/hours"),
        ("metadata", r#"{"shop": 1}"#),
    ];
    let file = ("../öffnung.txt", &b"Offen von 8 bis 12."[..]);
    let sent = kit
        .send_file(&token, ("POST", "/documents"), file, &fields)
        .await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    kit.work().await;
    let told = shown(&kit, sent.id("id")).await;
    assert_eq!(
        json!([
            told["title"],
            told["language"],
            told["source_url"],
            told["metadata"],
            told["file_name"],
            told["version"]
        ]),
        json!(["Hours", "de", "https://one.example/hours", { "shop": 1 }, "öffnung.txt", 1])
    );
    let back = original(&kit, &told).await;
    assert_eq!(
        back.header("content-disposition"),
        "attachment; filename*=UTF-8''%C3%B6ffnung.txt"
    );
    for (fields, wrong) in [
        (vec![("title", "a"), ("title", "b")], "title"),
        (vec![("language", "German")], "language"),
        (vec![("metadata", "{")], "metadata"),
        (vec![("metadata", "[1]")], "metadata"),
        (vec![("source_url", "file:///etc/passwd")], "source_url"),
        (vec![("tenant_id", "x")], "tenant_id"),
    ] {
        let refused = kit
            .send_file(&token, ("POST", "/documents"), file, &fields)
            .await;
        assert_eq!(refused.fields(), [wrong], "{fields:?}");
    }
    let empty = kit
        .send_file(&token, ("POST", "/documents"), ("a.txt", b""), &[])
        .await;
    assert_eq!(empty.fields(), ["file"]);
}

#[tokio::test]
async fn the_same_file_is_there_once_and_a_repeat_is_answered_alike() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let send = async |key: &str, content: &[u8]| {
        let (media_type, body) = crate::kit::files::form("Hours.txt", content, &[]);
        let request = request(&token, "POST", "/documents").header("content-type", media_type);
        let request = match key {
            "" => request,
            key => request.header("idempotency-key", key),
        };
        kit.send(request, Body::from(body)).await
    };
    let first = send("k1", b"Open from 8 to 12.").await;
    let again = send("k1", b"Open from 8 to 12.").await;
    assert_eq!(
        (again.status, &again.json),
        (first.status, &first.json),
        "{}",
        again.text
    );
    assert_eq!(
        send("k1", b"Open from 9 to 12.").await.problem(422),
        "idempotency_key_reused"
    );
    kit.work().await;
    let same = send("", b"Open from 8 to 12.").await;
    assert_eq!((same.status.as_u16(), same.id("id")), (200, first.id("id")));
    // Of somebody else it is another.
    let theirs = kit.token(ADMIN2).await;
    let sent = kit
        .send_file(
            &theirs,
            ("POST", "/documents"),
            ("Hours.txt", b"Open from 8 to 12."),
            &[],
        )
        .await;
    assert_eq!(sent.status, 202, "{}", sent.text);
}

#[tokio::test]
async fn passages_that_are_sent_stay_as_they_are() {
    let kit = Kit::new().await;
    let token = kit.token(ADMIN1).await;
    let long = "A long passage is cut. ".repeat(80);
    let chunks = json!([
        { "text": "Refunds take 5 days.", "page": 7, "heading": ["Money", "Refunds"] },
        { "text": "Short." },
        { "text": long, "page": 9 },
    ]);
    let sent = kit
        .post(
            &token,
            "/documents",
            json!({ "title": "Cut", "chunks": chunks }),
        )
        .await;
    assert_eq!(
        (sent.status.as_u16(), &sent.json["status"]),
        (202, &json!("ready")),
        "{}",
        sent.text
    );
    let document = shown(&kit, sent.id("id")).await;
    let told = passages(&kit, &document).await;
    assert_eq!(
        told[0],
        (
            json!(7),
            json!(["Money", "Refunds"]),
            "Refunds take 5 days.".to_owned()
        )
    );
    assert_eq!(told[1], (json!(null), json!([]), "Short.".to_owned()));
    assert_eq!((told.len(), &told[3].0), (4, &json!(9)));
    // A heading is found, too.
    assert_eq!(
        search(&kit, "money").await[0]["heading"],
        json!(["Money", "Refunds"])
    );
    for (body, wrong) in [
        (json!({ "title": "T" }), "text"),
        (
            json!({ "title": "T", "text": "t", "chunks": [{ "text": "t" }] }),
            "chunks",
        ),
        (json!({ "title": "T", "chunks": [] }), "text"),
        (json!({ "title": "T", "chunks": [{ "text": " " }] }), "text"),
        (
            json!({ "title": "T", "chunks": [{ "text": "t", "page": 0 }] }),
            "chunks",
        ),
        (
            json!({ "title": "T", "chunks": [{ "text": "t", "heading": vec!["h"; 11] }] }),
            "chunks",
        ),
    ] {
        assert_eq!(
            kit.post(&token, "/documents", body.clone()).await.fields(),
            [wrong],
            "{body}"
        );
    }
}
