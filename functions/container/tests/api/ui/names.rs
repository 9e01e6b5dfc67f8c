//! Conversations and questions keep the names that an app gave them, each user's its own; and a name is what tells a request
//! that is sent again.

use super::{ask, kit, pairs, parts, said, stop, submit, text_of, twin};
use crate::kit::{
    Kit, Person, U1, U2, V1,
    provider::{Provider, Reply},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_conversation_is_shown_with_the_apps_name() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let begun = ask(&kit, &token, submit("kR2v/Qx7 é", "q1", "Well?")).await;
    let session = &begun[0]["messageMetadata"]["session_id"];
    let listed = kit.get(&token, "/chat/sessions").await;
    assert_eq!(listed.json["items"][0]["external_id"], "kR2v/Qx7 é");
    assert_eq!(&listed.json["items"][0]["id"], session);
    assert_eq!(listed.json["items"][0]["title"], "Well?");
    let loaded = kit.get(&token, "/chat/ui/kR2v%2FQx7%20%C3%A9").await;
    assert_eq!(loaded.json["id"], "kR2v/Qx7 é");
    assert_eq!(&loaded.json["session_id"], session);
    // One that no app has named goes on under its id here.
    let plain = kit
        .post(&token, "/chat", json!({ "message": "Hello?" }))
        .await;
    let plain = plain.json["session_id"].as_str().unwrap();
    assert_eq!(said(&kit, &token, plain).await.len(), 2);
    ask(&kit, &token, submit(plain, "q2", "And now?")).await;
    assert_eq!(said(&kit, &token, plain).await.len(), 4);
    let shown = kit.get(&token, &format!("/chat/sessions/{plain}")).await;
    assert!(shown.json["external_id"].is_null());
}

#[tokio::test] // R25 R27
async fn the_same_name_is_another_conversation_for_everybody() {
    let kit = Kit::new().await;
    let mut sessions = BTreeSet::new();
    for who in [U1, U2, V1] {
        let token = kit.token(who).await;
        let begun = ask(
            &kit,
            &token,
            submit("chat", "q1", &format!("I am {}", who.email)),
        )
        .await;
        sessions.insert(begun[0]["messageMetadata"]["session_id"].to_string());
    }
    assert_eq!(sessions.len(), 3);
    let own = async |who: Person| said(&kit, &kit.token(who).await, "chat").await;
    assert_eq!(own(U2).await[0].1, format!("I am {}", U2.email));
    // Nor does the id of somebody else's name it: it is a name like others.
    let theirs: String = serde_json::from_str(sessions.first().unwrap()).unwrap();
    let stranger = kit.token(crate::kit::ADMIN2).await;
    ask(&kit, &stranger, submit(&theirs, "q1", "Hello?")).await;
    assert_eq!(said(&kit, &stranger, &theirs).await.len(), 2);
}

#[tokio::test] // R85
async fn a_question_sent_again_is_asked_once() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    let question = submit("c", "q1", "Well?");
    let first = ask(&kit, &token, question.clone()).await;
    let again = ask(&kit, &token, question.clone()).await;
    assert_eq!(again[0], first[0]);
    assert_eq!(text_of(&again), text_of(&first));
    // Also after others.
    ask(&kit, &token, submit("c", "q2", "And?")).await;
    let late = ask(&kit, &token, question).await;
    assert_eq!(late[0], first[0]);
    assert_eq!(provider.chats().len(), 2);
    assert_eq!(said(&kit, &token, "c").await.len(), 4);
    // Another text under that name is no question sent again.
    let other = kit
        .post(&token, "/chat/ui", submit("c", "q1", "Another?"))
        .await;
    assert_eq!(other.problem(422), "invalid_request");
    assert!(other.text.contains("messageId"), "{}", other.text);
    assert_eq!(provider.chats().len(), 2);
    // In another conversation the name is free.
    ask(&kit, &token, submit("d", "q1", "Another?")).await;
}

#[tokio::test] // R85
async fn sent_several_times_at_once_it_is_asked_once() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let other = twin(&kit.database, &provider).await;
    let token = kit.token(U1).await;
    for chat in 0..4 {
        let chat = format!("c{chat}");
        let ask = async |kit: &Kit| {
            let answer = kit
                .post(&token, "/chat/ui", submit(&chat, "q1", "Well?"))
                .await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            parts(&answer.text)[0].clone()
        };
        let all = tokio::join!(ask(&kit), ask(&other), ask(&kit), ask(&other));
        assert!(
            all.0 == all.1 && all.1 == all.2 && all.2 == all.3,
            "{all:?}"
        );
    }
    assert_eq!(provider.chats().len(), 4);
    assert_eq!(kit.messages().await.len(), 8);
}

#[tokio::test] // R85
async fn what_was_not_answered_is_answered_when_it_is_sent_again() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    provider.reply(Reply::BreakAfter(vec!["A part".to_owned()]));
    let question = submit("c", "q1", "Well?");
    let broken = kit.post(&token, "/chat/ui", question.clone()).await;
    assert!(broken.text.contains(r#""type":"error""#), "{}", broken.text);
    let again = ask(&kit, &token, question.clone()).await;
    assert_eq!(text_of(&again), "Hello from the model.");
    let whole = pairs(&[("q1", "Well?"), ("assistant", "Hello from the model.")]);
    assert_eq!(said(&kit, &token, "c").await, whole);
    // One that failed and was left behind is told as it is.
    provider.reply(Reply::BreakAfter(vec!["Another part".to_owned()]));
    kit.post(&token, "/chat/ui", submit("c", "q2", "And?"))
        .await;
    ask(&kit, &token, submit("c", "q3", "And now?")).await;
    let late = kit
        .post(&token, "/chat/ui", submit("c", "q2", "And?"))
        .await;
    assert!(late.text.contains(r#""type":"error""#), "{}", late.text);
    assert_eq!(provider.chats().len(), 4);
}

#[tokio::test] // R85
async fn an_idempotency_key_works_as_elsewhere() {
    let provider = Provider::start().await;
    let kit = kit(&provider).await;
    let token = kit.token(U1).await;
    ask(&kit, &token, submit("c", "q1", "Well?")).await;
    let send = async |body: &Value| {
        let request = crate::kit::request(&token, "POST", "/chat/ui")
            .header("content-type", "application/json")
            .header("idempotency-key", "k1");
        kit.send(request, body.to_string().into()).await
    };
    let mut anew = submit("c", "q1", "Well?");
    anew["trigger"] = json!("regenerate-message");
    let first = send(&anew).await;
    let again = send(&anew).await;
    assert_eq!(parts(&first.text)[0], parts(&again.text)[0]);
    assert_eq!(provider.chats().len(), 2);
    let other = send(&submit("c", "q2", "Another?")).await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
    stop(&kit, &token, "c").await;
}
