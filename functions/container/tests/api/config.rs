//! The real program with bad settings: it ends before it serves, says which setting is wrong, and never its value.

use crate::{
    commands::{Ended, run},
    kit::{JWT_SECRET_KEY, Kit, SECRET_KEY, SUPERUSER, database::Database},
};

/// Settings that are good but for the database, which is not there.
const GOOD: [(&str, &str); 3] = [
    (
        "DATABASE_URL",
        "postgresql://canary-user:canary-password@127.0.0.1:1/canary-db",
    ),
    ("SECRET_KEY", SECRET_KEY),
    ("JWT_SECRET_KEY", JWT_SECRET_KEY),
];

/// Good settings with some of them changed.
pub async fn serve(changes: &[(&str, &str)]) -> Ended {
    let good = GOOD
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(n, _)| n == name));
    let vars: Vec<_> = good.chain(changes).copied().collect();
    run(&["serve"], &vars, "").await
}

/// Asserts that the program refused to start, named the setting, and told no value.
pub fn assert_refused(ended: &Ended, name: &str, value: &str) {
    assert!(!ended.ok, "{name}={value}");
    assert!(
        ended.stderr.contains(name),
        "{name}={value}: {}",
        ended.stderr
    );
    let said = format!("{}{}", ended.stdout, ended.stderr);
    // Every value below that could be mistaken for a word of the explanation is shorter than this.
    assert!(
        value.len() < 6 || !said.contains(value),
        "{name} is told: {said}"
    );
    assert!(!said.contains("canary"), "{name}={value}: {said}");
    assert!(!ended.stdout.contains("starting"), "{}", ended.stdout);
}

#[tokio::test] // R11
async fn a_weak_secret_ends_the_program_before_it_serves() {
    let letters = "q7Rk2vXw9LmZ4bTn8YcF3hJd6GpS5aQ";
    assert_eq!(letters.len(), 31);
    for name in ["SECRET_KEY", "JWT_SECRET_KEY", "METRICS_TOKEN"] {
        for value in [
            "",
            "   ",
            "secret",
            letters,
            "change-me-in-production-please-use-32-bytes",
            "your-256-bit-secret-your-256-bit-secret",
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            "00000000000000000000000000000000000000000000",
        ] {
            // Without one there are no metrics.
            if name == "METRICS_TOKEN" && value.trim().is_empty() {
                continue;
            }
            let ended = serve(&[(name, value)]).await;
            assert_refused(&ended, name, value.trim());
        }
    }
    let short = serve(&[("JWT_SECRET_KEY", letters)]).await;
    assert_refused(&short, "Taking over", letters);
    let same = serve(&[("JWT_SECRET_KEY", SECRET_KEY)]).await;
    assert_refused(
        &same,
        "JWT_SECRET_KEY must not be the same as SECRET_KEY",
        SECRET_KEY,
    );
    for other in [SECRET_KEY, JWT_SECRET_KEY] {
        let same = serve(&[("METRICS_TOKEN", other)]).await;
        assert_refused(&same, "METRICS_TOKEN must not be the same as ", other);
    }
    for previous in [
        "too-short-canary",
        SECRET_KEY,
        &format!("{JWT_SECRET_KEY},{SECRET_KEY}"),
    ] {
        let refused = serve(&[("JWT_SECRET_KEY_PREVIOUS", previous)]).await;
        assert_refused(&refused, "JWT_SECRET_KEY_PREVIOUS", previous);
    }
}

