//! Databases in which other rows refer to something else than ids.

use super::{
    Move,
    beside::{assert_sessions, assert_users, sessions},
    old::Old,
};
use crate::kit::{Kit, database::connect_to};
use serde_json::json;

/// Messages name their conversation by a text, conversations their user by a UUID; neither is the key.
const REFERRED: &str = "
    alter table users add column public_id uuid not null unique default gen_random_uuid();
    alter table chat_sessions add column session_id varchar(40) not null unique default 'c-' || gen_random_uuid();
    alter table chat_sessions add column owner uuid;
    update chat_sessions s set owner = u.public_id from users u where u.id = s.user_id;
    alter table chat_sessions drop column user_id;
    alter table chat_sessions rename owner to user_id;
    alter table chat_sessions alter user_id set not null,
      add foreign key (user_id) references users (public_id);
    alter table chat_messages add column conversation varchar(40);
    update chat_messages m set conversation = s.session_id from chat_sessions s where s.id = m.session_id;
    alter table chat_messages drop column session_id;
    alter table chat_messages rename conversation to session_id;
    alter table chat_messages alter session_id set not null,
      add foreign key (session_id) references chat_sessions (session_id)";

#[tokio::test]
async fn what_rows_refer_to_is_known_by_their_foreign_keys() {
    let moved = Move::of(Old::acme().await).await;
    moved.old.change(REFERRED).await;
    let report = moved.copy_and_verify().await;
    assert_eq!(report["copied"]["messages"], 6112);
    assert_eq!(report["left"], json!([]));
    let kit = Kit::on(moved.new.clone(), []).await;
    let here = sessions(&kit.pool).await;
    assert_eq!(assert_sessions(&here, &moved.old.expected), 400);
    assert_users(&kit.pool, &moved.old.expected).await;
    let again = moved.copy().await;
    assert_eq!(again["copied"]["sessions"], 0);
    // What changes there is found by them, too.
    moved
        .old
        .change("update chat_messages set content = 'edited' where id = 5")
        .await;
    assert_eq!(moved.copy_and_verify().await["copied"]["sessions"], 1);
}

#[tokio::test] // R35
async fn both_ids_of_a_conversation_open_it_for_its_user_alone() {
    let moved = Move::of(Old::acme().await).await;
    moved.old.change(REFERRED).await;
    moved.copy().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    let mut there = connect_to(&moved.old.database.url()).await;
    let (id, key, email): (i32, String, String) = sqlx::query_as(
        "select s.id, s.session_id, u.email from chat_sessions s join users u on u.public_id = s.user_id
         where u.email = $1 order by s.id limit 1",
    )
    .bind(moved.old.expected["passwords"][0]["email"].as_str())
    .fetch_one(&mut there)
    .await
    .unwrap();
    let mut tokens = Vec::new();
    // Whose it is, and somebody else.
    for who in &moved.old.expected["passwords"].as_array().unwrap()[..2] {
        let login = json!({ "email": who["email"], "password": who["password"] });
        let login = kit.post("", "/login", login).await;
        tokens.push((who["email"].clone(), login.json["access_token"].clone()));
    }
    for (who, token) in &tokens {
        let mut seen = Vec::new();
        for id in [id.to_string(), key.clone()] {
            let path = format!("/chat/sessions/{id}");
            let chat = kit.get(token.as_str().unwrap(), &path).await;
            // As what is no id at all to whoever has no such conversation.
            let expected = if *who == json!(email) {
                [200, 200]
            } else {
                [404, 422]
            };
            assert!(
                expected.contains(&chat.status.as_u16()),
                "{who} {id}: {}",
                chat.text
            );
            seen.push(chat.json["id"].clone());
        }
        assert_eq!(seen[0], seen[1]);
    }
    // What is said here finds its way back.
    let token = &tokens[0].1;
    let said = json!({ "message": "Said here", "session_id": null });
    let said = kit.post(token.as_str().unwrap(), "/chat", said).await;
    assert_eq!(said.status, 200, "{}", said.text);
    let path = format!("/chat/sessions/{key}");
    let old = kit.get(token.as_str().unwrap(), &path).await;
    let on = json!({ "message": "Gone on with here", "session_id": old.json["id"] });
    let on = kit.post(token.as_str().unwrap(), "/chat", on).await;
    assert_eq!(on.status, 200, "{}", on.text);
    let back = moved.run(&["back"]).await;
    assert!(back.ok, "{}", back.stderr);
    for _ in 0..2 {
        moved.old.change(&back.stdout).await;
    }
    let found: Vec<(String, i32)> = sqlx::query_as(
        "select m.content, s.id from chat_messages m join chat_sessions s on s.session_id = m.session_id
         join users u on u.public_id = s.user_id and u.email = $1 where m.content in ('Said here', 'Gone on with here') order by 1",
    )
    .bind(&email)
    .fetch_all(&mut there)
    .await
    .unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], ("Gone on with here".to_owned(), id));
    assert!(found[1].1 > 400, "{found:?}");
}

