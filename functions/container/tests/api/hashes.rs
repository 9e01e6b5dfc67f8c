//! Stored hashes of every kind: what a login tells and takes does not depend on whose is which.

use crate::kit::{ADMIN1, Kit, PASSWORD, T1, U1, U2};
use serde_json::{Value, json};

async fn attempt(kit: &Kit, tenant: Value, email: &str, password: &str) -> (u16, u64) {
    let before = kit.app.hasher.invocations();
    let login = json!({ "tenant": tenant, "email": email, "password": password });
    let answer = kit.post("", "/login", login).await;
    (
        answer.status.as_u16(),
        kit.app.hasher.invocations() - before,
    )
}

async fn store(kit: &Kit, hash: &str) {
    sqlx::query("update parlance.users set password_hash = $2 where id = $1")
        .bind(U1.id)
        .bind(hash)
        .execute(&kit.pool)
        .await
        .unwrap();
}

#[tokio::test] // R6
async fn every_failure_takes_as_long_as_the_dearest_hash_that_anybody_has() {
    let kit = Kit::new().await;
    let people = [U1.email, U2.email, ADMIN1.email, "nobody@one.example"];
    for email in people {
        assert_eq!(attempt(&kit, json!("one"), email, "wrong").await, (401, 1));
    }
    // Of the usual password, as another service made it.
    store(
        &kit,
        "$2b$12$vzhKisd.IYVWQTzBezgeIOAmNZ56PkijMCP8s0cNCYPNlz9tK2bJi",
    )
    .await;
    // Argon2 and bcrypt once each.
    for email in people {
        assert_eq!(
            attempt(&kit, json!("one"), email, "wrong").await,
            (401, 2),
            "{email}"
        );
        assert_eq!(
            attempt(&kit, json!(null), email, "wrong").await,
            (401, 4),
            "{email}"
        );
    }
    assert_eq!(
        attempt(&kit, json!("none"), U1.email, "wrong").await,
        (401, 2)
    );
    // Checked, and hashed anew: then nobody has one any more.
    assert_eq!(
        attempt(&kit, json!("one"), U1.email, PASSWORD).await,
        (200, 2)
    );
    for email in people {
        assert_eq!(
            attempt(&kit, json!("one"), email, "wrong").await,
            (401, 1),
            "{email}"
        );
    }
}

#[tokio::test] // R6 R87
async fn a_hash_of_no_known_kind_is_nobodys_and_written_down() {
    let kit = Kit::new().await;
    for hash in [
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "!",
    ] {
        store(&kit, hash).await;
        assert_eq!(
            attempt(&kit, json!("one"), U1.email, PASSWORD).await,
            (401, 1)
        );
        assert_eq!(
            attempt(&kit, json!(null), U1.email, PASSWORD).await,
            (401, 2)
        );
    }
    let told = kit.audited(T1, "password.unusable").await;
    let lines: Vec<_> = told.iter().map(|row| row.line()).collect();
    assert_eq!(
        lines,
        vec![format!("password.unusable {} failure", U1.id); 4]
    );
}

#[tokio::test] // R22
async fn a_password_is_the_same_on_every_keyboard() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    // Composed, as Windows and Linux type it, and decomposed.
    let composed = "p\u{e4}ssw\u{f6}rd f\u{fc}r mich zw\u{f6}lf";
    let decomposed = "pa\u{308}sswo\u{308}rd fu\u{308}r mich zwo\u{308}lf";
    for (n, set) in [composed, decomposed].into_iter().enumerate() {
        let email = format!("n{n}@one.example");
        let user = json!({ "email": email, "password": set });
        let made = kit.post(&admin, "/admin/users", user).await;
        assert_eq!(made.status, 201, "{}", made.text);
        for typed in [composed, decomposed] {
            assert_eq!(attempt(&kit, json!("one"), &email, typed).await.0, 200);
        }
    }
    // Decomposed to fifteen characters, which are fewer.
    let short = json!({ "email": "n2@one.example", "password": "a\u{308}o\u{308}u\u{308}xvzqkwm" });
    let refused = kit.post(&admin, "/admin/users", short).await;
    assert_eq!(refused.fields(), ["password"]);
}
