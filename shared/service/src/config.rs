//! The configuration: environment variables, read once, with all faults reported together.

mod connections;
mod keys;
mod limits;
mod providers;
mod telemetry;
mod vars;

use crate::{origin::Origin, secrets};
use ai::{Endpoints, Models, Timeouts};
use db::{Connections, Roles};
use secrecy::SecretString;
use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};
use tenant_auth::{Keys, RootSecret};
use vars::Vars;

pub use connections::{ConnectionTimes, Via};
pub use limits::{DefaultLimits, RateLimits};

/// Everything that a deployment can set. An empty variable counts as not set.
///
/// | variable | meaning | default |
/// | --- | --- | --- |
/// | `DATABASE_URL` | the Postgres database, with a login that may create roles; the service itself logs in as a weaker role | required |
/// | `SECRET_KEY` | seals provider keys, derives role passwords; at least 32 bytes | required |
/// | `SECRET_KEY_PREVIOUS` | further secrets, separated by commas, of which is opened and known again what they made: those that were replaced, or will be next | none |
/// | `JWT_SECRET_KEY` | signs access tokens; at least 32 bytes, not the same | required |
/// | `JWT_SECRET_KEY_PREVIOUS` | further secrets whose access tokens are accepted, separated by commas: those that were replaced, or will be next | none |
/// | `ALGORITHM` | of access tokens: `HS256`, `HS384` or `HS512` | `HS256` |
/// | `ACCESS_TOKEN_EXPIRE_MINUTES` | life of an access token, 1 to 43200 | 15 |
/// | `OPENAI_API_KEY` | for tenants without a key of their own | none |
/// | `DEEPSEEK_API_KEY` | likewise | none |
/// | `PINECONE_API_KEY`, `INDEX_NAME` | likewise: vectors beside full text | none |
/// | `BACKEND_CORS_ORIGINS` | browser origins that may call for every tenant: a JSON list or separated by commas | none |
/// | `PORT` | the TCP port; with 0 any that is free, which the log tells | 8080 |
/// | `APP_DATABASE_URL` | how requests reach the database, if not as `DATABASE_URL`, such as through a pooler; without a user in it, with the app role's login | derived |
/// | `PLATFORM_DATABASE_URL` | likewise for the platform role | derived |
/// | `DATABASE_MAX_CONNECTIONS` | of the app role, 1 to 1000 (on Lambda 1 or 2) | 10 (on Lambda 2) |
/// | `DATABASE_QUEUE_MILLISECONDS` | how long a request may wait for its turn to use one of them before it is answered 503 `overloaded`, 1 to 60000 | 500 |
/// | `DATABASE_REPLICA_URL` | a standby of that database, at which lists and searches are read: see docs/scaling.md; without a user in it, with the app role's login (not on Lambda) | none |
/// | `DATABASE_REPLICA_MILLISECONDS` | how long such a read waits until the standby has all that was committed before it, 1 to 10000; after that it is done at the primary | 100 |
/// | `ROLE_PREFIX` | start of the role names | `parlance` |
/// | `OPENAI_BASE_URL`, `DEEPSEEK_BASE_URL`, `PINECONE_BASE_URL` | other addresses of the providers; https, or http on this machine or a private network | the providers' own |
/// | `ENDPOINTS` | more servers of OpenAI's API that tenants may choose, as JSON: see docs/providers.md; each has `<NAME>_API_KEY` and `<NAME>_BASE_URL`, too | none |
/// | `MODELS_FILE` | a file that knows more of models, or otherwise, than this version does: JSON, as `shared/ai/data/models.json` | none |
/// | `PROVIDER_FIRST_TOKEN_SECONDS` | how long a provider may give no sign of life before a streamed answer begins, 1 to 3600; a comment is one | 120 |
/// | `PROVIDER_IDLE_SECONDS` | how long it may then pause, likewise | 60 |
/// | `PROVIDER_TOTAL_SECONDS` | how long a whole streamed answer may take, likewise | 600 |
/// | `PROVIDER_COMPLETE_SECONDS` | how long an answer in one piece may take, or some embeddings, likewise | 300 |
/// | `LIMITS` | what tenants, users, API keys and visitors may ask and spend where nobody says otherwise, as JSON: see docs/costs.md | 20 answers at once for a tenant, 3 for a user |
/// | `CONNECTOR_HOSTS` | host names, separated by commas, that connectors may read though they are on this machine or a private network | none |
/// | `LEDGER_MONTHS` | for how many months what provider calls took and cost is kept call by call, 1 to 120; sums are kept | 24 |
/// | `PASSWORD_MIN_LENGTH` | of new passwords, 8 to 128 characters | 15 |
/// | `LOGINS_PER_MINUTE_BY_EMAIL` | how often one account may be tried, by whomever, 1 to 1000000 | 10 |
/// | `LOGINS_PER_MINUTE_BY_ADDRESS` | how often one client may try to log in, to renew a login and to accept an invitation, likewise | 60 |
/// | `CHANGES_PER_MINUTE_BY_USER` | how often one user may change something or ask what only administrators may, but for questions, 1 to 1000000 | 300 |
/// | `CHANGES_PER_MINUTE_BY_TENANT` | likewise all of a tenant | 1000 |
/// | `SEARCHES_PER_MINUTE_BY_USER` | how often one user may search documents and conversations, likewise | 60 |
/// | `SEARCHES_PER_MINUTE_BY_TENANT` | likewise all of a tenant | 600 |
/// | `VISITORS_PER_MINUTE_BY_NETWORK` | how many new visitors of one site may come from one network (IPv4: /24, IPv6: /64), likewise | 30 |
/// | `VISITOR_QUESTIONS_PER_MINUTE_BY_NETWORK` | how many questions its visitors may ask from one network, likewise | 60 |
/// | `LEGACY_TOKENS` | `accept` while access tokens of the FastAPI service before this one, signed with `JWT_SECRET_KEY` or the next, shall be good | `refuse` |
/// | `LEGACY_ROUTES` | `on` while frontends of that service shall log in at `POST /auth/token` | `off` |
/// | `LEGACY_JWT_SECRET_KEY` | the secret that they were signed with, if it is another one: 16 bytes or more, and it checks nothing else | none |
/// | `SHUTDOWN_SECONDS` | how long open answers may go on after SIGTERM, 0 to 600 | 100 |
/// | `KEEP_ALIVE_SECONDS` | how long a connection may wait for its next request, 1 to 3600; longer than any proxy in front keeps one | 75 |
/// | `MAX_CONNECTIONS_PER_CLIENT` | how many connections one client network may have open, 1 to 16384; behind a trusted proxy (the next setting, Railway) nobody counts | 256 |
/// | `TRUSTED_PROXY_HOPS` | how many proxies in front append to `X-Forwarded-For`, 0 to 10; the client's address is what the first of them was called from | 0 (on Railway its `X-Real-IP` counts) |
/// | `SECRETS_ARN` | an AWS Secrets Manager secret, a JSON object, whose members stand in for variables that are not set; programs built with the feature `aws-secrets` | none |
/// | `METRICS_TOKEN` | makes `/metrics`, and is its bearer token; at least 32 bytes, and no other secret | none |
/// | `METRICS_BY_TENANT` | `on`: `/metrics` measures answers for each tenant by itself | `off` |
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | the collector of OpenTelemetry that is told of traces, such as `http://localhost:4318` | none |
/// | `DOCS` | `off` hides `/docs` and `/openapi.json` | `on` |
/// | `CONSOLE` | `off` hides `/console`, the page for administrators and operators | `on` |
/// | `LOGIN_COOKIES` | `on` lets people stay logged in to pages of this host and of `BACKEND_CORS_ORIGINS`, such as `/console`, by a cookie that no script can read | `off` |
/// | `WIDGET` | `off` hides `/widget.js`, the chat for pages | `on` |
/// | `RUST_LOG` | what to log | `info` |
/// | `LOG_FORMAT` | `json` or `text` | `json`, `text` on a terminal |
pub struct Config {
    /// What must not be told.
    pub secrets: Secrets,
    /// Life of an access token.
    pub access_token_life: Duration,
    /// The Pinecone index for tenants without their own.
    pub index_name: Option<String>,
    /// Browser origins that may call for every tenant.
    pub cors_origins: Vec<Origin>,
    /// Whether pages of this machine, on any port, may call for every tenant, too. For `parlance dev`: no variable sets it.
    pub local_origins: bool,
    /// The TCP port.
    pub port: u16,
    /// Where the providers are.
    pub endpoints: Endpoints,
    /// What is known of models.
    pub models: Models,
    /// How long the providers may take. Four of these are settings; the others are here for who tests them.
    pub provider_times: Timeouts,
    /// What holds for whoever asks where nobody says otherwise.
    pub limits: DefaultLimits,
    /// Hosts of this machine and of private networks that connectors may read.
    pub connector_hosts: Vec<String>,
    /// For how many months calls are kept one by one.
    pub ledger_months: u16,
    /// Of new passwords, in characters.
    pub password_min_length: usize,
    /// How often one account may be tried.
    pub logins_per_minute_by_email: u32,
    /// How often one client may try.
    pub logins_per_minute_by_address: u32,
    /// How often the people of a tenant may do what costs.
    pub rate_limits: RateLimits,
    /// Whether tokens of the service before this one are good.
    pub accept_legacy_tokens: bool,
    /// Whether routes of the service before this one are here where they were.
    pub legacy_routes: bool,
    /// How long open answers may go on after SIGTERM.
    pub shutdown: Duration,
    /// How long a connection waits for its client.
    pub times: ConnectionTimes,
    /// How many connections one client network may have open; none where clients come through a proxy.
    pub connections_per_client: Option<usize>,
    /// Who is believed about a client's address.
    pub client_via: Via,
    /// Whether `/docs` and `/openapi.json` exist.
    pub docs: bool,
    /// Whether `/console` exists.
    pub console: bool,
    /// Whether logins may be kept in cookies.
    pub login_cookies: bool,
    /// Whether `/widget.js` exists.
    pub widget: bool,
    /// Whether answers are measured for each tenant by itself.
    pub metrics_by_tenant: bool,
    /// The program that reads files, in processes of its own: this one. For who tests it from another.
    pub program: PathBuf,
    /// The names of the variables that are set.
    pub set: Vec<String>,
}

