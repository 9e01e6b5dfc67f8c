//! What every test stands on: a database of its own, cloned from a migrated template with two tenants in it;
//! the service connected to it as the app role, with a pool of one, so that holding a connection while
//! waiting for anything else times out here and not in production; and a clock that stands still.

mod answer;
pub mod api;
pub mod aws;
pub mod aws_secrets;
pub mod collector;
pub mod database;
pub mod documented;
pub mod files;
pub mod headers;
pub mod http;
pub mod lambda;
pub mod listed;
pub mod packages;
pub mod people;
pub mod program;
pub mod provider;
pub mod proxy;
pub mod random;
pub mod raw;
pub mod replica;
pub mod scene;
pub mod wait;

pub use answer::Answer;
use axum::{
    Router,
    body::Body,
    http::{Request, header, request},
};
use chrono::Utc;
use database::Database;
use http_body_util::BodyExt;
pub use people::{ADMIN1, ADMIN2, PEOPLE, Person, SUPERUSER, T1, T2, U1, U2, V1};
use serde_json::{Value, json};
use service::{Clock, Config, Service};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    io::Write,
    time::{Duration, Instant},
};
use tower::ServiceExt;
use uuid::Uuid;
use wait::wait_for;
use web::App;

/// The password of every seeded user.
pub const PASSWORD: &str = "correct horse battery staple";
/// The secrets of the service under test; canaries that must appear in no answer.
pub const SECRET_KEY: &str = "test-canary-root-9f2c7d41e8b05a36c1f4d7e2b9a8";
pub const JWT_SECRET_KEY: &str = "test-canary-jwt-5b1e9c3a7f60d2e84b9f1c6a3d5e";
pub const METRICS_TOKEN: &str = "test-canary-metrics-7d4f0b9e2c6a81f35e0d9b7c4a16";
/// One person of a test asks as much at once as it wants.
pub const NO_LIMITS: &str =
    r#"{"tenant": {"concurrent_answers": null}, "user": {"concurrent_answers": null}}"#;

/// One service under test.
pub struct Kit {
    pub app: App,
    pub service: Router,
    pub clock: Clock,
    pub database: Database,
    /// A superuser's: row-level security does not bind it. For looking, and for arranging what the API cannot.
    pub pool: PgPool,
}

impl Kit {
    /// A service with the usual configuration.
    pub async fn new() -> Self {
        Self::with([]).await
    }

    /// A service with some variables set otherwise; an empty value unsets.
    pub async fn with<const N: usize>(vars: [(&str, &str); N]) -> Self {
        let database = Database::clone_template().await;
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self::on(database, vars).await
    }

    /// A service on an existing database.
    pub async fn on(database: Database, vars: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::adjusted(database, vars, |_| {}).await
    }

    /// As [`Kit::on`], with what no variable sets changed by `adjust`.
    pub async fn adjusted(
        database: Database,
        vars: impl IntoIterator<Item = (String, String)>,
        adjust: impl FnOnce(&mut Config),
    ) -> Self {
        let clock = Clock::fixed(Utc::now());
        let mut all = environment(&database);
        all.extend(vars);
        let mut config = Config::from_vars(all).expect("the configuration of the test is good");
        config.secrets.connections.ask_returned = true;
        // This one is the tests'.
        config.program = env!("CARGO_BIN_EXE_parlance").into();
        // Of a busy machine, two seconds without a connection say nothing.
        config.secrets.connections.acquire_timeout = Duration::from_secs(60);
        config.times.ready = Duration::ZERO;
        config.provider_times.backoff = Duration::from_millis(1);
        adjust(&mut config);
        let service = Service::new(config, clock.clone()).expect("the service can be put together");
        let app = App::new(service);
        let pool = database.pool().await;
        Self {
            service: web::router(container::routes(), app.clone()),
            app,
            clock,
            database,
            pool,
        }
    }

    /// The access token of a fresh login.
    pub async fn token(&self, who: Person) -> String {
        let answer = self.login(who).await;
        answer.json["access_token"]
            .as_str()
            .expect("a login has a token")
            .to_owned()
    }

