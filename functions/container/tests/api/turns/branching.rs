//! Conversations as trees: answers made anew, questions asked otherwise.

use super::{ask, asked_last, kit};
use crate::kit::{
    Kit, U1,
    provider::{Provider, Reply},
};
use serde_json::{Value, json};
use uuid::Uuid;

fn says(provider: &Provider, answers: &[&str]) {
    for answer in answers {
        provider.reply(Reply::Text(vec![(*answer).to_owned()]));
    }
}

/// The texts of a conversation's active branch, or of all.
async fn texts(kit: &Kit, session: &Value, query: &str) -> Vec<String> {
    let token = kit.token(U1).await;
    let path = format!(
        "/chat/sessions/{}/messages?{query}",
        session.as_str().unwrap()
    );
    let list = kit.get(&token, &path).await;
    let items = list.json["items"].as_array().expect(&list.text).clone();
    let text = |item: &Value| item["content"].as_str().unwrap().to_owned();
    items.iter().map(text).collect()
}

fn said(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(role, text): &(&str, &str)| (role.to_owned(), text.to_owned());
    pairs.iter().map(owned).collect()
}

#[tokio::test]
async fn an_answer_is_made_anew_beside_the_old_one() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    says(&provider, &["A1", "A2", "A2 again", "A3"]);
    let first = ask(&kit, U1, json!({ "message": "Q1" })).await;
    let session = &first["session_id"];
    let second = ask(&kit, U1, json!({ "message": "Q2", "session_id": session })).await;
    let again = ask(&kit, U1, json!({ "regenerate": second["message_id"] })).await;
    assert_eq!(again["answer"], "A2 again");
    assert_eq!(again["user_message_id"], second["user_message_id"]);
    assert_eq!(&again["session_id"], session);
    let prompt = said(&[("user", "Q1"), ("assistant", "A1"), ("user", "Q2")]);
    assert_eq!(asked_last(&provider), prompt);
    assert_eq!(
        texts(&kit, session, "").await,
        ["Q1", "A1", "Q2", "A2 again"]
    );
    let all = ["Q1", "A1", "Q2", "A2", "A2 again"];
    assert_eq!(texts(&kit, session, "branches=true").await, all);

    // Another branch becomes the active one, and goes on.
    let path = format!("/chat/sessions/{}", session.as_str().unwrap());
    let back = json!({ "active_message_id": second["message_id"] });
    let token = kit.token(U1).await;
    assert_eq!(kit.patch(&token, &path, back).await.status, 200);
    assert_eq!(texts(&kit, session, "").await, ["Q1", "A1", "Q2", "A2"]);
    let third = ask(&kit, U1, json!({ "message": "Q3", "session_id": session })).await;
    let prompt = [
        ("user", "Q1"),
        ("assistant", "A1"),
        ("user", "Q2"),
        ("assistant", "A2"),
        ("user", "Q3"),
    ];
    assert_eq!(asked_last(&provider), said(&prompt));
    assert_eq!(
        texts(&kit, session, "").await,
        ["Q1", "A1", "Q2", "A2", "Q3", "A3"]
    );
    // Page by page it is the same.
    assert_eq!(texts(&kit, session, "limit=2").await, ["Q1", "A1"]);
    let path = format!(
        "/chat/messages/{}",
        third["user_message_id"].as_str().unwrap()
    );
    let question = kit.get(&token, &path);
    assert_eq!(question.await.json["parent_id"], second["message_id"]);
}

#[tokio::test]
async fn a_question_is_asked_otherwise_beside_the_old_one() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    says(&provider, &["A1", "A2", "A1b", "A2c"]);
    let first = ask(&kit, U1, json!({ "message": "Q1" })).await;
    let session = &first["session_id"];
    ask(&kit, U1, json!({ "message": "Q2", "session_id": session })).await;
    // The first question of all.
    let edit = json!({ "message": "Q1b", "edit": first["user_message_id"] });
    let edited = ask(&kit, U1, edit).await;
    assert_eq!(asked_last(&provider), said(&[("user", "Q1b")]));
    assert_eq!(texts(&kit, session, "").await, ["Q1b", "A1b"]);
    assert_eq!(&edited["session_id"], session);
    // After a message in the middle of another branch.
    let after =
        json!({ "message": "Q2c", "session_id": session, "parent_id": first["message_id"] });
    ask(&kit, U1, after).await;
    let prompt = said(&[("user", "Q1"), ("assistant", "A1"), ("user", "Q2c")]);
    assert_eq!(asked_last(&provider), prompt);
    assert_eq!(texts(&kit, session, "").await, ["Q1", "A1", "Q2c", "A2c"]);
    let all = ["Q1", "A1", "Q2", "A2", "Q1b", "A1b", "Q2c", "A2c"];
    assert_eq!(texts(&kit, session, "branches=true").await, all);
}