#[tokio::test]
async fn a_tenant_is_called_by_what_its_users_name() {
    let moved = Move::of(Old::globex().await).await;
    moved
        .old
        .change(
            "alter table users drop constraint users_tenant_id_fkey;
             alter table tenants add column code varchar unique;
             update tenants set code = 'code-' || id;
             alter table users alter tenant_id type varchar using 'code-' || tenant_id;
             alter table users add foreign key (tenant_id) references tenants (code)",
        )
        .await;
    let report = moved.copy_and_verify().await;
    assert_eq!(report["left"], json!(["tenants.id"]));
    let pool = moved.new.pool().await;
    let named: i64 = sqlx::query_scalar(
        "select count(*) from parlance.tenants where legacy_id like 'code-%' and slug = legacy_id",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(json!(named), report["there"]["tenants"]);
}

#[tokio::test]
async fn a_conversation_of_another_tenant_than_its_user_is_told() {
    let moved = Move::of(Old::acme().await).await;
    moved
        .old
        .change(
            "alter table chat_sessions add column tenant_id varchar not null default 'acme' references tenants (id);
             alter table chat_sessions alter tenant_id drop default;
             update chat_sessions s set tenant_id = u.tenant_id from users u where u.id = s.user_id and u.tenant_id is not null;
             update chat_sessions s set tenant_id = 'tenant_b_identifier'
             where id = (select min(t.id) from chat_sessions t join users u on u.id = t.user_id and u.tenant_id = 'acme')",
        )
        .await;
    let refused = moved.refused(&[]).await;
    // Those of users without a tenant, and one.
    let without = moved.old.expected["sessions"].as_array().unwrap();
    let users = moved.old.expected["users"].as_array().unwrap();
    let tenant = |id: &serde_json::Value| {
        let user = users.iter().find(|user| user["id"] == *id);
        user.unwrap()["tenant_id"].is_null()
    };
    let count = 1 + without.iter().filter(|s| tenant(&s["user_id"])).count();
    let told = format!("{count} conversations name another tenant than their user's (");
    assert!(refused.contains(&told), "{told}: {refused}");
    let ended = moved.run(&["--tenant-of-user"]).await;
    assert!(
        ended.ok
            && ended
                .stdout
                .contains(&format!("{count}x conversation that names another tenant")),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    let kit = Kit::on(moved.new.clone(), []).await;
    assert_sessions(&sessions(&kit.pool).await, &moved.old.expected);
}

#[tokio::test]
async fn a_message_of_another_tenant_than_its_conversation_is_told() {
    let moved = Move::of(Old::acme().await).await;
    moved
        .old
        .change(
            "alter table chat_messages add column tenant_id varchar references tenants (id);
             update chat_messages m set tenant_id = u.tenant_id from chat_sessions s join users u on u.id = s.user_id
             where s.id = m.session_id and m.id % 2 = 0;
             update chat_messages set tenant_id = 'tenant_b_identifier'
             where id in (select m.id from chat_messages m join chat_sessions s on s.id = m.session_id
                          join users u on u.id = s.user_id and u.tenant_id = 'acme' order by m.id limit 2)",
        )
        .await;
    let refused = moved.refused(&[]).await;
    let told = "2 messages name another tenant than their user's (";
    assert!(refused.contains(told), "{refused}");
    let ended = moved.run(&["--tenant-of-user"]).await;
    assert!(
        ended.ok
            && ended
                .stdout
                .contains("2x message that names another tenant"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    let kit = Kit::on(moved.new.clone(), []).await;
    assert_sessions(&sessions(&kit.pool).await, &moved.old.expected);
}
