//! What people change of themselves.

use crate::{
    kit::{Kit, T1, U1, U2},
    user_changes::{deed, log},
};
use serde_json::json;

#[tokio::test] // R87
async fn people_rename_themselves_and_see_it_at_once() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    // The service has read the account a moment ago.
    let before = kit.get(&token, "/login/me").await;
    assert_eq!(before.json["user"]["full_name"], "");
    let changed = kit
        .patch(&token, "/login/me", json!({ "full_name": "Ute Eins" }))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let mut expected = before.json;
    expected["user"]["full_name"] = json!("Ute Eins");
    assert_eq!(changed.json, expected);
    assert_eq!(kit.get(&token, "/login/me").await.json, expected);
    assert_eq!(kit.login(U1).await.json["user"]["full_name"], "Ute Eins");
    assert_eq!(kit.login(U2).await.json["user"]["full_name"], "");

    assert_eq!(log(&kit, T1).await, [deed("user.update", U1, U1.id)]);
}

#[tokio::test] // R28
async fn nothing_but_the_name_is_theirs_to_change() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    for (body, wrong) in [
        (json!({}), "full_name"),
        (json!({ "full_name": null }), "full_name"),
        (json!({ "full_name": "n".repeat(201) }), "full_name"),
        (
            json!({ "full_name": "x", "email": "x@one.example" }),
            "email",
        ),
        (json!({ "full_name": "x", "role": "admin" }), "role"),
        (
            json!({ "full_name": "x", "is_superuser": true }),
            "is_superuser",
        ),
        (json!({ "full_name": "x", "id": U2.id }), "id"),
    ] {
        let refused = kit.patch(&token, "/login/me", body.clone()).await;
        assert_eq!(refused.fields(), [wrong], "{body}");
    }
    let longest = json!({ "full_name": "\u{1f6b2}".repeat(200) });
    assert_eq!(kit.patch(&token, "/login/me", longest).await.status, 200);
}

#[tokio::test] // R87
async fn nobody_fills_the_log_with_names() {
    let kit = Kit::new().await;
    let token = kit.token(U1).await;
    let mut renamed = 0;
    // On a slow machine there are more, since the limit forgets with time.
    let refused = loop {
        let name = json!({ "full_name": format!("Name {renamed}") });
        let answer = kit.patch(&token, "/login/me", name).await;
        if answer.status != 200 {
            break answer;
        }
        renamed += 1;
    };
    assert_eq!(refused.problem(429), "too_many_requests");
    assert!(renamed >= 10, "{renamed}");
    assert_eq!(kit.audited(T1, "user.update").await.len(), renamed);
    let other = kit.token(U2).await;
    let name = json!({ "full_name": "Other" });
    assert_eq!(kit.patch(&other, "/login/me", name).await.status, 200);
}