#[tokio::test] // R26
async fn what_is_no_place_in_the_conversation_is_refused() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let one = ask(&kit, U1, json!({ "message": "One?" })).await;
    let other = ask(&kit, U1, json!({ "message": "Another?" })).await;
    let stored = kit.messages().await;
    let (question, answer) = (&one["user_message_id"], &one["message_id"]);
    for (body, field) in [
        (
            json!({ "message": "x", "parent_id": answer, "session_id": other["session_id"] }),
            "parent_id",
        ),
        (
            json!({ "message": "x", "parent_id": Uuid::now_v7() }),
            "parent_id",
        ),
        (json!({ "regenerate": question }), "regenerate"),
        (
            json!({ "regenerate": answer, "session_id": other["session_id"] }),
            "regenerate",
        ),
        (json!({ "message": "x", "edit": answer }), "edit"),
        (json!({ "message": "x", "regenerate": answer }), "message"),
        (json!({ "edit": question }), "message"),
        (
            json!({ "message": "x", "edit": question, "parent_id": answer }),
            "parent_id",
        ),
        (json!({ "message": "x", "parent_id": "x" }), "parent_id"),
    ] {
        let refused = kit.post(&token, "/chat", body.clone()).await;
        assert_eq!(refused.fields(), [field], "{body}");
    }
    let path = format!("/chat/sessions/{}", one["session_id"].as_str().unwrap());
    for (body, field) in [
        (
            json!({ "active_message_id": other["message_id"] }),
            "active_message_id",
        ),
        (json!({}), "title"),
    ] {
        let refused = kit.patch(&token, &path, body).await;
        assert_eq!(refused.fields(), [field]);
    }
    assert_eq!(kit.messages().await, stored);
}

#[tokio::test]
async fn a_question_that_was_refused_is_not_sent_again() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let first = ask(&kit, U1, json!({ "message": "Good?" })).await;
    let session = &first["session_id"];
    let filtered = json!({ "error": { "code": "content_filter", "status": 400 } });
    let flagged = json!({ "error": { "code": 403, "metadata": { "reasons": ["x"] } } });
    let policy = json!({ "error": { "message": "content policy" } });
    let long = json!({ "error": { "code": "context_length_exceeded" } });
    for (refusal, status, code) in [
        (Reply::Status(400, long), 400, "context_length_exceeded"),
        (Reply::Status(400, policy), 502, "provider_rejected"),
        (Reply::Status(403, flagged), 400, "content_filter"),
        (Reply::Status(200, filtered.clone()), 400, "content_filter"),
        (
            Reply::Raw(format!("data: {filtered}\n\n")),
            400,
            "content_filter",
        ),
    ] {
        provider.reply(refusal);
        let bad = json!({ "message": "Bad?", "session_id": session });
        let refused = kit.post(&token, "/chat", bad).await;
        assert_eq!(refused.problem(status), code);
    }
    // One that is cut where it began to say what must not be said.
    let cut = json!({ "choices": [{ "delta": { "content": "Bad is" }, "finish_reason": "content_filter" }] });
    provider.reply(Reply::Raw(format!("data: {cut}\n\ndata: [DONE]\n\n")));
    ask(
        &kit,
        U1,
        json!({ "message": "Bad?", "session_id": session }),
    )
    .await;
    ask(
        &kit,
        U1,
        json!({ "message": "And now?", "session_id": session }),
    )
    .await;
    let prompt = [
        ("user", "Good?"),
        ("assistant", "Hello from the model."),
        ("user", "And now?"),
    ];
    assert_eq!(asked_last(&provider), said(&prompt));
    // Nothing that was said is lost.
    assert!(texts(&kit, session, "").await.contains(&"Bad?".to_owned()));
}
