//! Whole answers about people and settings: a field that is new, gone or renamed must be meant.

use crate::kit::{ADMIN1, Kit, SUPERUSER, U1, request};
use axum::body::Body;
use insta::{Settings, assert_json_snapshot, internals::Content};
use serde_json::json;

/// What differs from run to run.
pub(crate) fn redacted(test: impl FnOnce()) {
    let mut settings = Settings::new();
    settings.set_sort_maps(true);
    for (field, shown) in [
        ("id", "[id]"),
        ("session_id", "[id]"),
        ("message_id", "[id]"),
        ("parent_id", "[id]"),
        ("user_message_id", "[id]"),
        ("document_id", "[id]"),
        ("chunk_id", "[id]"),
        ("instance", "[id]"),
        ("created_at", "[time]"),
        ("updated_at", "[time]"),
        ("expires_at", "[time]"),
        ("last_login_at", "[time]"),
        ("set_at", "[time]"),
        ("access_token", "[token]"),
        ("refresh_token", "[token]"),
        ("namespace", "[namespace]"),
        ("next_cursor", "[cursor]"),
    ] {
        // Null is no less telling than a value.
        settings.add_dynamic_redaction(&format!(".**.{field}"), move |value, _| {
            match value.is_nil() {
                true => value,
                false => Content::from(shown),
            }
        });
    }
    settings.bind(test);
}

#[tokio::test]
async fn a_login() {
    let kit = Kit::new().await;
    let login = kit.login(U1).await;
    redacted(|| {
        assert_json_snapshot!(login.json, @r#"
    {
      "access_token": "[token]",
      "expires_in": 900,
      "refresh_expires_in": 1209600,
      "refresh_token": "[token]",
      "tenant": {
        "id": "[id]",
        "name": "one",
        "slug": "one"
      },
      "token_type": "bearer",
      "user": {
        "email": "u1@one.example",
        "full_name": "",
        "id": "[id]",
        "is_superuser": false,
        "role": "member"
      }
    }
    "#)
    });
}

#[tokio::test]
async fn me() {
    let kit = Kit::new().await;
    let me = kit.get(&kit.token(SUPERUSER).await, "/login/me").await;
    redacted(|| {
        assert_json_snapshot!(me.json, @r#"
    {
      "expires_at": "[time]",
      "has_assumed": false,
      "share_conversations": false,
      "share_unanswered": false,
      "tenant": {
        "id": "[id]",
        "name": "platform",
        "slug": "platform"
      },
      "user": {
        "email": "root@platform.example",
        "full_name": "",
        "id": "[id]",
        "is_superuser": true,
        "role": "admin"
      }
    }
    "#)
    });
}

#[tokio::test]
async fn a_tenant() {
    let kit = Kit::new().await;
    let superuser = kit.token(SUPERUSER).await;
    let asked = json!({
        "slug": "three", "name": "Three Ltd", "system_prompt": "Be brief.", "temperature": 0.5,
        "allowed_origins": ["https://three.example"], "pinecone": { "environment": "old" }
    });
    let made = kit.post(&superuser, "/tenants", asked).await;
    redacted(|| {
        assert_json_snapshot!(made.json, @r#"
    {
      "allowed_origins": [
        "https://three.example"
      ],
      "chat_model": null,
      "created_at": "[time]",
      "embedding_model": null,
      "embedding_provider": null,
      "fallback_model": null,
      "fallback_provider": null,
      "history_token_budget": 3000,
      "id": "[id]",
      "max_output_tokens": 1024,
      "name": "Three Ltd",
      "on_disconnect": "finish",
      "pinecone": {
        "environment": "old",
        "host": null,
        "index": null,
        "namespace": "[namespace]"
      },
      "prompt_version": 1,
      "provider": "openai",
      "retention_days": null,
      "retrieval": {
        "enabled": true,
        "min_score": 0.3,
        "rerank_model": null,
        "rerank_provider": null,
        "rewrite": false,
        "top_k": 5,
        "vectors": null
      },
      "share_conversations": false,
      "share_unanswered": false,
      "slug": "three",
      "status": "active",
      "system_prompt": "Be brief.",
      "temperature": 0.5,
      "updated_at": "[time]",
      "warnings": []
    }
    "#)
    });
}

#[tokio::test]
async fn a_list_of_keys() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let key = json!({ "api_key": "sk-0123456789abcdef" });
    let set = kit
        .put(&admin, "/tenants/current/secrets/openai", key)
        .await;
    assert_eq!(set.status, 204, "{}", set.text);
    let listed = kit.get(&admin, "/tenants/current/secrets").await;
    redacted(|| {
        assert_json_snapshot!(listed.json, @r#"
    [
      {
        "checked_at": null,
        "failure": null,
        "key_id": "8461ce12",
        "last4": "cdef",
        "provider": "openai",
        "readable": true,
        "set_at": "[time]"
      }
    ]
    "#)
    });
}

#[tokio::test]
async fn a_user() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let ana = json!({
        "email": "Ana@one.example", "password": "tomato bicycle harbour", "full_name": "Ana Lima"
    });
    let made = kit.post(&admin, "/admin/users", ana).await;
    redacted(|| {
        assert_json_snapshot!(made.json, @r#"
    {
      "created_at": "[time]",
      "email": "ana@one.example",
      "full_name": "Ana Lima",
      "groups": [],
      "id": "[id]",
      "is_active": true,
      "is_invited": false,
      "is_superuser": false,
      "last_login_at": null,
      "role": "member",
      "tenant_id": "01900000-0000-7000-8000-00000000000a"
    }
    "#)
    });
}

#[tokio::test]
async fn a_problem() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let change = json!({ "name": "", "retrieval": { "top_k": 0 } });
    let refused = kit.patch(&admin, "/tenants/current", change).await;
    redacted(|| {
        assert_json_snapshot!(refused.json, @r#"
    {
      "detail": "Some fields are not acceptable.",
      "errors": [
        {
          "field": "name",
          "message": "must be 1 to 200 characters"
        },
        {
          "field": "retrieval.top_k",
          "message": "must be from 1 to 20"
        }
      ],
      "instance": "[id]",
      "status": 422,
      "title": "Unprocessable Entity",
      "type": "urn:parlance:error:invalid_request"
    }
    "#)
    });
    let request = request("", "POST", "/login").header("content-type", "application/json");
    let refused = kit.send(request, Body::from("{")).await;
    redacted(|| {
        assert_json_snapshot!(refused.json, @r#"
    {
      "detail": "The body is not JSON: EOF while parsing an object.",
      "instance": "[id]",
      "status": 400,
      "title": "Bad Request",
      "type": "urn:parlance:error:malformed_request"
    }
    "#)
    });
}
