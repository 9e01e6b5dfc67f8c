//! Edit and regenerate, as the client sends them: what is replaced stays on a branch of its own.

use super::{ask, kit, load, pairs, said, submit, text_of, user};
use crate::kit::{
    U1,
    provider::{Provider, Reply},
};
use serde_json::{Value, json};

fn says(provider: &Provider, answers: &[&str]) {
    for answer in answers {
        provider.reply(Reply::Text(vec![(*answer).to_owned()]));
    }
}

fn with(mut body: Value, name: &str, value: &str) -> Value {
    body[name] = json!(value);
    body
}

fn edit(chat: &str, id: &str, text: &str) -> Value {
    with(submit(chat, id, text), "messageId", id)
}

fn regenerate(chat: &str, id: &str, text: &str) -> Value {
    with(submit(chat, id, text), "trigger", "regenerate-message")
}

#[tokio::test]
async fn an_answer_is_made_anew_by_its_id_or_as_the_last() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    says(
        &provider,
        &[
            "A1",
            "A1 anew",
            "A2",
            "A2 anew",
            "A1 once more",
            "A1 at last",
        ],
    );
    let first = ask(&kit, &token, submit("c", "q1", "Q1")).await;
    let old = first[0]["messageId"].as_str().unwrap();
    let again = with(regenerate("c", "q1", "Q1"), "messageId", old);
    let again = ask(&kit, &token, again).await;
    assert_eq!(text_of(&again), "A1 anew");
    assert_ne!(again[0]["messageId"], old);
    let now = pairs(&[("q1", "Q1"), ("assistant", "A1 anew")]);
    assert_eq!(said(&kit, &token, "c").await, now);

    ask(&kit, &token, submit("c", "q2", "Q2")).await;
    // Nothing is named but the conversation, as `prepareSendMessagesRequest` may do.
    let last = json!({ "id": "c", "trigger": "regenerate-message" });
    ask(&kit, &token, last).await;
    let now = pairs(&[
        ("q1", "Q1"),
        ("assistant", "A1 anew"),
        ("q2", "Q2"),
        ("assistant", "A2 anew"),
    ]);
    assert_eq!(said(&kit, &token, "c").await, now);
    // An answer in the middle: what followed it is gone.
    ask(
        &kit,
        &token,
        with(
            json!({ "id": "c", "trigger": "regenerate-message" }),
            "messageId",
            old,
        ),
    )
    .await;
    let now = pairs(&[("q1", "Q1"), ("assistant", "A1 once more")]);
    assert_eq!(said(&kit, &token, "c").await, now);
    // A question's id is as good.
    ask(
        &kit,
        &token,
        with(regenerate("c", "q1", "Q1"), "messageId", "q1"),
    )
    .await;
    let now = pairs(&[("q1", "Q1"), ("assistant", "A1 at last")]);
    assert_eq!(said(&kit, &token, "c").await, now);

    // Nothing is lost.
    let session = load(&kit, &token, "c").await["session_id"].clone();
    let path = format!(
        "/chat/sessions/{}/messages?branches=true",
        session.as_str().unwrap()
    );
    assert_eq!(
        kit.get(&token, &path).await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        8
    );
}

#[tokio::test]
async fn a_question_is_asked_otherwise_under_its_id() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    says(&provider, &["A1", "A2", "A1b", "A1b anew", "A1c"]);
    ask(&kit, &token, submit("c", "q1", "Q1")).await;
    ask(&kit, &token, submit("c", "q2", "Q2")).await;
    let edited = ask(&kit, &token, edit("c", "q1", "Q1b")).await;
    let now = pairs(&[("q1", "Q1b"), ("assistant", "A1b")]);
    assert_eq!(said(&kit, &token, "c").await, now);
    // Sent again, it is the same.
    let again = ask(&kit, &token, edit("c", "q1", "Q1b")).await;
    assert_eq!(again[0], edited[0]);
    // An app that edits in its own list and regenerates.
    let own = with(regenerate("c", "q1", "Q1b"), "messageId", "q1");
    ask(&kit, &token, own).await;
    assert_eq!(said(&kit, &token, "c").await[1].1, "A1b anew");
    ask(&kit, &token, regenerate("c", "q1", "Q1c")).await;
    let now = pairs(&[("q1", "Q1c"), ("assistant", "A1c")]);
    assert_eq!(said(&kit, &token, "c").await, now);
    assert_eq!(provider.chats().len(), 5);
}

#[tokio::test]
async fn an_edit_that_changes_nothing_lets_go_of_what_followed() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    says(&provider, &["A1", "A2", "A1 anew"]);
    ask(&kit, &token, submit("c", "q1", "Q1")).await;
    ask(&kit, &token, submit("c", "q2", "Q2")).await;
    ask(&kit, &token, edit("c", "q1", "Q1")).await;
    let now = pairs(&[("q1", "Q1"), ("assistant", "A1 anew")]);
    assert_eq!(said(&kit, &token, "c").await, now);
}

#[tokio::test]
async fn what_was_never_taken_is_a_question_like_others() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    says(&provider, &["A1", "A2", "A3"]);
    // The first request was lost; its user has it made anew.
    ask(&kit, &token, regenerate("c", "q1", "Q1")).await;
    let unknown = with(regenerate("c", "q2", "Q2"), "messageId", "no such answer");
    ask(&kit, &token, unknown).await;
    // So is a message that is said to replace one that there is not.
    ask(
        &kit,
        &token,
        with(submit("c", "q3", "Q3"), "messageId", "q3"),
    )
    .await;
    let all = [
        ("q1", "Q1"),
        ("assistant", "A1"),
        ("q2", "Q2"),
        ("assistant", "A2"),
        ("q3", "Q3"),
        ("assistant", "A3"),
    ];
    assert_eq!(said(&kit, &token, "c").await, pairs(&all));

    let nothing = with(
        json!({ "id": "new", "trigger": "regenerate-message" }),
        "messageId",
        "x",
    );
    let refused = kit.post(&token, "/chat/ui", nothing).await;
    assert_eq!(refused.problem(422), "invalid_request");
    assert!(refused.text.contains("`messageId`"), "{}", refused.text);
    assert_eq!(
        kit.get(&token, "/chat/ui/new").await.problem(404),
        "not_found"
    );
}

#[tokio::test]
async fn the_last_message_alone_will_do() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    says(&provider, &["A1", "A2", "A2b", "A2b anew"]);
    ask(
        &kit,
        &token,
        json!({ "id": "c", "message": user("q1", "Q1") }),
    )
    .await;
    ask(
        &kit,
        &token,
        json!({ "id": "c", "message": user("q2", "Q2") }),
    )
    .await;
    let edit = json!({ "id": "c", "message": user("q2b", "Q2b"), "messageId": "q2" });
    let edited = ask(&kit, &token, edit).await;
    let now = [
        ("q1", "Q1"),
        ("assistant", "A1"),
        ("q2b", "Q2b"),
        ("assistant", "A2b"),
    ];
    assert_eq!(said(&kit, &token, "c").await, pairs(&now));
    // An answer beside its id says nothing.
    let answer = json!({ "id": edited[0]["messageId"], "role": "assistant", "parts": [] });
    let anew = json!({
        "id": "c", "message": answer, "messageId": edited[0]["messageId"], "trigger": "regenerate-message",
    });
    assert_eq!(text_of(&ask(&kit, &token, anew).await), "A2b anew");
    let asked = provider.chats().pop().unwrap().body["messages"].clone();
    let asked = asked
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["content"].clone());
    assert_eq!(asked.collect::<Vec<_>>(), ["Q1", "A1", "Q2b"]);
}
