//! Documents read, replaced and sent twice.

mod same;

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, Person, T1, U1, provider::Provider, request};
use crate::vectors::{asked, indexed};
use axum::body::Body;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

const REFUNDS: &str = "A refund takes 5 working days.";

async fn found(kit: &Kit, query: &str) -> Vec<String> {
    let token = kit.token(U1).await;
    let found = kit
        .post(&token, "/documents/search", json!({ "query": query }))
        .await;
    assert_eq!(found.status, 200, "{}", found.text);
    let items = found.json["items"].as_array().unwrap().iter();
    items
        .map(|item| item["snippet"].as_str().unwrap().to_owned())
        .collect()
}

async fn replace(kit: &Kit, admin: Person, id: Uuid, title: &str, text: &str) -> Answer {
    let token = kit.token(admin).await;
    let document = json!({ "title": title, "text": text });
    kit.put(&token, &format!("/documents/{id}"), document).await
}

async fn chunks(kit: &Kit, id: Uuid) -> Vec<Uuid> {
    let sql = "select id from parlance.document_chunks where document_id = $1 order by ordinal";
    let ids = sqlx::query_scalar(sql).bind(id).fetch_all(&kit.pool);
    ids.await.unwrap()
}

#[tokio::test]
async fn a_document_is_read_as_it_was_sent_and_as_it_is_cut() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let paragraph = |n| {
        format!(
            "Fact {n} is told in so many words. {}",
            "More of it follows. ".repeat(20)
        )
    };
    let text = format!(
        " \u{feff}{}\n",
        (1..=5).map(paragraph).collect::<Vec<_>>().join("\r\n\r\n")
    );
    let id = kit.add_document(ADMIN1, "Facts", &text).await;
    let told = kit.get(&admin, &format!("/documents/{id}/text")).await;
    assert_eq!((told.status.as_u16(), &*told.text), (200, &*text));
    assert_eq!(told.header("content-type"), "text/plain; charset=utf-8");
    let shown = kit.get(&admin, &format!("/documents/{id}")).await;
    let expected = json!([5, text.len(), 1]);
    assert_eq!(
        json!([
            shown.json["chunks"],
            shown.json["size"],
            shown.json["version"]
        ]),
        expected
    );

    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = kit
            .get(
                &admin,
                &format!("/documents/{id}/chunks?limit=2&cursor={cursor}"),
            )
            .await;
        assert_eq!(page.status, 200, "{}", page.text);
        read.extend(page.json["items"].as_array().unwrap().clone());
        match page.json["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let expected: Vec<Value> = (1..=5)
        .zip(chunks(&kit, id).await)
        .map(|(n, id)| json!({ "heading": [], "id": id, "ordinal": n, "page": null, "text": paragraph(n).trim() }))
        .collect();
    assert_eq!(
        json!(read).to_string().replace("\u{feff}", ""),
        json!(expected).to_string()
    );
    let other = kit.add_document(ADMIN1, "Others", REFUNDS).await;
    let refused = kit
        .get(
            &admin,
            &format!("/documents/{other}/chunks?cursor={cursor}"),
        )
        .await;
    assert_eq!(refused.fields(), ["cursor"]);
}

#[tokio::test]
async fn a_text_that_was_not_kept_is_put_together() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let text = format!("{}\n\n{}", "One sentence. ".repeat(30).trim(), REFUNDS);
    let id = kit.add_document(ADMIN1, "Before", &text).await;
    sqlx::query("delete from parlance.document_texts")
        .execute(&kit.pool)
        .await
        .unwrap();
    sqlx::query("update parlance.documents set size = null, hash = null")
        .execute(&kit.pool)
        .await
        .unwrap();
    let told = kit.get(&admin, &format!("/documents/{id}/text")).await;
    assert_eq!(told.text, text);
    let shown = kit.get(&admin, &format!("/documents/{id}")).await;
    assert_eq!(shown.json["size"], Value::Null);
}

