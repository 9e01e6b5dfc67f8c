//! Moving in again after the way back: what was written here and then there is known, and what followed there comes behind it.

use super::{
    Move,
    back::{ask, log_in, newcomer, one, sql, theirs, within},
    old::Old,
    rule,
};
use crate::kit::{
    Kit,
    database::{Database, connect_to},
};
use serde_json::{Value, json};

/// What is shown of a conversation.
async fn shown(kit: &Kit, token: &str, session: &str) -> Vec<String> {
    let path = format!("/chat/sessions/{session}/messages?limit=100");
    let read = kit.get(token, &path).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let items = read.json["items"].as_array().unwrap().iter();
    items
        .map(|item| item["content"].as_str().unwrap().to_owned())
        .collect()
}

/// A question and an answer of the old service, later than everything.
fn said(session: &str, text: &str) -> String {
    format!(
        "insert into chat_messages (session_id, role, content, timestamp)
         select {session}, role, role || ': {text}', (now() at time zone 'UTC') + nth * interval '1 second'
         from (values ('user', 1), ('assistant', 2)) of (role, nth);"
    )
}

#[tokio::test]
async fn what_was_written_back_is_known_and_what_followed_comes_behind_it() {
    let mut moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    let who = &moved.old.expected["passwords"][0];
    let (email, password) = (
        who["email"].as_str().unwrap(),
        who["password"].as_str().unwrap(),
    );
    let token = log_in(&kit, email, password).await;
    let (old_id, session) = theirs(&kit, email).await;
    let before = shown(&kit, &token, &old_id).await;
    let more = json!({ "session_id": session, "message": "Said here." });
    ask(&kit, &token, more).await;
    let admin = within(&kit, "acme").await;
    let newcomers = newcomer(&kit, &admin).await;
    let new = ask(&kit, &newcomers, json!({ "message": "What is new?" })).await;
    let anew = ask(&kit, &newcomers, json!({ "regenerate": new["message_id"] })).await;
    // The first answer is shown again, so that what follows begins beside the end.
    let path = format!("/chat/sessions/{}", new["session_id"].as_str().unwrap());
    let first = json!({ "active_message_id": new["message_id"] });
    let first = kit.patch(&newcomers, &path, first).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let promoted = "update parlance.users set role = 'admin' where email = 'newcomer@example.com'";
    sqlx::query(promoted).execute(&kit.pool).await.unwrap();

    // Back, and on with it there.
    moved.old.change(&sql(&moved).await.0).await;
    let mut there = connect_to(&moved.old.database.url()).await;
    let newcomers_id: i32 = one(
        &mut there,
        "select id from users where email = 'newcomer@example.com'",
    )
    .await;
    let newcomers_chat: i32 = one(
        &mut there,
        &format!("select id from chat_sessions where user_id = {newcomers_id}"),
    )
    .await;
    let unchanged = moved.copy_and_verify().await;
    assert_eq!(unchanged["copied"]["messages"], 0, "{unchanged}");
    assert_eq!(rule(&unchanged, "user_made_here").0, 1, "{unchanged}");
    moved.old.change(&said(&old_id, "there")).await;
    moved
        .old
        .change(&said(&newcomers_chat.to_string(), "there, too"))
        .await;
    moved
        .old
        .change(&format!(
            "update users set hashed_password = '!', profile_settings = '{{}}' where id = {newcomers_id};
             insert into chat_sessions (user_id, title, created_at) values ({newcomers_id}, 'Begun there', now() at time zone 'UTC');"
        ))
        .await;

    // In again.
    let report = moved.copy_and_verify().await;
    assert_eq!(report["copied"]["messages"], 4, "{report}");
    assert_eq!(report["copied"]["sessions"], 1, "{report}");
    assert_eq!(rule(&report, "session_gone_on_there").0, 2, "{report}");
    assert_eq!(rule(&report, "session_written_here").0, 0, "{report}");
    let now = shown(&kit, &token, &old_id).await;
    assert_eq!(now[..before.len()], before);
    assert_eq!(now[before.len()], "Said here.");
    assert_eq!(now[before.len() + 2..], ["user: there", "assistant: there"]);
    // Whoever came here comes in as before, and is what was said here.
    let newcomers = log_in(&kit, "newcomer@example.com", "umbrella forty kettle moss").await;
    let me = kit.get(&newcomers, "/login/me").await;
    assert_eq!(me.json["user"]["role"], "admin", "{}", me.text);
    let chats = kit.get(&newcomers, "/chat/sessions").await;
    assert_eq!(
        chats.json["items"].as_array().unwrap().len(),
        2,
        "{}",
        chats.text
    );
    let id = new["session_id"].as_str().unwrap();
    let now = shown(&kit, &newcomers, id).await;
    assert_eq!(now.len(), 4, "{now:?}");
    assert_eq!(now[0], "What is new?");
    assert_eq!(now[2..], ["user: there, too", "assistant: there, too"]);
    let path = format!("/chat/messages/{}", anew["message_id"].as_str().unwrap());
    assert_eq!(
        kit.get(&newcomers, &path).await.status,
        200,
        "the other branch stays"
    );
    // Its old id opens it by now.
    assert_eq!(
        shown(&kit, &newcomers, &newcomers_chat.to_string()).await,
        now
    );
    let again = moved.copy_and_verify().await;
    assert_eq!(
        again["copied"],
        json!({ "tenants": 0, "users": 0, "sessions": 0, "messages": 0 })
    );

    // It goes on here, and back once more: what comes from there is not written there again.
    ask(
        &kit,
        &newcomers,
        json!({ "session_id": id, "message": "Here again." }),
    )
    .await;
    let count = "select count(*) from chat_messages";
    let all: i64 = one(&mut there, count).await;
    moved.old.change(&sql(&moved).await.0).await;
    assert_eq!(one::<i64>(&mut there, count).await, all + 2);
    assert_eq!(
        one::<i64>(&mut there, "select count(*) from users").await,
        62
    );

    // To another deployment it is an old database as any.
    moved.new = Database::clone_template().await;
    let fresh = moved.copy_and_verify().await;
    assert_eq!(fresh["copied"]["users"], Value::from(62), "{fresh}");
    assert_eq!(fresh["copied"]["messages"], Value::from(all + 2), "{fresh}");
}

#[tokio::test]
async fn what_may_not_be_read_of_what_was_written_back_is_told() {
    let mut moved = Move::of(Old::globex().await).await;
    moved
        .old
        .change(
            "create role looker login password 'reads'; grant select on all tables in schema public to looker;
             create table parlance_back (id uuid primary key, there text not null)",
        )
        .await;
    let url = moved.old.database.url();
    let rest = url.split_once('@').expect("it has a user").1;
    moved.arguments[0] = format!("--from=postgresql://looker:reads@{rest}");
    let refused = moved.refused(&[]).await;
    moved
        .old
        .change("drop owned by looker; drop role looker")
        .await;
    assert!(
        refused.contains("grant select on parlance_back to it"),
        "{refused}"
    );
}