    /// The whole answer to a login.
    pub async fn login(&self, who: Person) -> Answer {
        let login = json!({ "tenant": who.tenant, "email": who.email, "password": PASSWORD });
        let answer = self.post("", "/login", login).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    /// The token of a superuser who has assumed a tenant.
    pub async fn assume(&self, superuser: &str, tenant: Uuid) -> String {
        let path = format!("/admin/tenants/{tenant}/assume");
        let stay = self
            .post(superuser, &path, json!({ "reason": "A test" }))
            .await;
        assert_eq!(stay.status, 200, "{}", stay.text);
        let token = stay.json["access_token"].as_str();
        token.expect("a stay has a token").to_owned()
    }

    /// Has a superuser list an origin for a tenant, and no other: from then on it is known whose it is.
    pub async fn give_origin(&self, tenant: Uuid, origin: &str) {
        let stay = self.assume(&self.token(SUPERUSER).await, tenant).await;
        let listed = json!({ "allowed_origins": [origin] });
        let given = self.patch(&stay, "/tenants/current", listed).await;
        assert_eq!(given.status, 200, "{}", given.text);
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(request(token, "GET", path), Body::empty()).await
    }

    pub async fn delete(&self, token: &str, path: &str) -> Answer {
        self.send(request(token, "DELETE", path), Body::empty())
            .await
    }

    pub async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.json(token, "POST", path, body).await
    }

    pub async fn put(&self, token: &str, path: &str, body: Value) -> Answer {
        self.json(token, "PUT", path, body).await
    }

    pub async fn patch(&self, token: &str, path: &str, body: Value) -> Answer {
        self.json(token, "PATCH", path, body).await
    }

    pub async fn json(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let request = request(token, method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request, Body::from(body.to_string())).await
    }

    /// Any request at all.
    pub async fn send(&self, request: request::Builder, body: Body) -> Answer {
        let request = request.body(body).expect("the request is well formed");
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let what = format!("the answer to {method} {}", request.uri());
        let response = wait_for(&what, self.service.clone().oneshot(request)).await;
        let (parts, body) = response.expect("the router never fails").into_parts();
        let body = wait_for(format!("the rest of {what}"), body.collect()).await;
        let bytes = body.expect("the body arrives").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        headers::assert_safe(&parts.headers);
        documented::assert_documented(&method, &path, &parts);
        documented::assert_listed(&json);
        documented::assert_form(&path, &parts, &json);
        Answer {
            status: parts.status,
            headers: parts.headers,
            json,
            text,
        }
    }

    /// Adds a document as the tenant's administrator; its id.
    pub async fn add_document(&self, admin: Person, title: &str, text: &str) -> Uuid {
        let token = self.token(admin).await;
        let added = self
            .post(
                &token,
                "/documents",
                json!({ "title": title, "text": text }),
            )
            .await;
        assert_eq!(added.status, 202, "{}", added.text);
        self.work().await;
        added.id("id")
    }

    /// Does the jobs that are due, as a container does by itself.
    pub async fn work(&self) {
        let until = Instant::now() + Duration::from_secs(600);
        let service = self.app.service();
        let done = wait_for("the end of the jobs", jobs::drain(&service, until)).await;
        done.expect("the database is there");
    }
}

/// Says that a test proves nothing on this machine, and why.
pub fn left_out(why: &str) {
    // Nothing is left to report to if that fails.
    drop(writeln!(std::io::stderr(), "left out: {why}"));
}

/// The environment of a service on `database`.
pub fn environment(database: &Database) -> HashMap<String, String> {
    let mut vars = HashMap::from([
        ("DATABASE_URL", database.url()),
        ("SECRET_KEY", SECRET_KEY.into()),
        ("JWT_SECRET_KEY", JWT_SECRET_KEY.into()),
        ("METRICS_TOKEN", METRICS_TOKEN.into()),
        ("DATABASE_MAX_CONNECTIONS", "1".into()),
        // Likewise half a second.
        ("DATABASE_QUEUE_MILLISECONDS", "60000".into()),
        ("CHANGES_PER_MINUTE_BY_USER", "1000000".into()),
        ("CHANGES_PER_MINUTE_BY_TENANT", "1000000".into()),
        ("SEARCHES_PER_MINUTE_BY_USER", "1000000".into()),
        ("SEARCHES_PER_MINUTE_BY_TENANT", "1000000".into()),
        ("LIMITS", NO_LIMITS.into()),
        ("LOGINS_PER_MINUTE_BY_EMAIL", "100000".into()),
        ("LOGINS_PER_MINUTE_BY_ADDRESS", "100000".into()),
    ]);
    if let Some(url) = database.pooler_url() {
        vars.insert("APP_DATABASE_URL", url.clone());
        vars.insert("PLATFORM_DATABASE_URL", url);
    }
    vars.extend(
        database
            .replica_url()
            .map(|url| ("DATABASE_REPLICA_URL", url)),
    );
    let vars = vars.into_iter();
    vars.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A request with a token, unless that is empty.
pub fn request(token: &str, method: &str, path: &str) -> request::Builder {
    let request = Request::builder().method(method).uri(path);
    if token.is_empty() {
        request
    } else {
        request.header(header::AUTHORIZATION, format!("Bearer {token}"))
    }
}
