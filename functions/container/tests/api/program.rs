//! The program's commands for its operator: help, migrate, the first superuser, serve.

use crate::{
    commands::{program, run},
    kit::{
        JWT_SECRET_KEY, Kit, PASSWORD, SECRET_KEY, U1,
        database::Database,
        environment,
        program::Program,
        wait::{wait_for, wait_until},
    },
};
use db::MIGRATOR;
use serde_json::json;
use std::{collections::HashSet, net::TcpListener};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test] // R52
async fn help_names_every_command_and_needs_no_setting() {
    let help = run(&["--help"], &[], "").await;
    assert!(help.ok, "{}", help.stderr);
    for command in [
        "serve",
        "migrate",
        "dev",
        "create-superuser",
        "reset-password",
        "check",
        "backup-url",
        "openapi",
        "health",
        "postgres",
    ] {
        assert!(help.stdout.contains(command), "{command}");
        assert!(run(&[command, "--help"], &[], "").await.ok, "{command}");
    }
    assert!(
        run(&["--version"], &[], "")
            .await
            .stdout
            .starts_with("parlance ")
    );
    let unknown = run(&["frobnicate"], &[], "").await;
    unknown.is_refused("Usage");
}

#[tokio::test]
async fn migrate_can_be_run_again() {
    let database = Database::empty().await;
    let url = database.url();
    // Roles belong to the whole server: these must not be those of other tests.
    let vars = [
        ("DATABASE_URL", &*url),
        ("SECRET_KEY", SECRET_KEY),
        ("ROLE_PREFIX", "migrated_twice"),
    ];
    let (pool, mut verifiers) = (database.pool().await, HashSet::new());
    for applied in [MIGRATOR.iter().count(), 0] {
        let migrated = run(&["migrate"], &vars, "").await;
        assert!(migrated.ok, "{}", migrated.stderr);
        let (_, server) = url.split_once('@').unwrap();
        let (server, name) = server.split_once('/').unwrap();
        let said = format!(
            "The database {name} on {server} is up to date: {} migrations, {applied} of them applied now. Vectors ",
            MIGRATOR.iter().count()
        );
        assert!(migrated.stdout.starts_with(&said), "{}", migrated.stdout);
        assert!(!migrated.stderr.contains(SECRET_KEY));
        let stored: String = sqlx::query_scalar(
            "select rolpassword from pg_authid where rolname = 'migrated_twice_app'",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        verifiers.insert(stored);
    }
    // A pooler goes on logging in with what it knows of the first.
    assert_eq!(verifiers.len(), 1, "{verifiers:?}");
    let both = [run(&["migrate"], &vars, ""), run(&["migrate"], &vars, "")];
    let [one, two] = both;
    let (one, two) = tokio::join!(one, two);
    assert!(one.ok && two.ok, "{} {}", one.stderr, two.stderr);

    let roles = run(&["migrate", "--print-roles"], &vars, "").await;
    assert!(
        roles.ok && roles.stdout.contains("SCRAM-SHA-256$"),
        "{}",
        roles.stderr
    );
    assert!(!roles.stdout.contains(SECRET_KEY));
}

#[tokio::test]
async fn a_superuser_is_created_once_and_can_log_in() {
    let kit = Kit::new().await;
    let url = kit.database.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let email = ["create-superuser", "--email", " Ops@New.Example "];
    let made = run(&email, &vars, "").await;
    assert!(made.ok, "{}", made.stderr);
    let shown = made
        .stdout
        .lines()
        .find_map(|l| l.strip_prefix("Password (shown only now): "));
    let given = [&email[..], &["--tenant", "ops", "--password-stdin"]].concat();
    let made = run(&given, &vars, "tomato bicycle harbour\n").await;
    assert!(
        made.ok && !made.stdout.contains("tomato"),
        "{}",
        made.stderr
    );

    for (tenant, password) in [
        ("platform", shown.unwrap()),
        ("ops", "tomato bicycle harbour"),
    ] {
        let login = json!({ "tenant": tenant, "email": "ops@new.example", "password": password });
        let login = kit.post("", "/login", login).await;
        assert_eq!(login.status, 200, "{}", login.text);
        assert_eq!(login.json["user"]["is_superuser"], true);
        let token = login.json["access_token"].as_str().unwrap();
        assert_eq!(kit.get(token, "/tenants").await.status, 200);
    }
    let again = run(&email, &vars, "").await;
    again.is_refused("already has a user");
}

#[tokio::test]
async fn a_superuser_that_cannot_be_is_refused_and_nothing_is_stored() {
    let kit = Kit::new().await;
    let url = kit.database.url();
    let vars = [("DATABASE_URL", &*url), ("SECRET_KEY", SECRET_KEY)];
    let refused = async |email: &str, tenant: &str, password: &str| {
        let arguments = [
            "create-superuser",
            "--email",
            email,
            "--tenant",
            tenant,
            "--password-stdin",
        ];
        let ended = run(&arguments, &vars, password).await;
        assert!(!ended.ok, "{email} {tenant} {password}");
        assert!(
            password.is_empty() || !ended.stderr.contains(password),
            "{}",
            ended.stderr
        );
        ended
    };
    let good = "tomato bicycle harbour";
    let long = "x".repeat(129);
    for password in [
        "",
        "short",
        "admin",
        "passwordpassword",
        "platform2026platform",
        &long,
    ] {
        refused("ops@new.example", "platform", password).await;
    }
    let no_slug = refused("ops@new.example", "No Slug", good).await;
    no_slug.is_refused("--tenant takes a slug");
    for email in ["", "nobody", "a b@c.example", "@"] {
        refused(email, "platform", good).await;
    }
    let users: i64 = sqlx::query_scalar("select count(*) from parlance.users")
        .fetch_one(&kit.pool)
        .await
        .unwrap();
    assert_eq!(users, i64::try_from(crate::kit::PEOPLE.len()).unwrap());
}

/// What the service at `port` answers to a login.
async fn log_in(port: u16, password: &str) -> String {
    let body = json!({ "tenant": "one", "email": U1.email, "password": password }).to_string();
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// What the service says while it serves a good and a bad login, and the answer to the good one.
async fn log_of_logins() -> (String, String) {
    let database = Database::clone_template().await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let shown = port.to_string();
    let vars = environment(&database);
    let mut vars: Vec<(&str, &str)> = vars.iter().map(|(n, v)| (&**n, &**v)).collect();
    vars.extend([("PORT", &*shown), ("RUST_LOG", "trace")]);
    let child = program(&["serve"], &vars).spawn().unwrap();
    let pid = child.id().unwrap().to_string();
    let ended = tokio::spawn(child.wait_with_output());
    wait_until("`parlance serve` to accept connections", async || {
        TcpStream::connect(("127.0.0.1", port)).await
    })
    .await;
    let health = run(&["health"], &[("PORT", &*shown)], "").await;
    assert!(health.ok, "{}", health.stderr);
    let good = log_in(port, PASSWORD).await;
    assert!(
        log_in(port, "not-the-password-canary")
            .await
            .starts_with("HTTP/1.1 401")
    );

    // SIGTERM; the standard library can only kill.
    let stop = tokio::process::Command::new("kill").arg(pid).status().await;
    assert!(stop.unwrap().success());
    let output = wait_for("the end of `parlance serve`", ended).await;
    let output = output.unwrap().unwrap();
    assert!(output.status.success());
    (
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        good,
    )
}

#[tokio::test]
async fn a_log_line_is_one_json_object_as_log_collectors_read_it() {
    let (log, _) = log_of_logins().await;
    assert!(log.lines().count() > 3, "{log}");
    for line in log.lines() {
        let event: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let level = event["level"].as_str().unwrap_or_default();
        // A library may have nothing to say to people below INFO.
        let needs_message = !["DEBUG", "TRACE"].contains(&level);
        assert!(!level.is_empty(), "{line}");
        assert!(event["message"].is_string() || !needs_message, "{line}");
    }
}

#[tokio::test] // R24
async fn no_log_line_tells_a_password_a_hash_a_token_or_a_secret() {
    let (log, good) = log_of_logins().await;
    assert!(
        log.contains("\"route\":\"/login\"") && log.contains("\"status\":401"),
        "{log}"
    );
    let (_, body) = good.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let token = |name: &str| body[name].as_str().unwrap().to_owned();
    let (access, refresh) = (token("access_token"), token("refresh_token"));
    for told in [
        "$argon2",
        PASSWORD,
        "not-the-password-canary",
        SECRET_KEY,
        JWT_SECRET_KEY,
        &access,
        &refresh,
        U1.email,
    ] {
        assert!(!log.contains(told), "{told}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_crash_would_leave_no_copy_of_its_memory() {
    let program = Program::serve(&Kit::new().await, &[]).await;
    let limits = program.told("limits");
    let core = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"));
    let core: Vec<_> = core.expect(&limits).split_whitespace().take(2).collect();
    assert_eq!(core, ["0", "0"]);
}
