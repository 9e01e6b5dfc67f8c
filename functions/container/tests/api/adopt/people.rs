//! Whoever could log in there can log in here.

use super::{Move, old::Old};
use crate::kit::Kit;
use serde_json::{Value, json};

async fn hash_of(kit: &Kit, legacy_id: &Value) -> String {
    sqlx::query_scalar(
        "select u.password_hash from parlance.legacy_rows r join parlance.users u on u.id = r.id
         where r.kind = 'user' and r.legacy_id = $1",
    )
    .bind(legacy_id.to_string())
    .fetch_one(&kit.pool)
    .await
    .unwrap()
}

/// Each with the old password, twice: what is stored is another hash after the first time.
async fn assert_logins(kit: &Kit, people: &[Value]) {
    for who in people {
        let (email, password) = (
            who["email"].as_str().unwrap(),
            who["password"].as_str().unwrap(),
        );
        let wrong = json!({ "email": email, "password": format!("{password}?") });
        for _ in 0..2 {
            let login = kit
                .post(
                    "",
                    "/login",
                    json!({ "email": email, "password": password }),
                )
                .await;
            assert_eq!(login.status, 200, "{email}: {}", login.text);
            let legacy: String = sqlx::query_scalar(
                "select legacy_id from parlance.legacy_rows where kind = 'user' and id = $1::uuid",
            )
            .bind(login.json["user"]["id"].as_str())
            .fetch_one(&kit.pool)
            .await
            .unwrap();
            assert_eq!(legacy, who["user_id"].to_string(), "{email}");
        }
        let hash = hash_of(kit, &who["user_id"]).await;
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456"),
            "{email}: {hash}"
        );
        // Every character counts from now on.
        assert_eq!(
            kit.post("", "/login", wrong).await.problem(401),
            "invalid_credentials",
            "{email}"
        );
    }
}

#[tokio::test]
async fn everybody_of_acme_can_log_in_with_the_old_password() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    for list in ["passwords", "more_passwords"] {
        assert_logins(&kit, moved.old.expected[list].as_array().unwrap()).await;
    }
    // Whose stored hash is none has no password, also not that text.
    let nobody = json!({ "email": "ana@example.com", "password": "Ana-with-a-capital" });
    assert_eq!(
        kit.post("", "/login", nobody).await.problem(401),
        "invalid_credentials"
    );
}

#[tokio::test]
async fn everybody_of_globex_who_may_can_log_in_with_the_old_password() {
    let moved = Move::of(Old::globex().await).await;
    moved.copy().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    let all = moved.old.expected["passwords"].as_array().unwrap();
    let shut = ["inactive@example.com", "alice@example.com"];
    let (out, may): (Vec<Value>, Vec<Value>) = all
        .iter()
        .cloned()
        .partition(|who| shut.contains(&who["email"].as_str().unwrap()));
    assert_eq!(out.len(), 2);
    assert_logins(&kit, &may).await;
    for who in out {
        let login = json!({ "email": who["email"], "password": who["password"] });
        assert_eq!(
            kit.post("", "/login", login).await.problem(401),
            "invalid_credentials"
        );
    }
}

#[tokio::test]
async fn who_came_with_capital_letters_is_locked_out_and_let_in_by_them() {
    let moved = Move::of(Old::acme().await).await;
    moved.copy().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    let url = moved.new.url();
    let vars = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", crate::kit::SECRET_KEY),
    ];
    let reset = [
        "reset-password",
        "--tenant",
        "acme",
        "--password-stdin",
        "--email",
        "Ana@example.com",
    ];
    let ended = crate::config::run(&reset, &vars, "seven green bicycles").await;
    assert!(ended.ok, "{}", ended.stderr);
    for (email, password, status) in [
        ("Ana@example.com", "seven green bicycles", 200),
        ("Ana@example.com", "Ana-with-a-capital", 401),
        ("ana@example.com", "seven green bicycles", 401),
        ("ana@example.com", "ana-without-one", 200),
        ("ANA@example.com", "ana-without-one", 200),
    ] {
        let login = json!({ "tenant": "acme", "email": email, "password": password });
        assert_eq!(
            kit.post("", "/login", login).await.status,
            status,
            "{email} {password}"
        );
    }
}
