//! One user's whole way: log in, be known, ask, find it again.

use crate::kit::{ADMIN1, Kit, U1};
use serde_json::json;

#[tokio::test]
async fn a_user_logs_in_asks_and_finds_the_answer_again() {
    let kit = Kit::new().await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let token = kit.token(U1).await;
    let me = kit.get(&token, "/login/me").await;
    assert_eq!(me.json["user"]["email"], U1.email);

    let asked = kit
        .post(
            &token,
            "/chat",
            json!({ "message": "How long does a refund take?" }),
        )
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let answer = asked.json["answer"].as_str().unwrap();
    assert!(
        answer.contains("5 working days") && answer.contains("[1]"),
        "{answer}"
    );

    let messages = format!("/chat/sessions/{}/messages", asked.id("session_id"));
    let messages = kit.get(&token, &messages).await;
    assert_eq!(
        messages.json["items"][0]["content"],
        "How long does a refund take?"
    );
    assert_eq!(messages.json["items"][1]["content"], answer);
}
