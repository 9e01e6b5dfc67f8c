//! What the operator's commands say, and the one for somebody who is locked out.

use crate::{
    commands::run,
    kit::{JWT_SECRET_KEY, Kit, SECRET_KEY, SUPERUSER, T1, U1, database::Database},
};
use serde_json::json;

#[tokio::test]
async fn what_needs_a_schema_says_to_migrate_first() {
    let empty = Database::empty().await.url();
    let vars = [
        ("DATABASE_URL", &*empty),
        ("SECRET_KEY", SECRET_KEY),
        ("ROLE_PREFIX", "not_yet"),
    ];
    for command in [
        &["create-superuser", "--email", "a@b.example"][..],
        &["reset-password", "--email", "a@b.example"],
        &["backup-url"],
    ] {
        let ended = run(command, &vars, "").await;
        assert!(!ended.ok, "{command:?}");
        assert!(
            ended.stderr.contains("Run `parlance migrate` first"),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains(" at line "), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_schema_of_other_roles_is_not_migrated() {
    let kit = Kit::new().await;
    let url = kit.database.url();
    let vars = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", SECRET_KEY),
        ("ROLE_PREFIX", "another"),
    ];
    let ended = run(&["migrate"], &vars, "").await;
    let told = "belongs to the role parlance_owner, and not to another_owner. Either ROLE_PREFIX";
    ended.is_refused(told);
}

#[tokio::test]
async fn a_locked_out_user_gets_another_password_and_its_logins_end() {
    let kit = Kit::new().await;
    let url = kit.database.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let old = kit.login(U1).await;
    let email = U1.email.to_uppercase();
    let reset = ["reset-password", "--tenant", U1.tenant, "--email", &email];
    let made_up = run(&reset, &vars, "").await;
    assert!(made_up.ok, "{}", made_up.stderr);
    let password = made_up
        .stdout
        .lines()
        .find_map(|l| l.strip_prefix("Password (shown only now): "));
    let login =
        |password: &str| json!({ "tenant": U1.tenant, "email": U1.email, "password": password });
    let answer = kit.post("", "/login", login(password.unwrap())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let refresh = json!({ "refresh_token": old.json["refresh_token"] });
    assert_eq!(kit.post("", "/login/refresh", refresh).await.status, 401);
    let noted = kit.audited(T1, "password.reset").await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(
        (noted[0].actor_id, noted[0].detail.as_deref()),
        (None, Some("by the operator"))
    );
    assert_eq!(noted[0].target, U1.id.to_string());

    let given = [&reset[..], &["--password-stdin"]].concat();
    let refused = run(&given, &vars, "short").await;
    refused.is_refused("the password cannot be used");
    let taken = run(&given, &vars, "tomato bicycle harbour\n").await;
    assert!(
        taken.ok && !taken.stdout.contains("tomato"),
        "{}",
        taken.stderr
    );
    let answer = kit
        .post("", "/login", login("tomato bicycle harbour"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);

    for (tenant, email) in [("one", SUPERUSER.email), ("nowhere", U1.email)] {
        let ended = run(
            &["reset-password", "--tenant", tenant, "--email", email],
            &vars,
            "",
        )
        .await;
        let told = format!("the tenant {tenant} has no user with this email");
        ended.is_refused(&told);
    }
}

#[tokio::test]
async fn check_says_what_is_wrong_and_serves_nothing() {
    let kit = Kit::new().await;
    let url = kit.database.url();
    let good = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", SECRET_KEY),
        ("JWT_SECRET_KEY", JWT_SECRET_KEY),
    ];
    let checked = run(&["check"], &good, "").await;
    assert!(checked.ok, "{}", checked.stderr);
    assert!(
        checked
            .stdout
            .contains("Set: DATABASE_URL JWT_SECRET_KEY SECRET_KEY\n"),
        "{}",
        checked.stdout
    );
    assert!(!checked.stdout.contains("canary"), "{}", checked.stdout);
    let empty = Database::empty().await.url();
    for (name, value, told) in [
        ("PORT", "eighty", "PORT must be a whole number"),
        (
            "DATABASE_URL",
            "postgresql://a:canary@127.0.0.1:1/name",
            "the database does not answer",
        ),
        (
            "DATABASE_URL",
            "postgresql://a:canary@127.0.0.1:1",
            "DATABASE_URL names no database",
        ),
        ("DATABASE_URL", &empty, "Run `parlance migrate` first"),
        (
            "SECRET_KEY",
            "another-secret-9f2c7d41e8b05a36c1f4d7e2b9a8",
            "with the same SECRET_KEY",
        ),
    ] {
        let vars: Vec<_> = good
            .iter()
            .filter(|(n, _)| *n != name)
            .copied()
            .chain([(name, value)])
            .collect();
        let ended = run(&["check"], &vars, "").await;
        assert!(
            !ended.ok && ended.stderr.contains(told),
            "{name}: {}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_reader_that_leaves_is_no_error() {
    let piped = format!("{} openapi | head -1", env!("CARGO_BIN_EXE_parlance"));
    let piped = tokio::process::Command::new("bash")
        .args(["-o", "pipefail", "-c", &piped])
        .output();
    let piped = piped.await.expect("there is a shell");
    assert_eq!(String::from_utf8_lossy(&piped.stderr), "");
    assert!(piped.status.success());
}
