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
    let shut = [
        ("inactive@example.com", 401, "invalid_credentials"),
        // Of a tenant that was switched off.
        ("alice@example.com", 403, "tenant_suspended"),
    ];
    let is_shut = |who: &Value| shut.iter().any(|(email, ..)| who["email"] == *email);
    let (out, may): (Vec<Value>, Vec<Value>) = all.iter().cloned().partition(is_shut);
    assert_eq!(out.len(), 2);
    assert_logins(&kit, &may).await;
    for (email, status, code) in shut {
        let who = out.iter().find(|who| who["email"] == email).unwrap();
        let login = json!({ "email": email, "password": who["password"] });
        let refused = kit.post("", "/login", login).await;
        assert_eq!(refused.problem(status), code, "{email}");
    }
}

/// Of "correct horse battery staple", by passlib 1.7: what costs so much, and what that is as work of bcrypt.
const OTHER_HASHES: [(&str, Option<i32>); 5] = [
    (
        "$argon2i$v=19$m=512,t=2,p=2$JsTYOydEyJmzNqZUag0hpA$3CKclnhnLoiM/jH+gMOHO2PBiSZuyCdm929Mgoh1d4M",
        Some(4),
    ),
    (
        "$argon2d$v=19$m=512,t=2,p=2$eS8lhLBWCsH4H6OU8n7vnQ$QP6Ox+iqOPXKrUBSi+pQreQbivwGd/vmTsSrUnrsaiE",
        Some(4),
    ),
    (
        "$argon2i$m=512,t=2,p=2$c29tZXNhbHQxNmJ5dGVzIQ$qX312sgz32yvVdZrs2qvDw",
        Some(4),
    ),
    (
        "$argon2i$v=19$m=102400,t=2,p=8$W0vpfc9Zq/Vei9Ham3NOiQ$QCTXNOi9fTYC4xmxtG/iMiDL1XkBwdtXvSfMAoum3mI",
        Some(10),
    ),
    (
        "$2b$16$LvCY0rzozT5Xgji2ZU4vjeAj3oW4.yM4/wupNelcYxT/vZEQYiUY6",
        Some(16),
    ),
];

#[tokio::test] // R6
async fn who_came_with_a_rarer_hash_can_log_in_and_is_told_by_no_failure() {
    let moved = Move::of(Old::acme().await).await;
    for (n, (hash, _)) in OTHER_HASHES.iter().enumerate() {
        let made = format!(
            "insert into users (email, hashed_password, tenant_id) values ('rare{n}@example.com', '{hash}', 'acme')"
        );
        moved.old.change(&made).await;
    }
    moved.copy_and_verify().await;
    let kit = Kit::on(moved.new.clone(), []).await;
    for (n, (hash, cost)) in OTHER_HASHES.iter().enumerate() {
        let known: Option<i32> = sqlx::query_scalar("select parlance.bcrypt_cost($1)")
            .bind(hash)
            .fetch_one(&kit.pool)
            .await
            .unwrap();
        assert_eq!(known, *cost, "{hash}");
        let email = format!("rare{n}@example.com");
        // Half a minute of work without an optimising compiler.
        if hash.starts_with("$2b$16$") {
            let sql = "select password_hash from parlance.users where email = $1";
            let kept: String = sqlx::query_scalar(sql)
                .bind(&email)
                .fetch_one(&kit.pool)
                .await
                .unwrap();
            assert_eq!(kept, *hash);
            continue;
        }
        for (password, status) in [("wrong", 401), ("correct horse battery staple", 200)] {
            let login = json!({ "email": email, "password": password });
            let login = kit.post("", "/login", login).await;
            assert_eq!(login.status, status, "{hash}: {}", login.text);
        }
    }
    // Each login has replaced one.
    let left: Vec<(i32, i64)> = sqlx::query_as(
        "select cost, users from parlance.bcrypt_costs where cost in (4, 10, 16) order by 1",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    let left: Vec<i64> = left.into_iter().map(|(_, users)| users).collect();
    assert_eq!(left.last(), Some(&1), "{left:?}");
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
    let ended = crate::commands::run(&reset, &vars, "seven green bicycles").await;
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
