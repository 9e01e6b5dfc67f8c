//! Conversations: listed, shown, renamed, deleted, and one's own only.

use crate::kit::{Kit, U1, U2, V1};
use serde_json::{Value, json};
use uuid::Uuid;

/// Starts a conversation; its id.
async fn begin(kit: &Kit, token: &str, message: &str) -> Uuid {
    let asked = kit.post(token, "/chat", json!({ "message": message }));
    asked.await.id("session_id")
}

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list has items");
    let id = |item: &Value| item["id"].as_str().expect("an item has an id").to_owned();
    items.iter().map(id).collect()
}

#[tokio::test]
async fn are_listed_newest_first_and_page_by_page() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let mut begun = Vec::new();
    for n in 0..5 {
        begun.push(
            begin(&kit, &token, &format!("Question {n}?"))
                .await
                .to_string(),
        );
    }
    begun.reverse();
    let all = kit.get(&token, "/chat/sessions").await.json;
    assert_eq!(ids(&all), begun);
    assert_eq!(all["next_cursor"], Value::Null);
    assert_eq!(all["items"][0]["title"], "Question 4?");

    let mut seen = Vec::new();
    let mut cursor = String::new();
    for size in [2, 2, 1] {
        let page = kit
            .get(&token, &format!("/chat/sessions?limit=2{cursor}"))
            .await;
        assert_eq!(ids(&page.json).len(), size);
        seen.extend(ids(&page.json));
        let next = page.json["next_cursor"].as_str();
        cursor = next.map_or(String::new(), |next| format!("&cursor={next}"));
    }
    assert_eq!(seen, begun);
    assert_eq!(cursor, "", "the last page says that it is the last");
}

#[tokio::test]
async fn messages_are_listed_oldest_first_and_page_by_page() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let session = begin(&kit, &token, "Question 0?").await;
    for n in 1..3 {
        let body = json!({ "message": format!("Question {n}?"), "session_id": session });
        assert_eq!(kit.post(&token, "/chat", body).await.status, 200);
    }
    let path = format!("/chat/sessions/{session}/messages");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..2 {
        let page = kit.get(&token, &format!("{path}?limit=3{cursor}")).await;
        for item in page.json["items"].as_array().unwrap() {
            seen.push((item["role"].clone(), item["content"].clone()));
        }
        let next = page.json["next_cursor"].as_str();
        cursor = next.map_or(String::new(), |next| format!("&cursor={next}"));
    }
    assert_eq!((seen.len(), cursor.as_str()), (6, ""));
    for (n, (role, content)) in seen.iter().enumerate() {
        let asked = n % 2 == 0;
        assert_eq!(role, if asked { "user" } else { "assistant" });
        assert_eq!(asked, *content == format!("Question {}?", n / 2));
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let one = begin(&kit, &token, "One?").await;
    let two = begin(&kit, &token, "Two?").await;
    let list = kit.get(&token, "/chat/sessions?limit=1").await;
    let of_sessions = list.json["next_cursor"].as_str().unwrap().to_owned();
    let of_one = format!("/chat/sessions/{one}/messages?limit=1");
    let of_one = kit.get(&token, &of_one).await.json["next_cursor"].clone();
    let of_one = of_one.as_str().unwrap();
    for (path, field) in [
        ("/chat/sessions?limit=0".to_owned(), "limit"),
        ("/chat/sessions?limit=101".to_owned(), "limit"),
        ("/chat/sessions?cursor=x".to_owned(), "cursor"),
        (format!("/chat/sessions?cursor={of_one}"), "cursor"),
        (
            format!("/chat/sessions/{two}/messages?cursor={of_one}"),
            "cursor",
        ),
        (
            format!("/chat/sessions/{one}/messages?cursor={of_sessions}"),
            "cursor",
        ),
    ] {
        assert_eq!(kit.get(&token, &path).await.fields(), [field], "{path}");
    }
    // A cursor is its tenant's.
    let stranger = kit.token(V1).await;
    let path = format!("/chat/sessions?cursor={of_sessions}");
    assert_eq!(kit.get(&stranger, &path).await.fields(), ["cursor"]);
}

#[tokio::test]
async fn are_renamed_and_deleted() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let long = "What a very long question this is, ".repeat(10);
    let session = begin(&kit, &token, &long).await;
    let path = format!("/chat/sessions/{session}");
    let shown = kit.get(&token, &path).await;
    assert_eq!(shown.json["title"].as_str().unwrap().chars().count(), 80);

    let renamed = kit
        .patch(&token, &path, json!({ "title": "  Short  " }))
        .await;
    assert_eq!(renamed.json["title"], "Short");
    assert_eq!(kit.get(&token, &path).await.json["title"], "Short");
    for title in ["", "   ", &"x".repeat(201)] {
        let refused = kit.patch(&token, &path, json!({ "title": title })).await;
        assert_eq!(refused.fields(), ["title"]);
    }

    let kept = begin(&kit, &token, "Another?").await;
    assert_eq!(kit.delete(&token, &path).await.status, 204);
    assert_eq!(kit.get(&token, &path).await.problem(404), "not_found");
    assert_eq!(kit.delete(&token, &path).await.problem(404), "not_found");
    let left = kit.messages().await;
    assert!(left.len() == 2 && left.iter().all(|m| m.session_id == kept));
}

#[tokio::test]
async fn are_ones_own_only() {
    let kit = Kit::new().await;
    let session = begin(&kit, &kit.token(U1).await, "Mine?").await;
    let unknown = Uuid::now_v7();
    for who in [U2, V1] {
        let token = kit.token(who).await;
        assert_eq!(
            kit.get(&token, "/chat/sessions").await.json["items"],
            json!([])
        );
        for (method, end) in [
            ("GET", ""),
            ("GET", "/messages"),
            ("PATCH", ""),
            ("DELETE", ""),
        ] {
            let mut bodies = Vec::new();
            for id in [session, unknown] {
                let path = format!("/chat/sessions/{id}{end}");
                let body = json!({ "title": "Theirs" });
                let refused = kit.json(&token, method, &path, body).await;
                assert_eq!(refused.problem(404), "not_found", "{method} {path}");
                let mut body = refused.json;
                body["instance"] = Value::Null;
                bodies.push(body);
            }
            assert_eq!(
                bodies[0], bodies[1],
                "what exists must look like what does not"
            );
        }
    }
    assert_eq!(kit.messages().await.len(), 2);
}
