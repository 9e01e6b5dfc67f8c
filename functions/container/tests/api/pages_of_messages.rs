//! A page of messages ends with its limit or with its size, and a question brings no more than its words.

use crate::kit::{Kit, U1};
use serde_json::{Value, json};

/// Every message of a conversation, and how many there were on each page.
async fn pages(kit: &Kit, token: &str, path: &str) -> (Vec<Value>, Vec<usize>) {
    let (mut all, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = kit.get(token, &format!("{path}&cursor={cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.len() < 1_500_000, "{} bytes", page.text.len());
        let items = page.json["items"].as_array().unwrap();
        sizes.push(items.len());
        all.extend(items.iter().map(|item| item["id"].clone()));
        match page.json["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return (all, sizes),
        }
    }
}

#[tokio::test]
async fn a_page_of_large_messages_ends_earlier() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let asked = kit
        .post(&token, "/chat", json!({ "message": "Hello?" }))
        .await;
    let session = asked.id("session_id");
    let path = format!("/chat/sessions/{session}/messages?limit=100");
    let large = "update parlance.chat_messages set content = repeat('x', $2) where session_id = $1";
    for _ in 0..9 {
        let body = json!({ "message": "More?", "session_id": session });
        assert_eq!(kit.post(&token, "/chat", body).await.status, 200);
    }
    assert_eq!(pages(&kit, &token, &path).await.1, [20]);
    let grow = async |bytes: i32| {
        let grown = sqlx::query(large).bind(session).bind(bytes);
        grown.execute(&kit.pool).await.unwrap();
    };
    grow(250_000).await;
    let (all, sizes) = pages(&kit, &token, &path).await;
    assert_eq!((all.len(), sizes), (20, vec![4; 5]));
    let limited = format!("/chat/sessions/{session}/messages?limit=3");
    let (again, sizes) = pages(&kit, &token, &limited).await;
    assert_eq!((again, sizes), (all.clone(), vec![3, 3, 3, 3, 3, 3, 2]));
    // One that is too large by itself still comes.
    grow(1_200_000).await;
    let (again, sizes) = pages(&kit, &token, &path).await;
    assert_eq!((again, sizes), (all, vec![1; 20]));
}

#[tokio::test]
async fn metadata_is_small_as_it_is_stored() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let ask = async |metadata: Value| {
        let body = json!({ "message": "Hello?", "metadata": metadata });
        kit.post(&token, "/chat", body).await
    };
    for large in [
        json!({ "text": "x".repeat(4096) }),
        json!({ "x".repeat(4096): 1 }),
        json!({ "n": vec![1e308; 20] }),
        json!({ "n": vec![1e-300; 20] }),
        json!({ "n": vec![0; 4096] }),
    ] {
        let refused = ask(large).await;
        assert_eq!(refused.fields(), ["metadata"], "{}", refused.text);
    }
    let small = json!({ "text": "x".repeat(4000), "n": 1.5 });
    let asked = ask(small.clone()).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let path = format!("/chat/sessions/{}/messages", asked.id("session_id"));
    let found = kit.get(&token, &path).await;
    assert_eq!(found.json["items"][0]["metadata"], small);
}

#[tokio::test]
async fn null_is_as_good_as_absent() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let body = json!({ "message": "Hello?", "metadata": null, "stream": null, "session_id": null });
    let asked = kit.post(&token, "/chat", body).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    assert!(asked.json["answer"].is_string());
    let page = kit.get(&token, "/chat/sessions?cursor=").await;
    assert_eq!(page.status, 200, "{}", page.text);
}