/// The process's environment; what is not UTF-8 is none of ours.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The part of the configuration that must not be told.
pub struct Secrets {
    /// How to reach the database, as the restricted roles.
    pub connections: Connections,
    /// Seals and derives.
    pub root: RootSecret,
    /// Signs access tokens.
    pub keys: Keys,
    /// Keys for tenants without their own, by the name of the server that answers.
    pub provider_keys: BTreeMap<String, SecretString>,
    /// Likewise.
    pub pinecone_api_key: Option<SecretString>,
    /// Whoever has it may read `/metrics`, which is there if this is.
    pub metrics_token: Option<SecretString>,
}

/// What `parlance migrate` and its like need: the powerful login, which the service itself never holds.
pub struct OperatorConfig {
    /// `DATABASE_URL` as it is.
    pub database_url: SecretString,
    /// From `SECRET_KEY`.
    pub root: RootSecret,
    /// From `ROLE_PREFIX`.
    pub roles: Roles,
}

impl OperatorConfig {
    /// Reads the process's environment, and the secret that `SECRETS_ARN` names.
    ///
    /// # Errors
    /// All faults at once; or the secret cannot be read.
    pub async fn from_env() -> anyhow::Result<Self> {
        Ok(Self::from_vars(secrets::with_secret(environment()).await?)?)
    }

