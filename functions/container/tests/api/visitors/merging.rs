//! What a visitor has said before it was known becomes its own: once, and one way.

use super::{
    PAGE, ask, edit, from,
    identities::{Known, chats},
    visitor,
};
use crate::kit::{Kit, U1, wait::wait_until};
use serde_json::{Value, json};

/// The tokens of somebody who is not known, after a question; and the id of its conversation.
async fn nobody(kit: &Kit, known: &Known) -> (Value, String) {
    let entered = known.enter_with(kit, json!({})).await;
    assert_eq!(entered.status, 200, "{}", entered.text);
    let token = entered.json["access_token"].as_str().unwrap();
    let answer = ask(kit, token, json!({})).await;
    let chat = answer.json["session_id"].as_str().unwrap().to_owned();
    (entered.json, chat)
}

fn token(answer: &Value) -> &str {
    answer["access_token"].as_str().unwrap()
}

#[tokio::test]
async fn a_history_is_merged_once() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "optional").await;
    let (before, chat) = nobody(&kit, &known).await;
    let merge = async |sub: &str, refresh: &Value| {
        let token = known.token(&kit, sub, json!({}));
        let more = json!({ "identity_token": token, "anonymous_refresh_token": refresh });
        known.enter_with(&kit, more).await
    };
    let ada = merge("ada", &before["refresh_token"]).await;
    assert_eq!(ada.status, 200, "{}", ada.text);
    assert_eq!(chats(&kit, token(&ada.json)).await, [&*chat]);
    let again = json!({ "session_id": chat });
    assert_eq!(ask(&kit, token(&ada.json), again).await.status, 200);
    // The login before has ended.
    let out = wait_until("the login before to end", async || {
        let token = token(&before);
        let answer = from(&kit, PAGE, token, "GET", "/chat/sessions", &Value::Null).await;
        match answer.status.as_u16() {
            200 => Err("still in"),
            _ => Ok(answer),
        }
    });
    assert_eq!(out.await.problem(401), "invalid_token");
    let renewal = json!({ "refresh_token": before["refresh_token"] });
    let refused = from(&kit, PAGE, "", "POST", "/login/refresh", &renewal).await;
    assert_eq!(refused.problem(401), "session_expired");
    // Sent once more, by somebody else as well, it gives nothing.
    let bob = merge("bob", &before["refresh_token"]).await;
    assert_eq!(bob.status, 200, "{}", bob.text);
    assert_eq!(chats(&kit, token(&bob.json)).await, [""; 0]);
    assert_eq!(chats(&kit, token(&ada.json)).await, [&*chat]);

    // Where visitors must say who they are by now, what they said before is not lost.
    let (before, second) = nobody(&kit, &known).await;
    edit(&kit, &known.site, json!({ "identity": "required" })).await;
    let ada = merge("ada", &before["refresh_token"]).await;
    assert_eq!(chats(&kit, token(&ada.json)).await, [second, chat]);
}

#[tokio::test]
async fn nobody_else_is_merged() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "optional").await;
    let elsewhere = Known::new(&kit, "optional").await;
    let (there, _) = nobody(&kit, &elsewhere).await;
    let ada = known
        .enter(&kit, &known.token(&kit, "ada", json!({})))
        .await;
    assert_eq!(ask(&kit, token(&ada.json), json!({})).await.status, 200);
    let member = kit.login(U1).await;
    let claims = known.token(&kit, "bob", json!({}));
    for (whose, refresh) in [
        ("an identified visitor's", &ada.json["refresh_token"]),
        ("another site's", &there["refresh_token"]),
        ("a member's", &member.json["refresh_token"]),
        ("nobody's", &json!("x")),
        ("an access token", &there["access_token"]),
    ] {
        let more = json!({ "identity_token": claims, "anonymous_refresh_token": refresh });
        let refused = known.enter_with(&kit, more).await;
        assert_eq!(refused.fields(), ["anonymous_refresh_token"], "{whose}");
    }
    // None of that has used the token up, or taken anything from anybody.
    let bob = known.enter(&kit, &claims).await;
    assert_eq!(bob.status, 200, "{}", bob.text);
    assert_eq!(chats(&kit, token(&bob.json)).await, [""; 0]);
    assert_eq!(chats(&kit, token(&ada.json)).await.len(), 1);
    assert_eq!(chats(&kit, token(&there)).await.len(), 1);
    let refresh = json!({ "anonymous_refresh_token": there["refresh_token"] });
    let refused = elsewhere.enter_with(&kit, refresh).await;
    assert_eq!(refused.fields(), ["anonymous_refresh_token"]);
}

#[tokio::test] // R14
async fn an_old_refresh_token_merges_nothing() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "optional").await;
    let (before, chat) = nobody(&kit, &known).await;
    let renewal = json!({ "refresh_token": before["refresh_token"] });
    let renewed = from(&kit, PAGE, "", "POST", "/login/refresh", &renewal).await;
    // Its tokens are used, and some time has passed: whoever has the one before has a copy.
    assert_eq!(chats(&kit, token(&renewed.json)).await, [&*chat]);
    kit.clock.advance(chrono::TimeDelta::minutes(1));
    let claims = known.token(&kit, "thief", json!({}));
    let more =
        json!({ "identity_token": claims, "anonymous_refresh_token": before["refresh_token"] });
    let thief = known.enter_with(&kit, more).await;
    assert_eq!(thief.status, 200, "{}", thief.text);
    assert_eq!(chats(&kit, token(&thief.json)).await, [""; 0]);
    assert_eq!(chats(&kit, token(&renewed.json)).await, [&*chat]);
}

#[tokio::test]
async fn names_that_an_app_gave_conversations_do_not_collide() {
    let kit = Kit::new().await;
    let known = Known::new(&kit, "optional").await;
    let question = json!({
        "id": "the chat of this page",
        "messages": [{ "id": "q1", "role": "user", "parts": [{ "type": "text", "text": "Hello?" }] }],
    });
    let entered = known.enter_with(&kit, json!({})).await.json;
    let ada = known.visitor(&kit, "ada").await;
    for token in [token(&entered), &ada] {
        let asked = from(&kit, PAGE, token, "POST", "/chat/ui", &question).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
    }
    let more = json!({
        "identity_token": known.token(&kit, "ada", json!({})),
        "anonymous_refresh_token": entered["refresh_token"],
    });
    let merged = known.enter_with(&kit, more).await;
    assert_eq!(merged.status, 200, "{}", merged.text);
    assert_eq!(chats(&kit, &ada).await.len(), 2);
    assert_eq!(
        chats(&kit, &visitor(&kit, &known.site).await).await.len(),
        0
    );
}
