//! JSON that PostgreSQL kept there, and that nobody could read here.

use super::{Move, old::Old, rule};
use crate::kit::{Kit, database::connect_to};
use serde_json::{Value, json};

/// What stands there, and whether it is JSON here, too.
fn odd() -> Vec<(String, bool)> {
    let nested = |n: usize| format!("{}7{}", "[".repeat(n), "]".repeat(n));
    vec![
        ("[{\"score\": 1e200000}]".to_owned(), false),
        ("-1E+400".to_owned(), false),
        ("{\"small\": 1e-20000}".to_owned(), false),
        ("9".repeat(400), false),
        (nested(200), false),
        (nested(64), true),
        // As Python writes them.
        (
            "[{\"score\": 1e+16, \"low\": 1e-05, \"none\": -0.0}]".to_owned(),
            true,
        ),
        ("[9007199254740993, 1.50]".to_owned(), true),
    ]
}

#[tokio::test]
async fn json_that_nobody_could_read_is_kept_as_a_text() {
    let moved = Move::of(Old::acme().await).await;
    let mut there = connect_to(&moved.old.database.url()).await;
    let who = &moved.old.expected["passwords"][0];
    // A conversation of somebody's that is long enough.
    let all: Vec<i32> = sqlx::query_scalar(
        "select m.id from chat_messages m where m.session_id = (
           select s.id from chat_sessions s join users u on u.id = s.user_id join chat_messages n on n.session_id = s.id
           where u.email = $1 group by s.id having count(*) >= 8 order by s.id limit 1) order by m.id",
    )
    .bind(who["email"].as_str().unwrap())
    .fetch_all(&mut there)
    .await
    .unwrap();
    assert!(all.len() >= 8, "{all:?}");
    for ((text, _), message) in odd().iter().zip(&all) {
        let set = format!("update chat_messages set sources = '{text}' where id = {message}");
        moved.old.change(&set).await;
    }
    let settings = r#"{"zoom": 1e200000, "deep": [[1]]}"#;
    let set = format!(
        "update users set profile_settings = '{settings}' where id = {}",
        who["user_id"]
    );
    moved.old.change(&set).await;

    let report = moved.copy_and_verify().await;
    let unreadable = odd().into_iter().zip(&all);
    let unreadable = unreadable.filter(|((_, is_json), _)| !is_json);
    let ids: Vec<String> = unreadable.map(|(_, id)| id.to_string()).collect();
    assert_eq!(rule(&report, "json_unreadable").1, ids);
    let kit = Kit::on(moved.new.clone(), []).await;
    for ((text, is_json), message) in odd().iter().zip(&all) {
        let (sources, kept): (Option<String>, Option<String>) = sqlx::query_as(
            "select (metadata -> 'sources')::text, metadata #>> '{legacy,sources}' from parlance.chat_messages where legacy_id = $1",
        )
        .bind(message.to_string())
        .fetch_one(&kit.pool)
        .await
        .unwrap();
        assert_eq!(sources.is_some(), *is_json, "{text}");
        assert_eq!(kept.as_ref(), Some(text).filter(|_| !is_json), "{message}");
    }
    let legacy: String = sqlx::query_scalar(
        "select u.legacy::text from parlance.users u join parlance.legacy_rows r on r.id = u.id
         where r.kind = 'user' and r.legacy_id = $1",
    )
    .bind(who["user_id"].to_string())
    .fetch_one(&kit.pool)
    .await
    .unwrap();
    assert!(legacy.contains(settings), "{legacy}");

    // Whose it is can read it.
    let login = json!({ "email": who["email"], "password": who["password"] });
    let login = kit.post("", "/login", login).await;
    let token = login.json["access_token"].as_str().unwrap().to_owned();
    let session: String =
        sqlx::query_scalar("select session_id::text from chat_messages where id = $1")
            .bind(all[0])
            .fetch_one(&mut there)
            .await
            .unwrap();
    let path = format!("/chat/sessions/{session}/messages?limit=100");
    let read = kit.get(&token, &path).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let items = read.json["items"].as_array().map(Vec::len);
    assert_eq!(items, Some(all.len()), "{}", read.text);
    let export = kit.get(&token, "/chat/export").await;
    assert_eq!(export.status, 200, "{}", export.text);
    assert_ne!(export.json, Value::Null, "{}", export.text);
}