    /// Reads `vars` as the environment.
    ///
    /// # Errors
    /// All faults at once.
    pub fn from_vars(
        vars: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut vars = Vars::new(vars);
        vars.operator().ok_or(ConfigError(vars.faults))
    }
}

/// Every fault of the configuration; names variables, never their values.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used:")?;
        self.0
            .iter()
            .try_for_each(|fault| write!(f, "\n  - {fault}"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the process's environment, and the secret that `SECRETS_ARN` names.
    ///
    /// # Errors
    /// All faults at once; or the secret cannot be read.
    pub async fn from_env() -> anyhow::Result<Self> {
        Ok(Self::from_vars(secrets::with_secret(environment()).await?)?)
    }

    /// Reads `vars` as the environment.
    ///
    /// # Errors
    /// All faults at once.
    pub fn from_vars(
        vars: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut vars = Vars::new(vars);
        let mut secrets = vars.secrets();
        let access_token_minutes = vars.number("ACCESS_TOKEN_EXPIRE_MINUTES", 15, 1, 43_200);
        let cors_origins = vars.parsed("BACKEND_CORS_ORIGINS", Origin::parse_list);
        let index_name = vars.index_name();
        let port = vars.number("PORT", 8080, 0, u16::MAX);
        let endpoints = vars.endpoints();
        if let Some(secrets) = &mut secrets {
            secrets.provider_keys = vars.provider_keys(&endpoints);
        }
        let provider_times = vars.provider_times();
        let models = vars.models();
        let limits = vars.limits();
        let connector_hosts = vars.hosts("CONNECTOR_HOSTS");
        let ledger_months = vars.number("LEDGER_MONTHS", 24, 1, 120);
        let password_min_length = vars.number("PASSWORD_MIN_LENGTH", 15, 8, 128);
        let by_email = vars.number("LOGINS_PER_MINUTE_BY_EMAIL", 10, 1, 1_000_000);
        let by_address = vars.number("LOGINS_PER_MINUTE_BY_ADDRESS", 60, 1, 1_000_000);
        let rate_limits = vars.rate_limits();
        let accept_legacy_tokens =
            vars.choice("LEGACY_TOKENS", ["accept", "refuse"]) == Some("accept");
        let legacy_routes = vars.choice("LEGACY_ROUTES", ["on", "off"]) == Some("on");
        let shutdown_seconds = vars.number("SHUTDOWN_SECONDS", 100, 0, 600);
        let keep_alive_seconds = vars.number("KEEP_ALIVE_SECONDS", 75, 1, 3_600);
        let per_client = vars.number("MAX_CONNECTIONS_PER_CLIENT", 256, 1, 16_384);
        let client_via = vars.client_via();
        let docs = vars.choice("DOCS", ["on", "off"]) != Some("off");
        let console = vars.choice("CONSOLE", ["on", "off"]) != Some("off");
        let login_cookies = vars.choice("LOGIN_COOKIES", ["on", "off"]) == Some("on");
        let widget = vars.choice("WIDGET", ["on", "off"]) != Some("off");
        let metrics_by_tenant = vars.choice("METRICS_BY_TENANT", ["on", "off"]) == Some("on");
        vars.telemetry();
        vars.refuse_unknown();
        match (secrets, models) {
            (Some(secrets), Some(models)) if vars.faults.is_empty() => Ok(Self {
                secrets,
                access_token_life: Duration::from_secs(60 * access_token_minutes),
                index_name,
                cors_origins: cors_origins.unwrap_or_default(),
                local_origins: false,
                port,
                endpoints,
                models,
                provider_times,
                limits,
                connector_hosts,
                ledger_months,
                password_min_length,
                logins_per_minute_by_email: by_email,
                logins_per_minute_by_address: by_address,
                rate_limits,
                accept_legacy_tokens,
                legacy_routes,
                shutdown: Duration::from_secs(shutdown_seconds),
                times: ConnectionTimes::new(keep_alive_seconds),
                connections_per_client: (client_via == Via::Direct).then_some(per_client),
                client_via,
                docs,
                console,
                login_cookies,
                widget,
                metrics_by_tenant,
                // Whatever became of its file since it was started.
                program: "/proc/self/exe".into(),
                set: vars.set(),
            }),
            _ => Err(ConfigError(vars.faults)),
        }
    }
}
