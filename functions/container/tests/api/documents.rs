//! Documents: added, found, cited, deleted, and by whom.

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, U1};
use serde_json::{Value, json};
use uuid::Uuid;

const REFUNDS: &str = "A refund takes 5 working days.";

async fn ask(kit: &Kit, token: &str) -> Answer {
    let question = json!({ "message": "How long does a refund take?" });
    let asked = kit.post(token, "/chat", question).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    asked
}

async fn search(kit: &Kit, token: &str, body: Value) -> Vec<Value> {
    let found = kit.post(token, "/documents/search", body).await;
    assert_eq!(found.status, 200, "{}", found.text);
    found.json["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_document_is_listed_shown_and_found() {
    let kit = Kit::new().await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    let shipping = kit
        .add_document(ADMIN1, "Shipping", "Parcels leave on Mondays.")
        .await;
    let admin = kit.token(ADMIN1).await;
    let listed = kit.get(&admin, "/documents").await;
    assert_eq!(listed.json["items"][0]["id"], shipping.to_string());
    assert_eq!(listed.json["items"][1]["id"], id.to_string());
    assert_eq!(listed.json["next_cursor"], Value::Null);
    let shown = kit.get(&admin, &format!("/documents/{id}")).await;
    assert_eq!(shown.json, listed.json["items"][1]);
    assert_eq!(shown.json["status"], "ready");

    let found = search(&kit, &admin, json!({ "query": "refund" })).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["document_id"], id.to_string());
    assert_eq!(found[0]["snippet"], REFUNDS);
}

#[tokio::test]
async fn a_deleted_document_is_cited_no_more() {
    let kit = Kit::new().await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    let (admin, member) = (kit.token(ADMIN1).await, kit.token(U1).await);
    let before = ask(&kit, &member).await;
    assert_eq!(before.json["sources"][0]["document_id"], id.to_string());

    let path = format!("/documents/{id}");
    let gone = kit.delete(&admin, &path).await;
    assert_eq!((gone.status.as_u16(), &*gone.text), (204, ""));
    let after = ask(&kit, &member).await;
    assert_eq!(after.json["sources"], json!([]));
    assert!(
        !after.json["answer"]
            .as_str()
            .unwrap()
            .contains("5 working days")
    );
    assert!(
        search(&kit, &admin, json!({ "query": "refund" }))
            .await
            .is_empty()
    );
    assert_eq!(kit.get(&admin, &path).await.problem(404), "not_found");
    assert_eq!(kit.delete(&admin, &path).await.problem(404), "not_found");
}

#[tokio::test]
async fn members_search_but_do_not_manage() {
    let kit = Kit::new().await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    let member = kit.token(U1).await;
    assert_eq!(
        search(&kit, &member, json!({ "query": "refund" }))
            .await
            .len(),
        1
    );
    let path = format!("/documents/{id}");
    let body = json!({ "title": "T", "text": "t" });
    for answer in [
        kit.get(&member, "/documents").await,
        kit.get(&member, &path).await,
        kit.delete(&member, &path).await,
        kit.post(&member, "/documents", body).await,
    ] {
        assert_eq!(answer.problem(403), "forbidden");
    }
}

#[tokio::test]
async fn a_document_of_another_tenant_does_not_exist() {
    let kit = Kit::new().await;
    let id = kit.add_document(ADMIN1, "Refunds", REFUNDS).await;
    let foreign = kit.token(ADMIN2).await;
    let path = format!("/documents/{id}");
    assert_eq!(kit.get(&foreign, &path).await.problem(404), "not_found");
    assert_eq!(kit.delete(&foreign, &path).await.problem(404), "not_found");
    assert!(
        search(&kit, &foreign, json!({ "query": "refund" }))
            .await
            .is_empty()
    );
    let own = kit.token(ADMIN1).await;
    assert_eq!(kit.get(&own, &path).await.status, 200);
}

