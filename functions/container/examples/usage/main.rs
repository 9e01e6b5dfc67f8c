//! What scripts/bench-usage runs: a year of calls, and how long each question about it takes, before and after they are
//! rolled up. DATABASE_URL is a superuser's, of a new database.

mod fill;

use anyhow::{Context, Result, bail, ensure};
use axum::{Router, body::Body, http::Request};
use chrono::{TimeDelta, Utc};
use clap::Parser;
use db::Operator;
use fill::{PASSWORD, Size};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use service::{Clock, Config, OperatorConfig, Service};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    io::Write,
    time::{Duration, Instant},
};
use tenant_auth::{Hasher, Turn};
use tower::ServiceExt;
use web::App;

/// What an administrator of a tenant may tell rows apart by, and what superusers may.
const TENANT: [&str; 8] = [
    "day",
    "user",
    "key",
    "endpoint",
    "model",
    "operation",
    "day,model",
    "user,model",
];
const PLATFORM: [&str; 6] = [
    "day",
    "tenant",
    "endpoint",
    "model",
    "operation",
    "tenant,model",
];

/// Measures how long reports of a year of calls take.
#[derive(Parser)]
struct Cli {
    /// How many calls the year has
    #[arg(long, default_value_t = 10_000_000)]
    calls: u32,
    /// Of how many tenants
    #[arg(long, default_value_t = 50)]
    tenants: u32,
    /// With how many users each
    #[arg(long, default_value_t = 40)]
    users: u32,
    /// How often each question is asked
    #[arg(long, default_value_t = 50)]
    times: usize,
    /// And before the roll-up
    #[arg(long, default_value_t = 3)]
    times_before: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let url = std::env::var("DATABASE_URL").context("scripts/bench-usage sets DATABASE_URL")?;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect(&url)
        .await?;
    let service = prepared(&url).await?;
    let size = Size {
        calls: cli.calls,
        tenants: cli.tenants,
        users: cli.users,
    };
    let began = Instant::now();
    fill::all(&pool, &size).await?;
    say(&format!(
        "{} calls of {} tenants with {} users each, made in {:.0?}.",
        size.calls,
        size.tenants,
        size.users,
        began.elapsed()
    ))?;
    let app = App::new(service);
    let router = web::router(container::routes(), app.clone());
    table(&router, "the ledger alone", cli.times_before).await?;
    let began = Instant::now();
    let rolled = app.db.roll_up_usage().await?;
    say(&format!(
        "Rolled up {} calls in {:.0?}.",
        rolled.calls,
        began.elapsed()
    ))?;
    sqlx::raw_sql("vacuum analyze parlance.usage_of_users, parlance.usage_totals")
        .execute(&pool)
        .await?;
    let began = Instant::now();
    app.db.roll_up_usage().await?;
    say(&format!(
        "A run with nothing to do took {:.1?}.",
        began.elapsed()
    ))?;
    sizes(&pool).await?;
    table(&router, "rolled up", cli.times).await
}

/// A migrated database with a superuser, and a service on it.
async fn prepared(url: &str) -> Result<Service> {
    let vars = [
        ("DATABASE_URL", url),
        (
            "SECRET_KEY",
            "bench-usage-root-9f2c7d41e8b05a36c1f4d7e2b9a8",
        ),
        (
            "JWT_SECRET_KEY",
            "bench-usage-jwt-5b1e9c3a7f60d2e84b9f1c6a3d5e",
        ),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "600"),
        ("RUST_LOG", "off"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let operator = OperatorConfig::from_vars(vars[..2].to_vec())?;
    let mut connection = Operator::connect(&operator.database_url, operator.roles).await?;
    connection.migrate(&operator.root).await?;
    let hash = Hasher::new(1)
        .hash(PASSWORD.into(), Turn::Other(None))
        .await?;
    connection
        .create_superuser("platform", "root@platform.example", &hash.into())
        .await?;
    Service::new(Config::from_vars(vars)?, Clock::System)
}

/// How large the tables are.
async fn sizes(pool: &PgPool) -> Result<()> {
    let sizes: Vec<(String, i64, String)> = sqlx::query_as(
        "select name, (xpath('/row/n/text()', query_to_xml('select count(*) as n from parlance.' || name, false, true, '')))[1]
                  ::text::bigint, pg_size_pretty(pg_total_relation_size(('parlance.' || name)::regclass))
         from unnest(array['usage_of_users', 'usage_totals']) as name",
    )
    .fetch_all(pool)
    .await?;
    for (name, rows, size) in sizes {
        say(&format!("{name}: {rows} rows, {size}."))?;
    }
    Ok(())
}

/// Asks every question so often, and prints how long it took.
async fn table(router: &Router, what: &str, times: usize) -> Result<()> {
    say(&format!(
        "\n| {what}: who, by | p50 ms | p99 ms | rows |\n| --- | --- | --- | --- |"
    ))?;
    let root = token(router, "platform", "root@platform.example").await?;
    let admin = token(router, "t1", "u1@t1.example").await?;
    let questions = TENANT
        .iter()
        .map(|by| (&admin, "a tenant's administrator", *by));
    let questions = questions.chain(PLATFORM.iter().map(|by| (&root, "a superuser", *by)));
    let today = Utc::now().date_naive();
    let from = today - TimeDelta::days(365);
    for (token, who, by) in questions {
        let path = format!("/admin/usage?from={from}&to={today}&group_by={by}");
        row(router, &format!("{who}, {by}"), token, &path, times).await?;
    }
    let path = format!("/login/me/usage?from={from}&to={today}");
    row(router, "a user, day", &admin, &path, times).await
}

async fn row(router: &Router, what: &str, token: &str, path: &str, times: usize) -> Result<()> {
    let mut took = Vec::new();
    let mut rows = "it takes too long".to_owned();
    while took.len() < times {
        let began = Instant::now();
        let (status, answer) = ask(router, token, "GET", path, &Value::Null).await?;
        let elapsed = began.elapsed();
        match status {
            200 => {
                let all = answer["rows"].as_array().context("a report has rows")?;
                rows = all.len().to_string();
            }
            // The database has given it up.
            503 => {}
            // Nobody may ask so often; what is refused is not measured.
            429 => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            _ => bail!("{what}: {answer}"),
        }
        took.push(elapsed.as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)];
    say(&format!(
        "| {what} | {:.1} | {:.1} | {rows} |",
        at(50),
        at(99)
    ))
}

async fn token(router: &Router, tenant: &str, email: &str) -> Result<String> {
    let login = json!({ "tenant": tenant, "email": email, "password": PASSWORD });
    let (status, answer) = ask(router, "", "POST", "/login", &login).await?;
    ensure!(status == 200, "{answer}");
    Ok(answer["access_token"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

async fn ask(
    router: &Router,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<(u16, Value)> {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = match body {
        Value::Null => Body::empty(),
        body => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
    };
    let answer = router.clone().oneshot(request.body(body)?).await?;
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&bytes)?))
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
