//! API keys: with which servers act in a tenant.

mod limits;
mod making;
mod revoking;
mod scopes;
mod secrecy;
mod users;

use crate::kit::{Answer, Kit, Person};
use serde_json::{Value, json};
use uuid::Uuid;

/// A key that was made.
struct Made {
    /// What is sent as a token.
    key: String,
    id: Uuid,
    /// As whom it acts.
    user: Uuid,
}

/// Has an administrator make a key.
async fn make(kit: &Kit, admin: Person, scopes: &[&str]) -> Made {
    make_with(kit, admin, json!({ "name": "A server", "scopes": scopes })).await
}

async fn make_with(kit: &Kit, admin: Person, asked: Value) -> Made {
    let token = kit.token(admin).await;
    let made = kit.post(&token, "/admin/api-keys", asked).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let key = made.json["key"].as_str().expect("the key is shown");
    Made {
        key: key.to_owned(),
        id: made.id_at("/api_key/id"),
        user: made.id_at("/api_key/user_id"),
    }
}

/// Has an administrator revoke a key.
async fn revoke(kit: &Kit, admin: Person, id: Uuid) -> Answer {
    let token = kit.token(admin).await;
    kit.delete(&token, &format!("/admin/api-keys/{id}")).await
}

/// Asks a question in a conversation of its own.
async fn ask(kit: &Kit, token: &str) -> Answer {
    kit.post(token, "/chat", json!({ "message": "Hello?" }))
        .await
}
