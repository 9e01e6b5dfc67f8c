//! Databases of other shapes, with a file that says what is where.

use super::{Move, old::Old, report_file};

/// Other names, other types, and columns that nobody knows.
const OTHERWISE: &str = r#"
    alter table users rename to "user";
    alter table "user" rename hashed_password to password_digest;
    alter table "user" add column role varchar not null default 'x';
    alter table "user" alter role drop default;
    alter table chat_messages rename to messages;
    alter table messages rename session_id to conversation_id;
    alter table messages rename content to body;
    alter table messages rename timestamp to sent_at;
    alter table messages alter sent_at type timestamptz using sent_at at time zone 'UTC';
    alter table messages add column workspace_id integer not null default 1;
    alter table messages alter workspace_id drop default;
    alter table messages add column context jsonb;
    update messages set context = '{"page": 3}' where id = 1;
    create type mood as enum ('good', 'bad');
    alter table chat_sessions add column mood mood;
    update alembic_version set version_num = 'feedbeefcafe'"#;

const MAP: &str = r#"
    revision = "feedbeefcafe"
    [users]
    table = "user"
    columns = { hashed_password = "password_digest" }
    ignore = ["role"]
    [chat_messages]
    table = "messages"
    columns = { session_id = "conversation_id", content = "body", timestamp = "sent_at" }
    ignore = ["workspace_id"]
    defaults = { role = "user" }"#;

#[tokio::test]
async fn another_shape_is_refused_with_all_that_differs_and_taken_with_a_mapping() {
    let moved = Move::of(Old::acme().await).await;
    moved.old.change(OTHERWISE).await;
    let refused = moved.refused(&[]).await;
    for told in [
        "alembic_version says feedbeefcafe, which is not known",
        "there is no table users in the schema public (its tables: alembic_version, chat_sessions, messages, tenants, user)",
        "there is no table chat_messages",
    ] {
        assert!(refused.contains(told), "{told}: {refused}");
    }
    let file = report_file();
    let option = format!("--map={}", file.display());
    let tables = "revision = \"feedbeefcafe\"\n[users]\ntable = \"user\"\n[chat_messages]\ntable = \"messages\"";
    std::fs::write(&file, tables).unwrap();
    let refused = moved.refused(&[&option]).await;
    for told in [
        "users.hashed_password is missing (there is password_digest character varying)",
        "users.role character varying not null is unknown. If it does not matter here, say [users] ignore = [\"role\"]",
        "chat_messages.session_id is missing",
        "chat_messages.content is missing",
        "chat_messages.workspace_id integer not null is unknown",
    ] {
        assert!(refused.contains(told), "{told}: {refused}");
    }
    std::fs::write(&file, MAP).unwrap();
    let ended = moved.run(&[&option]).await;
    assert!(ended.ok, "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .contains("not copied: users.role, chat_sessions.mood, chat_messages.workspace_id"),
        "{}",
        ended.stdout
    );
    let same = moved.run(&["verify", &option]).await;
    assert!(
        same.ok
            && same
                .stdout
                .contains("compared 61 users, 400 conversations and 6112 messages"),
        "{}",
        same.stdout
    );
    let pool = moved.new.pool().await;
    let context: serde_json::Value = sqlx::query_scalar(
        "select metadata -> 'context' from parlance.chat_messages where legacy_id = '1'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(context, serde_json::json!({ "page": 3 }));
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn mistakes_of_a_mapping_are_told() {
    let moved = Move::of(Old::acme().await).await;
    let file = report_file();
    let option = format!("--map={}", file.display());
    for (text, told) in [
        ("[user]", "unknown field `user`"),
        (
            "[users]\ncolumns = { passwort = \"x\" }",
            "--map says [users] columns passwort, but what is read of it is id, email",
        ),
        (
            "[users]\nignore = [\"nothing\"]",
            "--map names users.nothing, which there is not",
        ),
        (
            "[users]\nconstants = { is_active = 1.5 }",
            "that is no text, number, true or false",
        ),
        (
            "[chat_messages]\ncolumns = { content = \"timestamp\" }",
            "chat_messages.timestamp is timestamp without time zone, not a text",
        ),
        (
            "schema = \"elsewhere\"",
            "there is no table users in the schema elsewhere (its tables: none)",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = moved.refused(&[&option]).await;
        assert!(refused.contains(told), "{text}: {refused}");
    }
    std::fs::remove_file(&file).unwrap();
    let missing = moved.refused(&[&option]).await;
    assert!(missing.contains("cannot be read"), "{missing}");
}

#[tokio::test]
async fn naive_times_are_of_the_zone_that_is_said() {
    let moved = Move::of(Old::acme().await).await;
    let refused = moved.refused(&["--time-zone=Europe/Atlantis"]).await;
    assert!(
        refused.contains("--time-zone Europe/Atlantis is none that PostgreSQL knows"),
        "{refused}"
    );
    let ended = moved.run(&["--time-zone=Asia/Tokyo"]).await;
    assert!(ended.ok, "{}", ended.stderr);
    let pool = moved.new.pool().await;
    let made: String = sqlx::query_scalar(
        "select created_at::text from parlance.users where email = 'root@example.com'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(made.starts_with("2025-04-14 00:00:00"), "{made}");
}
