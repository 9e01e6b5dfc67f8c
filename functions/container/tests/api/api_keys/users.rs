//! As whom a key acts: a user that is none of the people.

use super::{ask, make, make_with};
use crate::kit::{ADMIN1, ADMIN2, Kit, PASSWORD, T1, U1};
use serde_json::json;

#[tokio::test] // R25
async fn conversations_of_a_key_are_its_own() {
    let kit = Kit::new().await;
    let (one, two) = (
        make(&kit, ADMIN1, &["chat"]).await,
        make(&kit, ADMIN1, &["chat"]).await,
    );
    let foreign = make(&kit, ADMIN2, &["chat"]).await;
    let asked = ask(&kit, &one.key).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let (session, message) = (asked.id("session_id"), asked.id("message_id"));
    let more = json!({ "message": "And then?", "session_id": session });
    assert_eq!(kit.post(&one.key, "/chat", more.clone()).await.status, 200);
    let rating = json!({ "rating": "up" });
    let feedback = format!("/chat/messages/{message}/feedback");
    assert_eq!(
        kit.put(&one.key, &feedback, rating.clone()).await.status,
        204
    );
    let list = kit.get(&one.key, "/chat/sessions").await;
    assert_eq!(list.id_at("/items/0/id"), session);
    assert_eq!(list.json["items"].as_array().unwrap().len(), 1);
    let (admin, member) = (kit.token(ADMIN1).await, kit.token(U1).await);
    for other in [&two.key, &foreign.key, &admin, &member] {
        let list = kit.get(other, "/chat/sessions").await;
        assert_eq!(list.json["items"], json!([]));
        let path = format!("/chat/sessions/{session}");
        for refused in [
            kit.get(other, &path).await,
            kit.delete(other, &path).await,
            kit.get(other, &format!("{path}/messages")).await,
            kit.get(other, &format!("/chat/messages/{message}")).await,
            kit.put(other, &feedback, rating.clone()).await,
            kit.post(other, "/chat", more.clone()).await,
        ] {
            assert_eq!(refused.problem(404), "not_found");
        }
    }
    let erased = kit.delete(&one.key, "/chat/sessions?confirm=all").await;
    assert!(erased.status.is_success(), "{}", erased.text);
}

#[tokio::test] // R85
async fn a_question_that_a_server_sends_twice_is_asked_once() {
    let kit = Kit::new().await;
    let (one, two) = (
        make(&kit, ADMIN1, &["chat"]).await,
        make(&kit, ADMIN1, &["chat"]).await,
    );
    let asked = async |key: &str| {
        let request = crate::kit::request(key, "POST", "/chat")
            .header("content-type", "application/json")
            .header("idempotency-key", "once");
        let body = json!({ "message": "Hello?" }).to_string();
        let answer = kit.send(request, body.into()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.id("message_id")
    };
    let first = asked(&one.key).await;
    assert_eq!(asked(&one.key).await, first);
    assert_ne!(asked(&two.key).await, first, "a name is its key's own");
}

#[tokio::test]
async fn nobody_can_be_or_change_the_user_of_a_key() {
    let kit = Kit::new().await;
    let asked = json!({ "name": "Importer", "scopes": ["chat"] });
    let made = make_with(&kit, ADMIN1, asked).await;
    assert_eq!(ask(&kit, &made.key).await.status, 200);
    let token = kit.token(ADMIN1).await;
    let people = kit.get(&token, "/admin/users?limit=100").await;
    assert!(
        !people.text.contains(&made.user.to_string()),
        "{}",
        people.text
    );
    let found = kit.get(&token, "/admin/users?search=importer").await;
    assert_eq!(found.json["items"], json!([]));
    let path = format!("/admin/users/{}", made.user);
    let limits = format!("{path}/limits");
    let new = "seven green bicycles";
    for refused in [
        kit.get(&token, &path).await,
        kit.delete(&token, &path).await,
        kit.patch(&token, &path, json!({ "role": "admin" })).await,
        kit.patch(&token, &path, json!({ "password": new })).await,
        kit.patch(&token, &path, json!({ "is_active": false }))
            .await,
        kit.get(&token, &limits).await,
        kit.put(&token, &limits, json!({})).await,
    ] {
        assert_eq!(refused.problem(404), "not_found");
    }
    // Its address is nobody's, and nobody is told it.
    let email: String = sqlx::query_scalar("select email from parlance.users where id = $1")
        .bind(made.user)
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert!(email.ends_with(".invalid"), "{email}");
    let taken = json!({ "email": email });
    let invited = kit.post(&token, "/admin/users/invite", taken).await;
    assert_eq!(invited.problem(409), "email_taken");
    for password in ["", PASSWORD] {
        let login = json!({ "tenant": "one", "email": email, "password": password });
        let refused = kit.post("", "/login", login).await;
        assert_eq!(refused.problem(401), "invalid_credentials");
    }
    // Nor can the database be made to hold another kind of it.
    for change in [
        "password_hash = 'x'",
        "role = 'admin'",
        "is_superuser = true",
    ] {
        let sql = format!("update parlance.users set {change} where is_service");
        let refused = sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&kit.pool)
            .await;
        let refused = refused.unwrap_err().into_database_error().unwrap();
        assert_eq!(refused.constraint(), Some("users_service"), "{change}");
    }
    let log = kit.get(&token, "/admin/audit").await;
    assert!(!log.text.contains(".invalid"), "{}", log.text);
}

#[tokio::test] // R87
async fn the_audit_log_names_the_key() {
    let kit = Kit::new().await;
    let asked = json!({ "name": "Importer", "scopes": ["documents"] });
    let made = make_with(&kit, ADMIN1, asked).await;
    let text = json!({ "title": "Hours", "text": "The shop opens at nine." });
    assert_eq!(kit.post(&made.key, "/documents", text).await.status, 202);
    let token = kit.token(ADMIN1).await;
    let log = kit.get(&token, "/admin/audit?action=document.create").await;
    let by = json!({ "id": made.user, "tenant_id": T1, "api_key": "Importer" });
    assert_eq!(log.json["items"][0]["actor"], by);
    let file = kit
        .get(&token, "/admin/audit?action=document.create&format=csv")
        .await;
    assert!(file.text.ends_with(",Importer,Hours\r\n"), "{}", file.text);
}