#[tokio::test] // R52
async fn a_bad_setting_ends_the_program_and_is_named() {
    for (name, value) in [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "not-a-database"),
        ("DATABASE_URL", "postgresql:no-host-here"),
        (
            "DATABASE_URL",
            "postgresql://canary@db.example.com/x?sslmode=disable",
        ),
        ("APP_DATABASE_URL", "not-a-database"),
        ("APP_DATABASE_URL", "mysql://app:password@127.0.0.1/x"),
        ("PLATFORM_DATABASE_URL", "not-a-database"),
        ("DATABASE_MAX_CONNECTIONS", "0"),
        ("DATABASE_MAX_CONNECTIONS", "plenty-of-them"),
        ("ROLE_PREFIX", "Parlance; drop role x"),
        ("ALGORITHM", "RS256"),
        ("ALGORITHM", "none"),
        ("ALGORITHM", "hs256-or-so"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "43201"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "-5"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "1.5"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "a quarter"),
        ("BACKEND_CORS_ORIGINS", "*"),
        ("BACKEND_CORS_ORIGINS", r#"["*"]"#),
        ("BACKEND_CORS_ORIGINS", "https://*.wild.example"),
        ("BACKEND_CORS_ORIGINS", "https://path.example/app"),
        ("BACKEND_CORS_ORIGINS", "null"),
        ("BACKEND_CORS_ORIGINS", r#"["https://half.example""#),
        ("OPENAI_BASE_URL", "http://plain.example/v1/"),
        ("OPENAI_BASE_URL", "https://user:password@plain.invalid/"),
        ("DEEPSEEK_BASE_URL", "file:///etc/passwd"),
        ("PINECONE_BASE_URL", "plain.invalid"),
        ("OPENAI_API_KEY", "sk-one\nsk-two"),
        ("PINECONE_API_KEY", "pc-one, pc-two"),
        ("INDEX_NAME", "Our Index"),
        ("CONNECTOR_HOSTS", "*.internal"),
        ("LIMITS", "[]"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("PASSWORD_MIN_LENGTH", "7"),
        ("PASSWORD_MIN_LENGTH", "129"),
        ("MODELS_FILE", "/no/such/file"),
        ("PROVIDER_FIRST_TOKEN_SECONDS", "3601"),
        ("PROVIDER_IDLE_SECONDS", "a minute"),
        ("PROVIDER_TOTAL_SECONDS", "-600"),
        ("PROVIDER_COMPLETE_SECONDS", "3601"),
        ("SHUTDOWN_SECONDS", "601"),
        ("DOCS", "perhaps"),
        ("CONSOLE", "perhaps"),
        ("WIDGET", "perhaps"),
        ("LOG_FORMAT", "xml-format"),
        ("RUST_LOG", "info=loud=louder"),
        ("RUST_LOG", "sqlx=warn, informative"),
        ("PARLANCE_PORT", "eighty-eighty"),
        ("PARLANCE_SECRET_KEY", "value-of-a-misspelt-setting"),
    ] {
        assert_refused(&serve(&[(name, value)]).await, name, value);
    }
}

/// OpenTelemetry itself would pass over these, or be undone by them.
#[tokio::test] // R52
async fn traces_that_would_not_come_as_said_end_the_program() {
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratios"),
        ("OTEL_TRACES_SAMPLER_ARG", "5 percent"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "184467440737095516"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "-1"),
    ] {
        assert_refused(&serve(&[collector, (name, value)]).await, name, value);
    }
}

#[tokio::test] // R52
async fn faults_are_reported_together() {
    let none = run(&["serve"], &[], "").await;
    assert!(!none.ok);
    for name in ["DATABASE_URL", "SECRET_KEY", "JWT_SECRET_KEY"] {
        assert!(
            none.stderr.contains(&format!("- {name} is required")),
            "{}",
            none.stderr
        );
    }
    let changes = [
        ("SECRET_KEY", "canary-short"),
        ("JWT_SECRET_KEY", ""),
        ("DATABASE_URL", "canary-url"),
        ("ALGORITHM", "canary-algorithm"),
        ("PORT", "canary-port"),
        ("BACKEND_CORS_ORIGINS", "canary-origin"),
        ("OPENAI_BASE_URL", "canary-base"),
        ("PARLANCE_PORT", "canary-unknown"),
    ];
    let many = serve(&changes).await;
    for (name, value) in changes.iter().filter(|(name, _)| *name != "DATABASE_URL") {
        assert_refused(&many, &format!("- {name}"), value);
    }
    assert_eq!(
        many.stderr
            .lines()
            .filter(|l| l.starts_with("  - "))
            .count(),
        7,
        "{}",
        many.stderr
    );
}

#[tokio::test] // R52
async fn a_database_that_is_away_is_said_without_its_address() {
    let ended = serve(&[]).await;
    assert_refused(&ended, "DATABASE_URL", SECRET_KEY);
}

#[tokio::test] // R52
async fn a_role_that_is_too_powerful_is_refused() {
    let database = Database::clone_template().await;
    let url = database.url();
    let vars = [
        ("DATABASE_URL", &*url),
        ("APP_DATABASE_URL", &*url),
        GOOD[1],
        GOOD[2],
        ("PORT", "1"),
    ];
    let ended = run(&["serve"], &vars, "").await;
    assert_refused(&ended, "APP_DATABASE_URL", &url);
    assert!(ended.stderr.contains("is a superuser"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_url_that_names_no_user_is_given_the_services_own() {
    let database = Database::clone_template().await;
    let url = database.url();
    let (_, server) = url.split_once('@').unwrap();
    let vars = ["APP_DATABASE_URL", "PLATFORM_DATABASE_URL"]
        .map(|name| (name.to_owned(), format!("postgresql://{server}")));
    let kit = Kit::on(database, vars).await;
    kit.app.db.check().await.unwrap();
    let token = kit.token(SUPERUSER).await;
    assert_eq!(kit.get(&token, "/tenants").await.status, 200);
}

#[tokio::test] // R52
async fn a_schema_that_is_not_this_programs_is_refused() {
    let empty = Database::empty().await.url();
    let ended = run(
        &["serve"],
        &[("DATABASE_URL", &*empty), GOOD[1], GOOD[2]],
        "",
    )
    .await;
    assert_refused(&ended, "Run `parlance migrate` first", &empty);

    let other = Database::clone_template().await;
    sqlx::query("insert into parlance._sqlx_migrations select 0, description, installed_on, true, checksum, 0
                 from parlance._sqlx_migrations limit 1")
        .execute(&other.pool().await)
        .await
        .unwrap();
    let other = other.url();
    let ended = run(
        &["serve"],
        &[("DATABASE_URL", &*other), GOOD[1], GOOD[2]],
        "",
    )
    .await;
    assert_refused(&ended, "migration 0 is unknown", &other);
}

#[tokio::test] // R52
async fn the_operators_commands_check_their_settings_too() {
    for arguments in [
        &["migrate"][..],
        &["create-superuser", "--email", "a@b.example"],
    ] {
        let ended = run(arguments, &[GOOD[0], ("SECRET_KEY", "canary-short")], "").await;
        assert_refused(&ended, "SECRET_KEY", "canary-short");
        let ended = run(arguments, &[GOOD[1]], "").await;
        assert_refused(&ended, "DATABASE_URL is required", SECRET_KEY);
        let ended = run(arguments, &GOOD, "").await;
        assert_refused(&ended, "DATABASE_URL", SECRET_KEY);
    }
}
