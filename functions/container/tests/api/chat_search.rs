//! Looking for words in one's own conversations.

use crate::kit::{ADMIN1, Answer, Kit, SUPERUSER, T1, U1, U2, V1};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

async fn begin(kit: &Kit, token: &str, message: &str) -> Uuid {
    let asked = kit.post(token, "/chat", json!({ "message": message }));
    asked.await.id("session_id")
}

async fn search(kit: &Kit, token: &str, text: &str) -> Answer {
    let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let found = kit.get(token, &format!("/chat/search?q={query}")).await;
    assert_eq!(found.status, 200, "{text}: {}", found.text);
    found
}

fn sessions(found: &Answer) -> Vec<String> {
    let items = found.json["items"].as_array().unwrap().iter();
    let id = |item: &Value| item["session_id"].as_str().unwrap().to_owned();
    items.map(id).collect()
}

#[tokio::test]
async fn finds_text_in_titles_and_messages_in_every_language() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let mut begun = Vec::new();
    for message in [
        "How long does a REFUND take?",
        "返金はいつまでですか",
        "Wie lange dauert die R\u{fc}ckzahlung? 100% sicher_nicht",
        "كم يستغرق استرداد الأموال",
    ] {
        begun.push(begin(&kit, &token, message).await.to_string());
    }
    let title = json!({ "title": "Something else" });
    let path = format!("/chat/sessions/{}", begun[0]);
    assert_eq!(kit.patch(&token, &path, title).await.status, 200);
    for (text, nth) in [
        ("refund", 0),
        ("  Refund take? ", 0),
        ("something ELSE", 0),
        ("いつまで", 1),
        ("ru\u{308}ckzahlung", 2),
        ("100% sicher_nicht", 2),
        ("استرداد", 3),
    ] {
        assert_eq!(
            sessions(&search(&kit, &token, text).await),
            [&*begun[nth]],
            "{text}"
        );
    }
    for nothing in ["100_", "re%nd", "refund\\", "take long", "x'||'y"] {
        assert_eq!(
            sessions(&search(&kit, &token, nothing).await),
            [""; 0],
            "{nothing}"
        );
    }
    let found = search(&kit, &token, "refund").await;
    let message = &found.json["items"][0]["messages"][0];
    assert_eq!(message["snippet"], "How long does a REFUND take?");
    assert_eq!(message["role"], "user");
    let by_title = search(&kit, &token, "something else").await;
    assert_eq!(by_title.json["items"][0]["messages"], json!([]));
}

#[tokio::test]
async fn a_snippet_shows_the_place_and_at_most_three_messages_are_shown() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let long = format!("{}needle{}", "ä".repeat(1000), "ö".repeat(1000));
    let session = begin(&kit, &token, &long).await;
    for n in 0..4 {
        let body = json!({ "message": format!("needle {n}"), "session_id": session });
        assert_eq!(kit.post(&token, "/chat", body).await.status, 200);
    }
    let found = search(&kit, &token, "needle").await;
    let messages = found.json["items"][0]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3, "{}", found.text);
    let first = search(&kit, &token, "äneedleö").await;
    let snippet = first.json["items"][0]["messages"][0]["snippet"].clone();
    let snippet = snippet.as_str().unwrap();
    assert!(
        snippet.starts_with("… ä") && snippet.ends_with("ö …"),
        "{snippet}"
    );
    assert!(
        snippet.contains("needle") && snippet.chars().count() <= 244,
        "{snippet}"
    );
}

#[tokio::test] // R25
async fn finds_nothing_of_anybody_else() {
    let kit = Kit::new().await;
    let superuser = kit.token(SUPERUSER).await;
    for other in [U2, V1, ADMIN1] {
        begin(&kit, &kit.token(other).await, "A secret needle").await;
    }
    let token = kit.token(U1).await;
    assert_eq!(sessions(&search(&kit, &token, "needle").await), [""; 0]);
    let inside = kit.assume(&superuser, T1).await;
    let refused = kit.get(&inside, "/chat/search?q=needle").await;
    assert_eq!(refused.problem(403), "tenant_assumed");
}

#[tokio::test] // R26
async fn goes_on_page_by_page_and_looks_through_so_many_at_once() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    // Those with the word are the oldest, beyond what one page looks through.
    let rows = format!(
        "insert into parlance.chat_sessions (tenant_id, id, user_id, title)
         select '{T1}', lpad(to_hex(n), 32, '0')::uuid, '{}', case when n <= 3 then 'A needle' else 'Hay' end
         from generate_series(1, 1203) n",
        U1.id
    );
    sqlx::query(AssertSqlSafe(rows))
        .execute(&kit.pool)
        .await
        .unwrap();
    let (mut path, mut pages, mut found) = ("/chat/search?q=needle&limit=2".to_owned(), 0, 0);
    let mut first = String::new();
    loop {
        let page = kit.get(&token, &path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        pages += 1;
        found += sessions(&page).len();
        let Some(cursor) = page.json["next_cursor"].as_str() else {
            break;
        };
        path = format!("/chat/search?q=needle&limit=2&cursor={cursor}");
        if first.is_empty() {
            first = cursor.to_owned();
        }
    }
    assert_eq!((pages, found), (4, 3));
    for path in [
        "/chat/search?q=hay",
        "/chat/search?q=needle2",
        "/chat/sessions?limit=2",
    ] {
        let path = format!("{path}&cursor={first}");
        assert_eq!(kit.get(&token, &path).await.fields(), ["cursor"], "{path}");
    }
    let other = kit.token(U2).await;
    let theirs = kit
        .get(&other, &format!("/chat/search?q=needle&cursor={first}"))
        .await;
    assert_eq!(theirs.fields(), ["cursor"]);
}

#[tokio::test] // R54
async fn what_cannot_be_looked_for_is_refused() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let long = format!("/chat/search?q={}", "a".repeat(201));
    for (path, field) in [
        ("/chat/search", "q"),
        ("/chat/search?q=", "q"),
        ("/chat/search?q=%20%09", "q"),
        ("/chat/search?q=a%00b", "q"),
        (&long, "q"),
        ("/chat/search?q=a&limit=0", "limit"),
        ("/chat/search?q=a&user_id=1", "user_id"),
        ("/chat/search?q=a&q=b", "q"),
    ] {
        assert_eq!(kit.get(&token, path).await.fields(), [field], "{path}");
    }
}
