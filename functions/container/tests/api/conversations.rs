//! What a tenant's users say, as its administrators read it: only where the tenant shares it, and its users are told.

use crate::kit::{ADMIN1, ADMIN2, Answer, Kit, SUPERUSER, T1, U1, U2};
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/admin/conversations";

/// Asks; the conversation and the answer.
async fn ask(kit: &Kit, token: &str, question: &str) -> (Uuid, Uuid) {
    let asked = kit
        .post(token, "/chat", json!({ "message": question }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    (asked.id("session_id"), asked.id("message_id"))
}

async fn share(kit: &Kit, on: bool) {
    let admin = kit.token(ADMIN1).await;
    let body = json!({ "share_conversations": on });
    let shared = kit.patch(&admin, "/tenants/current", body).await;
    assert_eq!(shared.json["share_conversations"], on, "{}", shared.text);
}

async fn listed(kit: &Kit, more: &str) -> Answer {
    let admin = kit.token(ADMIN1).await;
    let listed = kit.get(&admin, &format!("{PATH}{more}")).await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    listed
}

fn titles(listed: &Answer) -> Vec<&str> {
    let items = listed.json["items"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap()).collect()
}

async fn read(kit: &Kit, session: Uuid) -> Answer {
    let admin = kit.token(ADMIN1).await;
    kit.get(&admin, &format!("{PATH}/{session}/messages")).await
}

#[tokio::test] // R30
async fn nothing_is_shown_until_the_tenant_says_so_and_then_only_what_began_since() {
    let kit = Kit::new().await;
    let user = kit.token(U1).await;
    let (before, _) = ask(&kit, &user, "A secret of before").await;
    let none = listed(&kit, "").await;
    assert_eq!(none.json["share_conversations"], false);
    assert!(!none.text.contains("secret"), "{}", none.text);
    assert_eq!(read(&kit, before).await.status, 404);

    share(&kit, true).await;
    // Whoever asks from now on is told.
    let user = kit.token(U1).await;
    let me = kit.get(&user, "/login/me").await;
    assert_eq!(me.json["share_conversations"], true);
    let (since, _) = ask(&kit, &user, "Where is my order?").await;
    let some = listed(&kit, "").await;
    assert_eq!(titles(&some), ["Where is my order?"]);
    assert_eq!(read(&kit, before).await.status, 404);
    let messages = read(&kit, since).await;
    assert_eq!(messages.status, 200, "{}", messages.text);
    let roles = messages.json["items"].as_array().unwrap().iter();
    let roles: Vec<_> = roles.map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant"]);
    // Whose it is stays unknown.
    for text in [&some.text, &messages.text] {
        assert!(!text.contains(&U1.id.to_string()), "{text}");
        assert!(
            !text.contains("user_id") && !text.contains(U1.email),
            "{text}"
        );
    }

    share(&kit, false).await;
    assert_eq!(titles(&listed(&kit, "").await), [""; 0]);
    assert_eq!(read(&kit, since).await.status, 404);
}

#[tokio::test]
async fn they_are_searched_and_filtered_by_what_was_thought_of_answers() {
    let kit = Kit::new().await;
    share(&kit, true).await;
    let (u1, u2) = (kit.token(U1).await, kit.token(U2).await);
    ask(&kit, &u1, "How long does a REFUND take?").await;
    let (_, useless) = ask(&kit, &u2, "Do you ship to Iceland?").await;
    let path = format!("/chat/messages/{useless}/feedback");
    let down = json!({ "rating": "down", "comment": "No answer." });
    assert_eq!(kit.put(&u2, &path, down).await.status, 204);

    let found = listed(&kit, "?q=refund").await;
    assert_eq!(titles(&found), ["How long does a REFUND take?"]);
    let snippet = found.json["items"][0]["snippet"].as_str().unwrap();
    assert!(snippet.to_lowercase().contains("refund"), "{snippet}");
    let down = listed(&kit, "?rating=down").await;
    assert_eq!(titles(&down), ["Do you ship to Iceland?"]);
    assert_eq!(down.json["items"][0]["thumbs_down"], 1);
    assert_eq!(titles(&listed(&kit, "?rating=up").await), [""; 0]);
    assert_eq!(titles(&listed(&kit, "?q=100%25").await), [""; 0]);
}

#[tokio::test] // R56
async fn they_come_page_by_page() {
    let kit = Kit::new().await;
    share(&kit, true).await;
    let user = kit.token(U1).await;
    for n in 0..3 {
        ask(&kit, &user, &format!("Question {n}")).await;
    }
    let first = listed(&kit, "?limit=2").await;
    assert_eq!(titles(&first), ["Question 2", "Question 1"]);
    let next = first.json["next_cursor"].as_str().unwrap();
    let last = listed(&kit, &format!("?limit=2&cursor={next}")).await;
    assert_eq!(titles(&last), ["Question 0"]);
    assert_eq!(last.json["next_cursor"], Value::Null);
}

#[tokio::test] // R87
async fn that_one_was_read_is_written_down() {
    let kit = Kit::new().await;
    share(&kit, true).await;
    let user = kit.token(U1).await;
    let (session, _) = ask(&kit, &user, "Where is my order?").await;
    assert_eq!(read(&kit, session).await.status, 200);
    let admin = kit.token(ADMIN1).await;
    let log = kit
        .get(&admin, "/admin/audit?action=conversation.read")
        .await;
    assert_eq!(log.json["items"][0]["target"], session.to_string());
    assert_eq!(log.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test] // R25
async fn another_tenant_s_are_not_there() {
    let kit = Kit::new().await;
    share(&kit, true).await;
    let user = kit.token(U1).await;
    let (session, _) = ask(&kit, &user, "Where is my order?").await;
    let other = kit.token(ADMIN2).await;
    let body = json!({ "share_conversations": true });
    assert_eq!(
        kit.patch(&other, "/tenants/current", body).await.status,
        200
    );
    let other = kit.token(ADMIN2).await;
    let path = format!("{PATH}/{session}/messages");
    assert_eq!(kit.get(&other, &path).await.status, 404);
    let none = kit.get(&other, PATH).await;
    assert_eq!(none.json["items"], json!([]));
}

#[tokio::test] // R30
async fn a_superuser_reads_them_only_after_going_in_with_a_reason() {
    let kit = Kit::new().await;
    let user = kit.token(U1).await;
    let (session, _) = ask(&kit, &user, "Where is my order?").await;
    let superuser = kit.token(SUPERUSER).await;
    let path = format!("{PATH}/{session}/messages");
    assert_eq!(kit.get(&superuser, &path).await.status, 404);
    let reason = json!({ "reason": "Ticket 4711" });
    let assume = format!("/admin/tenants/{T1}/assume");
    let assumed = kit.post(&superuser, &assume, reason).await;
    let token = assumed.json["access_token"].as_str().unwrap();
    let all = kit.get(token, PATH).await;
    assert_eq!(titles(&all), ["Where is my order?"]);
    assert_eq!(kit.get(token, &path).await.status, 200);
}