#[tokio::test]
async fn a_document_is_replaced_as_a_whole() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let document = json!({
        "title": "Refunds", "text": REFUNDS, "language": "en", "source_url": "https://one.example/a", "metadata": { "a": 1 }
    });
    let id = kit.post(&admin, "/documents", document).await.id("id");
    let before = kit.get(&admin, &format!("/documents/{id}")).await;
    let replaced = replace(&kit, ADMIN1, id, "Money", "Money comes back after a week.").await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    assert_eq!(
        kit.get(&admin, &format!("/documents/{id}")).await.json,
        replaced.json
    );
    let expected = json!({
        "id": id, "title": "Money", "source_url": null, "language": null, "status": "ready", "error": null,
        "metadata": {}, "vectors": "none", "chunks": 1, "chunks_done": 0, "connector_id": null, "file_name": null, "groups": [], "media_type": null, "pages": null, "size": 30, "version": 2, "created_at": before.json["created_at"],
        "updated_at": replaced.json["updated_at"]
    });
    assert_eq!(replaced.json, expected);
    assert_ne!(replaced.json["updated_at"], before.json["updated_at"]);
    assert_eq!(
        found(&kit, "money").await,
        ["Money comes back after a week."]
    );
    assert!(found(&kit, "refund").await.is_empty());
    let told = kit.get(&admin, &format!("/documents/{id}/text")).await;
    assert_eq!(told.text, "Money comes back after a week.");
    let audit = kit.get(&admin, "/admin/audit").await;
    let rows = audit.json["items"].as_array().unwrap().iter();
    let deeds = rows.map(|row| row["action"].as_str().unwrap());
    let deeds: Vec<&str> = deeds.filter(|deed| deed.starts_with("document.")).collect();
    assert_eq!(deeds, ["document.replace", "document.create"]);
    // What it was may be added anew, and what it is not.
    assert_ne!(kit.add_document(ADMIN1, "Refunds", REFUNDS).await, id);
    assert_eq!(
        replace(&kit, ADMIN1, id, "Refunds", REFUNDS)
            .await
            .problem(409),
        "document_exists"
    );
    assert_eq!(
        kit.get(&admin, &format!("/documents/{id}")).await.json,
        expected
    );
    assert_eq!(
        replace(&kit, ADMIN1, id, "", "Text.").await.fields(),
        ["title"]
    );
    assert_eq!(
        replace(&kit, ADMIN1, id, "Title", " \n").await.fields(),
        ["text"]
    );
}

#[tokio::test] // R25
async fn a_document_of_somebody_else_is_not_replaced() {
    let kit = Kit::new().await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    assert_eq!(
        replace(&kit, ADMIN2, id, "Mine", "Mine now.")
            .await
            .problem(404),
        "not_found"
    );
    assert_eq!(
        replace(&kit, U1, id, "Mine", "Mine now.")
            .await
            .problem(403),
        "forbidden"
    );
    assert_eq!(found(&kit, "refund").await, [REFUNDS]);
    // The same text is there once for each tenant.
    let token = kit.token(ADMIN2).await;
    let same = kit
        .post(
            &token,
            "/documents",
            json!({ "title": "Refunds", "text": REFUNDS }),
        )
        .await;
    assert_eq!(same.status, 202, "{}", same.text);
    assert_ne!(same.id("id"), id);
}

#[tokio::test]
async fn with_an_index_the_old_vectors_go_when_the_new_ones_are_there() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    let old = chunks(&kit, id).await;
    let replaced = replace(&kit, ADMIN1, id, "Refunds", "A refund takes 7 days.").await;
    assert_eq!(replaced.json["status"], "ready", "{}", replaced.text);
    kit.work().await;
    let new = chunks(&kit, id).await;
    assert_ne!(new, old);
    let upserts = asked(&provider, "/vectors/upsert");
    assert_eq!(
        upserts.last().unwrap().body["vectors"][0]["id"],
        new[0].to_string()
    );
    let deletes = asked(&provider, "/vectors/delete");
    let expected = json!({ "namespace": format!("t_{}", T1.simple()), "ids": old });
    assert_eq!(
        deletes.iter().map(|d| &d.body).collect::<Vec<_>>(),
        [&expected]
    );
}

#[tokio::test]
async fn a_version_is_found_before_its_vectors_are_made() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    kit.add_document(ADMIN1, "Other", "Another text.").await;
    let refused = replace(&kit, ADMIN1, id, "Other", "Another text.").await;
    assert_eq!(refused.problem(409), "document_exists");
    assert_eq!(found(&kit, "refund").await, [REFUNDS]);
    // Nothing answers.
    provider.fail_vectors();
    let replaced = replace(&kit, ADMIN1, id, "Refunds", "A refund takes 7 days.").await;
    assert_eq!(
        (&replaced.json["status"], &replaced.json["vectors"]),
        (&json!("ready"), &json!("pending"))
    );
    kit.work().await;
    assert_eq!(found(&kit, "refund").await, ["A refund takes 7 days."]);
}
