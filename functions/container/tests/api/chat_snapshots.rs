//! Whole answers about what is said and known: a field that is new, gone or renamed must be meant.

use crate::{
    kit::{ADMIN1, Answer, Kit, U1},
    snapshots::redacted,
};
use insta::assert_json_snapshot;
use serde_json::json;

/// A member's question about the one document there is; the conversation.
async fn conversation(kit: &Kit, token: &str) -> Answer {
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let question =
        json!({ "message": "How long does a refund take?", "metadata": { "page": "/help" } });
    let asked = kit.post(token, "/chat", question).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    asked
}

#[tokio::test]
async fn an_answer() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let asked = conversation(&kit, &token).await;
    redacted(|| {
        assert_json_snapshot!(asked.json, @r#"
    {
      "answer": "From the documents:\n\n“A refund takes 5 working days.” [1]\n\nSources: [1] Refunds",
      "degraded": [],
      "finish_reason": "stop",
      "message_id": "[id]",
      "model": "local-extractive",
      "provider": "local",
      "session_id": "[id]",
      "sources": [
        {
          "chunk_id": "[id]",
          "document_id": "[id]",
          "score": 0.6311275,
          "snippet": "A refund takes 5 working days.",
          "title": "Refunds"
        }
      ],
      "status": "complete",
      "usage": {
        "completion_tokens": 21,
        "exact": false,
        "prompt_tokens": 15
      },
      "user_message_id": "[id]"
    }
    "#)
    });
}

#[tokio::test]
async fn a_list_of_sessions() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    conversation(&kit, &token).await;
    let sessions = kit.get(&token, "/chat/sessions").await;
    redacted(|| {
        assert_json_snapshot!(sessions.json, @r#"
    {
      "items": [
        {
          "created_at": "[time]",
          "id": "[id]",
          "origin": "chat",
          "title": "How long does a refund take?",
          "updated_at": "[time]",
          "user_id": "01900000-0000-7000-8000-0000000000a1"
        }
      ],
      "next_cursor": null
    }
    "#)
    });
}

#[tokio::test]
async fn a_list_of_messages() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let asked = conversation(&kit, &token).await;
    let messages = format!("/chat/sessions/{}/messages", asked.id("session_id"));
    let messages = kit.get(&token, &messages).await;
    redacted(|| {
        assert_json_snapshot!(messages.json, @r#"
    {
      "items": [
        {
          "content": "How long does a refund take?",
          "created_at": "[time]",
          "degraded": [],
          "error_code": null,
          "feedback": null,
          "finish_reason": null,
          "id": "[id]",
          "metadata": {
            "page": "/help"
          },
          "model": null,
          "parent_id": null,
          "prompt_version": null,
          "provider": null,
          "reasoning": null,
          "role": "user",
          "session_id": "[id]",
          "sources": [],
          "status": "complete",
          "usage": null
        },
        {
          "content": "From the documents:\n\n“A refund takes 5 working days.” [1]\n\nSources: [1] Refunds",
          "created_at": "[time]",
          "degraded": [],
          "error_code": null,
          "feedback": null,
          "finish_reason": "stop",
          "id": "[id]",
          "metadata": {},
          "model": "local-extractive",
          "parent_id": "[id]",
          "prompt_version": 1,
          "provider": "local",
          "reasoning": null,
          "role": "assistant",
          "session_id": "[id]",
          "sources": [
            {
              "chunk_id": "[id]",
              "document_id": "[id]",
              "score": 0.6311275,
              "snippet": "A refund takes 5 working days.",
              "title": "Refunds"
            }
          ],
          "status": "complete",
          "usage": {
            "completion_tokens": 21,
            "exact": false,
            "prompt_tokens": 15
          }
        }
      ],
      "next_cursor": null
    }
    "#)
    });
}

#[tokio::test]
async fn a_list_of_documents_page_by_page() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    kit.add_document(ADMIN1, "Refunds", "A refund takes 5 working days.")
        .await;
    let shipping = json!({
        "title": "Shipping", "text": "Parcels leave on Mondays.", "source_url": "https://one.example/shipping"
    });
    let added = kit.post(&admin, "/documents", shipping).await;
    redacted(|| {
        assert_json_snapshot!(added.json, @r#"
    {
      "id": "[id]",
      "status": "ready"
    }
    "#)
    });
    let first = kit.get(&admin, "/documents?limit=1").await;
    redacted(|| {
        assert_json_snapshot!(first.json, @r#"
    {
      "items": [
        {
          "chunks": 1,
          "chunks_done": 0,
          "connector_id": null,
          "created_at": "[time]",
          "error": null,
          "file_name": null,
          "groups": [],
          "id": "[id]",
          "language": null,
          "media_type": null,
          "metadata": {},
          "pages": null,
          "size": 25,
          "source_url": "https://one.example/shipping",
          "status": "ready",
          "title": "Shipping",
          "updated_at": "[time]",
          "vectors": "none",
          "version": 1
        }
      ],
      "next_cursor": "[cursor]"
    }
    "#)
    });
    let next = format!(
        "/documents?limit=1&cursor={}",
        first.json["next_cursor"].as_str().unwrap()
    );
    let last = kit.get(&admin, &next).await;
    assert_eq!(last.json["next_cursor"], serde_json::Value::Null);
    assert_eq!(last.json["items"][0]["title"], "Refunds");
}
