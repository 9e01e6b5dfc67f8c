//! One address in several tenants: nobody keeps its owner out with it, or learns who has it.

use crate::kit::{ADMIN1, Answer, Kit, PASSWORD, T1, T2, U1, V1, request};
use axum::body::Body;
use serde_json::json;

const COPY: &str = "seven green bicycles";

async fn log_in(kit: &Kit, email: &str, password: &str) -> Answer {
    let login = json!({ "email": email, "password": password });
    kit.post("", "/login", login).await
}

/// Gives the first tenant an account with that address, and a password that its administrator knows.
async fn copy(kit: &Kit, email: &str) {
    let admin = kit.token(ADMIN1).await;
    let user = json!({ "email": email, "password": COPY });
    let made = kit.post(&admin, "/admin/users", user).await;
    assert_eq!(made.status, 201, "{}", made.text);
}

#[tokio::test] // R5
async fn a_copy_of_an_address_keeps_nobody_out_and_tells_nothing() {
    let kit = Kit::new().await;
    copy(&kit, V1.email).await;
    copy(&kit, "free@two.example").await;
    let owner = log_in(&kit, V1.email, PASSWORD).await;
    assert_eq!(owner.json["tenant"]["slug"], "two", "{}", owner.text);
    // Whether anybody else has an address does not show, neither in the answer nor in the work.
    for password in [COPY, "wrong"] {
        let mut told = Vec::new();
        for email in [V1.email, "free@two.example"] {
            let hashed = kit.app.hasher.invocations();
            let answer = log_in(&kit, email, password).await;
            told.push((answer.status, kit.app.hasher.invocations() - hashed));
        }
        assert_eq!(told[0], told[1], "{password}");
    }
    // What was tried in vain is told to both.
    for tenant in [T1, T2] {
        let failed = kit.audited(tenant, "login").await;
        let failed = failed.iter().filter(|row| row.outcome == "failure");
        assert!(failed.count() >= 1, "{tenant}");
    }
}

#[tokio::test] // R5
async fn who_was_there_first_is_found_among_many() {
    let kit = Kit::new().await;
    copy(&kit, V1.email).await;
    sqlx::query(
        "insert into parlance.users (tenant_id, id, email, password_hash)
         select (select id from parlance.tenants where slug = 'platform'), gen_random_uuid(), email, password_hash
         from parlance.users where email = $1 and tenant_id = $2",
    )
    .bind(V1.email)
    .bind(T1)
    .execute(&kit.pool)
    .await
    .unwrap();
    let owner = log_in(&kit, V1.email, PASSWORD).await;
    assert_eq!(owner.json["tenant"]["slug"], "two", "{}", owner.text);
}

#[tokio::test] // R5
async fn a_page_of_nobodys_tells_no_slug() {
    let kit = Kit::new().await;
    let mut told = Vec::new();
    for slug in ["one", "none"] {
        let login = json!({ "tenant": slug, "email": U1.email, "password": PASSWORD });
        let asked = request("", "POST", "/login")
            .header("content-type", "application/json")
            .header("origin", "https://evil.example")
            .header("x-request-id", "the-same-for-all");
        let hashed = kit.app.hasher.invocations();
        let answer = kit.send(asked, Body::from(login.to_string())).await;
        assert_eq!(answer.problem(403), "origin_not_allowed");
        told.push((answer.text, kit.app.hasher.invocations() - hashed));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn an_address_has_one_spelling_and_nothing_unseen() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for email in [
        "u1\u{200b}@one.example",
        "u1@one\u{2060}.example",
        "\u{202e}u1@one.example",
    ] {
        let user = json!({ "email": email, "password": COPY });
        let refused = kit.post(&admin, "/admin/users", user).await;
        assert_eq!(refused.fields(), ["email"], "{email}");
    }
    copy(&kit, "Jose\u{301}@B\u{fc}cher.example").await;
    let spellings = [
        "jos\u{e9}@b\u{fc}cher.example",
        "JOS\u{c9}@xn--bcher-kva.example",
    ];
    for email in spellings {
        let answer = log_in(&kit, email, COPY).await;
        assert_eq!(
            answer.json["user"]["email"],
            "jos\u{e9}@xn--bcher-kva.example"
        );
        let user = json!({ "email": email, "password": COPY });
        let taken = kit.post(&admin, "/admin/users", user).await;
        assert_eq!(taken.problem(409), "email_taken");
    }
    // As an earlier release stored it.
    sqlx::query("update parlance.users set email = $2 where id = $1")
        .bind(U1.id)
        .bind("u1@m\u{fc}ller.example")
        .execute(&kit.pool)
        .await
        .unwrap();
    let old = log_in(&kit, "U1@M\u{fc}ller.example", PASSWORD).await;
    assert_eq!(old.json["user"]["id"], U1.id.to_string(), "{}", old.text);
}