#[tokio::test]
async fn what_is_no_document_is_refused() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for (change, wrong) in [
        (json!({ "title": "" }), "title"),
        (json!({ "title": " \n " }), "title"),
        (json!({ "title": "t".repeat(301) }), "title"),
        (json!({ "text": "" }), "text"),
        (json!({ "text": " \n\t " }), "text"),
        (json!({ "source_url": "refunds.html" }), "source_url"),
        (json!({ "source_url": "javascript:alert(1)" }), "source_url"),
        (json!({ "source_url": "file:///etc/passwd" }), "source_url"),
        (
            json!({ "source_url": format!("https://a.example/{}", "a".repeat(2000)) }),
            "source_url",
        ),
        (json!({ "tenant_id": Uuid::nil() }), "tenant_id"),
        (json!({ "id": Uuid::nil() }), "id"),
        (json!({ "status": "ready" }), "status"),
    ] {
        let mut body = json!({ "title": "T", "text": "t" });
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let refused = kit.post(&admin, "/documents", body).await;
        assert_eq!(refused.fields(), [wrong], "{change}");
    }
    let listed = kit.get(&admin, "/documents").await;
    assert_eq!(listed.json["items"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused() {
    let kit = Kit::new().await;
    let member = kit.token(U1).await;
    for (body, wrong) in [
        (json!({ "query": "" }), "query"),
        (json!({ "query": "  " }), "query"),
        (json!({ "query": "x", "top_k": 0 }), "top_k"),
        (json!({ "query": "x", "top_k": 21 }), "top_k"),
        (json!({ "query": "x", "top_k": -1 }), "top_k"),
        (
            json!({ "query": "x", "tenant_id": Uuid::nil() }),
            "tenant_id",
        ),
        (json!({ "query": "x", "namespace": "t-2" }), "namespace"),
    ] {
        let refused = kit.post(&member, "/documents/search", body).await;
        assert_eq!(refused.fields(), [wrong]);
    }
    for odd in [
        "'",
        "a & | ! ( :* b",
        "the",
        "\\",
        "''; drop table users",
        "💥",
        "<b>",
    ] {
        search(&kit, &member, json!({ "query": odd })).await;
    }
}

#[tokio::test]
async fn as_many_passages_are_found_as_asked_for() {
    let kit = Kit::new().await;
    for n in 0..7 {
        kit.add_document(ADMIN1, &format!("Refunds {n}"), REFUNDS)
            .await;
    }
    let member = kit.token(U1).await;
    for (top_k, found) in [
        (json!(1), 1),
        (json!(6), 6),
        (json!(20), 7),
        (Value::Null, 5),
    ] {
        let body = json!({ "query": "refund", "top_k": top_k });
        assert_eq!(search(&kit, &member, body).await.len(), found, "{top_k}");
    }
}

/// Each took half a minute when what ends a sentence was looked for in the whole text.
#[tokio::test]
async fn a_text_that_is_no_prose_is_cut_like_any_other() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for odd in [". ", ")", ".", "a. 1) "] {
        let text = odd.repeat((63 << 10) / odd.len());
        let added = kit.post(
            &admin,
            "/documents",
            json!({ "title": "Odd", "text": text }),
        );
        assert_eq!(added.await.status, 202, "{odd}");
    }
    let apart = format!("a.{}b", " ".repeat(63 << 10));
    let added = kit.post(
        &admin,
        "/documents",
        json!({ "title": "Far apart", "text": apart }),
    );
    assert_eq!(added.await.status, 202);
    let blank = json!({ "title": "Nothing", "text": " ".repeat(63 << 10) });
    let refused = kit.post(&admin, "/documents", blank).await;
    assert_eq!(refused.fields(), ["text"]);
}

/// The passages that are stored of a document, in order.
async fn stored(kit: &Kit, document: Uuid) -> Vec<String> {
    let sql = "select text from parlance.document_chunks where document_id = $1 order by ordinal";
    let texts = sqlx::query_scalar(sql).bind(document).fetch_all(&kit.pool);
    texts.await.unwrap()
}

#[tokio::test]
async fn a_text_is_cut_alike_whatever_ends_its_lines() {
    let kit = Kit::new().await;
    let section = |name: &str| {
        let fact = |n| format!("{name} fact {n} is stated in this sentence.");
        let facts: Vec<String> = (0..10).map(fact).collect();
        format!("{name} heading\n{}", facts.join(" "))
    };
    let sections = ["Alpha", "Bravo", "Charlie", "Delta"].map(section);
    for (end, blank) in [
        ("\n", "\n\n"),
        ("\r\n", "\r\n\r\n"),
        ("\r", "\r\r"),
        ("\n", "\n \n"),
    ] {
        let text = sections.clone().map(|s| s.replace('\n', end)).join(blank);
        let id = kit
            .add_document(ADMIN1, &format!("{end:?} {blank:?}"), &text)
            .await;
        assert_eq!(stored(&kit, id).await, sections, "{end:?} {blank:?}");
    }
}

#[tokio::test]
async fn titles_and_snippets_end_between_characters() {
    let kit = Kit::new().await;
    let family = "👨\u{200d}👩\u{200d}👧";
    let text = format!("Refund {}{family} at last.", "x".repeat(229));
    kit.add_document(ADMIN1, "Refunds", &text).await;
    let member = kit.token(U1).await;
    let found = search(&kit, &member, json!({ "query": "refund" })).await;
    let snippet = format!("Refund {}…", "x".repeat(229));
    assert_eq!(found[0]["snippet"], snippet);

    let question = format!("{}e\u{301}x", "a".repeat(79));
    let asked = kit
        .post(&member, "/chat", json!({ "message": question }))
        .await;
    let session = format!("/chat/sessions/{}", asked.id("session_id"));
    let shown = kit.get(&member, &session).await;
    assert_eq!(shown.json["title"], "a".repeat(79));
}

#[tokio::test]
async fn a_long_document_is_taken_and_found() {
    let kit = Kit::new().await;
    let filler = "Parcels leave on Mondays and arrive when they arrive. ".repeat(35_000);
    let text = format!("{filler}\n\n{REFUNDS}");
    let id = kit.add_document(ADMIN1, "Everything", &text).await;
    let member = kit.token(U1).await;
    let found = search(&kit, &member, json!({ "query": "refund" })).await;
    assert_eq!(found[0]["document_id"], id.to_string());
    let all = stored(&kit, id).await.concat();
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    assert!(plain(&all) == plain(&text), "not a word is lost");
}
