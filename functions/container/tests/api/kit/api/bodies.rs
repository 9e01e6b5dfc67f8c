//! A body for each operation that takes one.

use super::{Operation, login};
use crate::kit::{PASSWORD, U1};
use serde_json::{Value, json};

impl Operation {
    /// A body that it accepts; null if it takes none.
    ///
    /// # Panics
    /// It takes one and there is no sample: every new operation needs one here.
    pub fn body(&self, refresh_token: &str) -> Value {
        let new_name = json!({ "name": "Renamed" });
        match &*self.name() {
            "POST /chat" => json!({ "message": "What is known?" }),
            "POST /chat/ui" => json!({
                "id": "A chat of an app",
                "messages": [{ "id": "q1", "role": "user", "parts": [{ "type": "text", "text": "What is known?" }] }],
            }),
            "POST /v1/responses" => json!({ "model": "default", "input": "What is known?" }),
            "POST /v1/chat/completions" => json!({
                "model": "default", "messages": [{ "role": "user", "content": "What is known?" }]
            }),
            "PATCH /chat/sessions/{id}" => json!({ "title": "Renamed" }),
            "PUT /chat/messages/{id}/feedback" => json!({ "rating": "up" }),
            "POST /documents" => json!({ "title": "New", "text": "A new text." }),
            "PUT /documents/{id}" => json!({ "title": "Changed", "text": "A changed text." }),
            "PATCH /documents/{id}" => json!({ "metadata": { "product": "a" } }),
            "PUT /documents/{id}/groups" => json!({ "groups": ["staff"] }),
            "POST /documents/connectors" | "PUT /documents/connectors/{id}" => {
                json!({ "name": "A site", "url": "https://one.example/", "is_on": false })
            }
            "POST /documents/search" => json!({ "query": "What is known?" }),
            "POST /mcp" => json!({
                "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": { "name": "search_documents", "arguments": { "query": "What is known?" } },
            }),
            "POST /login" => login(U1),
            "POST /login/visitor" => json!({ "site_key": "site_x" }),
            "POST /tenants/{tenant_id}/trials" => {
                json!({ "question": "What is known?", "answer": false })
            }
            "POST /tenants/{tenant_id}/rehearsals" => json!({
                "settings": { "system_prompt": "Be short." }, "sample": "thumbs_down", "budget": "1",
            }),
            "PUT /tenants/{tenant_id}/rehearsals/{id}/questions/{message_id}/verdict" => {
                json!({ "verdict": "now" })
            }
            "POST /tenants/{tenant_id}/sites" => json!({ "name": "A page" }),
            "PATCH /tenants/{tenant_id}/sites/{id}" => new_name,
            "POST /tenants/{tenant_id}/sites/{id}/identity-keys" => json!({ "algorithm": "HS256" }),
            "POST /admin/tenants/{id}/assume" => json!({ "reason": "A question of theirs" }),
            "POST /admin/api-keys" => json!({ "name": "A server", "scopes": ["chat"] }),
            "POST /login/refresh" | "POST /login/logout" | "PUT /login/cookie" => {
                json!({ "refresh_token": refresh_token })
            }
            "POST /login/password" => json!({
                "current_password": PASSWORD, "new_password": "seven green bicycles"
            }),
            "POST /tenants" => json!({ "slug": "three", "name": "Three" }),
            "PATCH /tenants/{tenant_id}" => new_name,
            "PUT /tenants/{tenant_id}/secrets/{provider}" => {
                json!({ "api_key": "sk-0123456789-abcdef" })
            }
            "PUT /tenants/{tenant_id}/limits" => {
                json!({ "users": { "tokens_per_day": 1_000_000 } })
            }
            "PUT /admin/users/{id}/limits" => json!({ "tokens_per_day": 1_000_000 }),
            "POST /login/invitation" => {
                json!({ "token": "x", "password": "seven green bicycles" })
            }
            "PATCH /login/me" => json!({ "full_name": "Renamed" }),
            "PATCH /admin/users/{id}" => json!({ "full_name": "Renamed" }),
            "POST /admin/users/invite" => json!({ "email": "invited@one.example" }),
            "POST /admin/users" => {
                json!({ "email": "new@one.example", "password": "seven green bicycles" })
            }
            name => {
                assert!(
                    !self.takes_json(),
                    "{name} needs a sample of its body in tests/api/kit/api/bodies.rs"
                );
                Value::Null
            }
        }
    }
}
