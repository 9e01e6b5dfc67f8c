//! Which parts are sent, in which order, with which fields: what every version of the client from 5.0.0 on takes.

use super::{Reading, ask, kit, parts, submit, text_of, types};
use crate::kit::{
    ADMIN1, Kit, U1,
    http::Served,
    provider::{Provider, Reply},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The fields that all versions know of each part, beside `type`.
const FIELDS: &[(&str, &[&str])] = &[
    ("start", &["messageId", "messageMetadata"]),
    ("start-step", &[]),
    ("finish-step", &[]),
    ("text-start", &["id"]),
    ("text-delta", &["delta", "id"]),
    ("text-end", &["id"]),
    ("reasoning-start", &["id"]),
    ("reasoning-delta", &["delta", "id"]),
    ("reasoning-end", &["id"]),
    ("source-url", &["sourceId", "title", "url"]),
    ("source-document", &["mediaType", "sourceId", "title"]),
    ("data-sources", &["data", "id"]),
    ("message-metadata", &["messageMetadata"]),
    ("error", &["errorText"]),
    ("abort", &[]),
    ("finish", &["messageMetadata"]),
];

fn assert_known(parts: &[Value]) {
    for part in parts {
        let fields = part.as_object().unwrap().keys();
        let fields: BTreeSet<&str> = fields.map(|f| &**f).filter(|f| *f != "type").collect();
        let known = FIELDS.iter().find(|(name, _)| part["type"] == *name);
        let (_, known) = known.unwrap_or_else(|| panic!("clients do not know {part}"));
        assert_eq!(fields, known.iter().copied().collect(), "{part}");
    }
}

#[tokio::test]
async fn a_whole_answer_has_its_parts_in_order() {
    let kit = Kit::new().await;
    let (admin, token) = (kit.token(ADMIN1).await, kit.token(U1).await);
    let published = json!({
        "title": "Refunds", "text": "How long does a refund take? It does take 5 working days.", "source_url": "https://one.example/refunds",
    });
    assert_eq!(kit.post(&admin, "/documents", published).await.status, 202);
    kit.add_document(
        ADMIN1,
        "Notes",
        "How long a refund may take is not known for cash.",
    )
    .await;
    let answer = kit
        .post(
            &token,
            "/chat/ui",
            submit("c", "q1", "How long does a refund take?"),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("x-vercel-ai-ui-message-stream", "v1"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    let parts = parts(&answer.text);
    assert_known(&parts);
    let order = [
        "start",
        "start-step",
        "source-url",
        "source-document",
        "data-sources",
        "text-start",
        "text-delta",
        "text-end",
        "finish-step",
        "finish",
    ];
    assert_eq!(types(&parts), order);
    assert_eq!(parts[2]["url"], "https://one.example/refunds");
    assert_eq!(parts[3]["title"], "Notes");
    let passages = parts[4]["data"].as_array().unwrap();
    assert!(passages[0]["score"].is_number() && passages[0]["snippet"].is_string());

    let begun = &parts[0]["messageMetadata"];
    let stored = kit
        .get(
            &token,
            &format!("/chat/messages/{}", parts[0]["messageId"].as_str().unwrap()),
        )
        .await;
    assert_eq!(stored.json["content"], text_of(&parts));
    assert_eq!(stored.json["session_id"], begun["session_id"]);
    assert_eq!(stored.json["parent_id"], begun["user_message_id"]);
    let ended = &parts.last().unwrap()["messageMetadata"];
    for field in ["status", "finish_reason", "usage", "model", "provider"] {
        assert_eq!(ended[field], stored.json[field], "{field}");
    }
}

#[tokio::test]
async fn what_the_model_thinks_is_told_only_if_asked_for() {
    let thinks = "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Hm.\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes.\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.always(Reply::Raw(thinks.to_owned()));
    let quiet = ask(&kit, &token, submit("c", "q1", "Well?")).await;
    let order = [
        "start",
        "start-step",
        "text-start",
        "text-delta",
        "text-end",
        "finish-step",
        "finish",
    ];
    assert_eq!(types(&quiet), order);
    let mut aloud = submit("c", "q2", "Well?");
    aloud["reasoning"] = json!(true);
    let aloud = ask(&kit, &token, aloud).await;
    assert_known(&aloud);
    let order = [
        "start",
        "start-step",
        "reasoning-start",
        "reasoning-delta",
        "reasoning-end",
        "text-start",
        "text-delta",
        "text-end",
        "finish-step",
        "finish",
    ];
    assert_eq!(types(&aloud), order);
    let thought = aloud
        .iter()
        .find(|p| p["type"] == "reasoning-delta")
        .unwrap();
    assert_eq!(thought["delta"], "Hm.");
}

#[tokio::test]
async fn a_failed_answer_ends_with_a_sentence_and_is_told_by_its_code() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.reply(Reply::BreakAfter(vec!["A part".to_owned()]));
    let answer = kit
        .post(&token, "/chat/ui", submit("c", "q1", "Well?"))
        .await;
    let broken = parts(&answer.text);
    assert_known(&broken);
    assert_eq!(text_of(&broken), "A part");
    let end = &broken[broken.len() - 3..];
    assert_eq!(types(end), ["text-end", "message-metadata", "error"]);
    let code = json!({ "error_code": "provider_interrupted", "retryable": true });
    assert_eq!(end[1]["messageMetadata"], code);
    let sentence = end[2]["errorText"].as_str().unwrap();
    assert!(
        sentence.ends_with('.') && !sentence.contains('{'),
        "{sentence}"
    );

    // Before a word of it, it is the same.
    provider.reply(Reply::Status(
        401,
        json!({ "error": { "message": "sk-secret" } }),
    ));
    let answer = kit
        .post(&token, "/chat/ui", submit("c", "q2", "Well?"))
        .await;
    assert_eq!(answer.status, 200);
    let refused = parts(&answer.text);
    assert_eq!(
        types(&refused),
        ["start", "start-step", "message-metadata", "error"]
    );
    assert!(!answer.text.contains("sk-secret"));
}

#[tokio::test]
async fn a_stopped_answer_ends_with_abort() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let served = Served::new(&kit).await;
    let token = kit.token(U1).await;
    provider.hold(&["One ", "two"]);
    provider.let_go(1);
    let mut reading = Reading::begin(&served, &token, &submit("c", "q1", "Well?")).await;
    reading.until("One ").await;
    super::stop(&kit, &token, "c").await;
    let parts = reading.all().await;
    assert_known(&parts);
    let end = &parts[parts.len() - 3..];
    assert_eq!(types(end), ["text-end", "message-metadata", "abort"]);
    assert_eq!(end[1]["messageMetadata"]["status"], "stopped");
    served.stop().await;
}
