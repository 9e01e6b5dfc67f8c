//! What a repeat finds after something has happened, and what keys leave behind.

use super::{
    CHOSEN, DOCUMENTS, EMAIL, INVITE, RESTORE, TENANTS, USERS, count, document, kit, run, send,
    set_prompt, tenant, user,
};
use crate::{
    invitations::{accept, token},
    kit::{ADMIN1, Kit, SUPERUSER, T1, U2, provider::Provider},
    vectors::indexed,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

#[tokio::test] // R85
async fn what_is_gone_is_not_made_again() {
    let kit = kit("1").await;
    let admin = kit.token(ADMIN1).await;
    for (path, body) in [(DOCUMENTS, document("Refunds")), (USERS, user(EMAIL))] {
        let made = send(&kit, &admin, "k-1", path, &body).await;
        let path_of = format!("{path}/{}", made.id("id"));
        assert_eq!(kit.delete(&admin, &path_of).await.status, 204);
        let again = send(&kit, &admin, "k-1", path, &body).await;
        assert_eq!(again.problem(410), "result_gone");
    }
    let body = json!({ "email": EMAIL });
    let invited = async |key| send(&kit, &admin, key, INVITE, &body).await;
    let first = token(&invited("k-1").await);
    // Replaced by another one, which is accepted.
    let second = token(&invited("k-2").await);
    assert_ne!(first, second);
    assert_eq!(invited("k-1").await.problem(410), "result_gone");
    assert_eq!(token(&invited("k-2").await), second);
    assert_eq!(accept(&kit, &second, CHOSEN).await.status, 204);
    assert_eq!(invited("k-2").await.problem(410), "result_gone");
}

#[tokio::test] // R85
async fn a_repeat_is_answered_with_what_there_is_now() {
    let kit = kit("1").await;
    let admin = kit.token(ADMIN1).await;
    let made = send(&kit, &admin, "k-1", USERS, &user(EMAIL)).await;
    let path = format!("/admin/users/{}", made.id("id"));
    let change = json!({ "full_name": "Ana" });
    let changed = kit.patch(&admin, &path, change).await;
    let again = send(&kit, &admin, "k-1", USERS, &user(EMAIL)).await;
    assert_eq!((again.status, again.json), (made.status, changed.json));

    let restored = send(&kit, &admin, "k-1", RESTORE, &Value::Null).await;
    assert_eq!(restored.json["prompt_version"], 3, "{}", restored.text);
    set_prompt(&kit, "Be quick.").await;
    let again = send(&kit, &admin, "k-1", RESTORE, &Value::Null).await;
    assert_eq!(again.json["prompt_version"], 4, "{}", again.text);
    assert_eq!(again.json["system_prompt"], "Be quick.");
}

#[tokio::test] // R85
async fn a_tenant_that_was_half_made_is_finished_by_the_repeat() {
    let kit = kit("1").await;
    let root = kit.token(SUPERUSER).await;
    kit.break_audit("tenant.update").await;
    let broken = send(&kit, &root, "k-1", TENANTS, &tenant("three")).await;
    assert_eq!(broken.problem(500), "internal");
    run(&kit, "drop trigger broken on parlance.audit_log").await;
    let other = send(&kit, &root, "k-1", TENANTS, &tenant("four")).await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
    for _ in 0..2 {
        let made = send(&kit, &root, "k-1", TENANTS, &tenant("three")).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.json["system_prompt"], "Be kind.");
        assert_eq!(
            made.json["allowed_origins"],
            json!(["https://three.example"])
        );
        assert_eq!(kit.audited(made.id("id"), "tenant.create").await.len(), 1);
        assert_eq!(kit.audited(made.id("id"), "tenant.update").await.len(), 1);
    }
}

#[tokio::test] // R85
async fn a_document_sent_twice_is_embedded_once() {
    let provider = Provider::start().await;
    let kit = indexed(&provider).await;
    let admin = kit.token(ADMIN1).await;
    let first = send(&kit, &admin, "k-1", DOCUMENTS, &document("Refunds")).await;
    assert_eq!(first.json["status"], "ready", "{}", first.text);
    kit.work().await;
    let asked = provider.asked().len();
    let again = send(&kit, &admin, "k-1", DOCUMENTS, &document("Refunds")).await;
    assert_eq!((again.status, again.json), (first.status, first.json));
    kit.work().await;
    assert_eq!(provider.asked().len(), asked);
}

#[tokio::test] // R85
async fn a_question_whose_answer_is_deleted_is_not_asked_again() {
    let kit = Kit::new().await;
    let user = kit.token(U2).await;
    let question = json!({ "message": "Once?" });
    let first = send(&kit, &user, "k-1", "/chat", &question).await;
    let path = format!("/chat/sessions/{}", first.id("session_id"));
    assert_eq!(kit.delete(&user, &path).await.status, 204);
    let again = send(&kit, &user, "k-1", "/chat", &question).await;
    assert_eq!(again.problem(410), "result_gone");
}

#[tokio::test] // R24 R85
async fn nobody_can_try_passwords_against_what_is_stored_of_a_body() {
    let kit = kit("1").await;
    let admin = kit.token(ADMIN1).await;
    let body = user(EMAIL);
    let made = send(&kit, &admin, "k-1", USERS, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let sql = "select count(*) filter (where body_hash = sha256($1)), count(*) from parlance.idempotency_keys";
    let (plain, all): (i64, i64) = sqlx::query_as(sql)
        .bind(body.to_string().into_bytes())
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!((plain, all), (0, 1));
}

#[tokio::test] // R85
async fn keys_end_with_their_user() {
    let kit = kit("1").await;
    run(
        &kit,
        "update parlance.users set role = 'admin' where email = 'u2@one.example'",
    )
    .await;
    let theirs = kit.token(U2).await;
    let made = send(&kit, &theirs, "k-1", DOCUMENTS, &document("Refunds")).await;
    assert_eq!(made.status, 202, "{}", made.text);
    let all = "select count(*) from parlance.idempotency_keys";
    assert_eq!(count(&kit, all).await, 1);
    let path = format!("/admin/users/{}", U2.id);
    let deleted = kit.delete(&kit.token(ADMIN1).await, &path).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    assert_eq!(count(&kit, all).await, 0);
}

#[tokio::test] // R31 R85
async fn who_makes_tenants_sees_no_other_keys() {
    let kit = kit("1").await;
    let (admin, root) = (kit.token(ADMIN1).await, kit.token(SUPERUSER).await);
    send(&kit, &admin, "k-1", DOCUMENTS, &document("Refunds")).await;
    send(&kit, &root, "k-1", DOCUMENTS, &document("Refunds")).await;
    send(&kit, &root, "k-1", TENANTS, &tenant("three")).await;
    let mut platform = PgConnection::connect(&kit.database.url_as("platform"))
        .await
        .unwrap();
    for (tenant, seen) in [(T1, vec![]), (SUPERUSER.tenant_id, vec!["POST /tenants"])] {
        let mut tx = platform.begin().await.unwrap();
        let context = format!("select set_config('app.tenant_id', '{tenant}', true)");
        tx.execute(AssertSqlSafe(context)).await.unwrap();
        let routes: Vec<String> = sqlx::query_scalar("select route from parlance.idempotency_keys")
            .fetch_all(&mut *tx)
            .await
            .unwrap();
        assert_eq!(routes, seen);
    }
}
