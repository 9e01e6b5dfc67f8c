//! The program `parlance`: every route in one process, and the operator's commands.

mod adopt;
mod erase;
mod health;
mod moving;
mod operator;
mod partition;
mod rotate;

use anyhow::Result;
use chrono::{Datelike, NaiveDate};
use clap::{Parser, Subcommand};
use operator::Whose;
use std::{path::PathBuf, process::ExitCode};

/// One backend that serves AI chat to many frontends, each for its own tenant.
///
/// Try it on this machine, with demo data and a PostgreSQL of its own:  parlance dev
///
/// Run it for real: set the variables below, run `parlance migrate` once for every release, then
/// `parlance serve`.
#[derive(Parser)]
#[command(name = "parlance", version, after_long_help = ENVIRONMENT, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve every route on PORT until SIGTERM (what happens without a command, too)
    ///
    /// Refuses to start with missing, weak or equal secrets, on a schema that is not its own, and with a database
    /// role that row-level security does not bind. After SIGTERM, open answers may finish.
    Serve,
    /// Create the database roles and bring the schema up to date; safe to run again
    ///
    /// DATABASE_URL needs a login that may create roles. The service itself logs in as weaker roles, whose passwords
    /// follow from SECRET_KEY.
    Migrate {
        /// Print the SQL that creates the roles, for an administrator of a server where DATABASE_URL may not
        #[arg(long)]
        print_roles: bool,
        /// Change nothing: print what each pending migration would lock, and for about how long
        ///
        /// Tries them in a database that it makes on the same server, without any rows, and drops again. See docs/running.md.
        #[arg(long, conflicts_with = "print_roles")]
        plan: bool,
        /// With --plan: a login that may create a database and roles, on this server or another of the same version
        #[arg(long, value_name = "URL", requires = "plan")]
        try_on: Option<String>,
    },
    /// Start everything on this machine with demo data: PostgreSQL, two tenants, documents, the service
    ///
    /// Keeps its state in .parlance/ of the current folder. With DATABASE_URL set, uses that database instead of a
    /// PostgreSQL of its own. Ctrl-C stops everything; the next run finds its data again.
    Dev,
    /// Create a superuser, who manages tenants
    CreateSuperuser(Person),
    /// Give somebody who is locked out another password, such as a superuser; ends all their logins
    ResetPassword(Person),
    /// Read the configuration and ask the database, and say what is wrong, without serving
    Check,
    /// Print a URL for pg_dump, good for 24 hours: it holds a password, and whoever has it reads everything
    ///
    /// As in: pg_dump -Fc -n parlance -f parlance.dump "$(parlance backup-url)"
    BackupUrl,
    /// Seal again, with SECRET_KEY, what SECRET_KEY_PREVIOUS has sealed; gives the database's roles their new passwords
    ///
    /// In small steps while the service runs. Safe to run again: it goes on where it ended. Says how many are left; when there
    /// are none, SECRET_KEY_PREVIOUS may be removed. See docs/running.md.
    RotateKeys {
        /// Change nothing, only say how many are left
        #[arg(long)]
        count: bool,
    },
    /// Erase a tenant, a user or a visitor, and print a receipt: what is gone, and what is kept
    ///
    /// Without --confirm it only says how much there is. Works in small steps; whatever ended it, the same command goes on.
    /// See docs/leaving.md.
    Erase(erase::Erase),
    /// Write a tenant to standard output as JSON Lines: settings, people, conversations, documents; no secret
    ///
    /// A few rows are in memory at a time, and all are of one moment. See docs/leaving.md.
    ExportTenant {
        /// The slug of the tenant
        #[arg(long)]
        tenant: String,
    },
    /// Read a tenant from standard input that `parlance export-tenant` has written, of the same release
    ///
    /// Nobody comes in before all of it is here. Whatever ended it, the same command goes on.
    ImportTenant,
    /// Print the receipts of what was erased, one a line, as JSON
    Erasures,
    /// Price the calls of a period again by the prices that this version and MODELS_FILE know
    ///
    /// Changes the ledger, the sums of days that are over, and what limits to money count, in small steps while the service
    /// runs. Safe to run again. Calls of which no price is known stay as they were.
    Reprice {
        /// The first day of UTC, such as 2026-11-01
        #[arg(long, value_parser = day)]
        from: NaiveDate,
        /// The last day of UTC
        #[arg(long, value_parser = day)]
        to: NaiveDate,
        /// The slug of the only tenant to do it for
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Partition chat_messages by the hash of the tenant, while the service runs
    ///
    /// In small steps; whatever ended it, the same command goes on. It takes disk for a second such table until it is done. See
    /// docs/scaling.md.
    PartitionMessages(partition::Partition),
    /// Copy a deployment of the FastAPI service before this one: tenants, users, conversations, provider keys
    ///
    /// Reads its database in one snapshot and never writes to it. Safe to run again: what is here already and is the same is
    /// left alone, so whatever ended it, the same command goes on. See docs/migrating-from-fastapi.md.
    Adopt(Box<adopt::Adopt>),
    /// Print the HTTP contract as OpenAPI
    Openapi,
    /// Ask the service on PORT of this machine whether it is up; for container health checks
    Health,
    /// Run a command with DATABASE_URL set to a new, private PostgreSQL that ends with it; for tests
    Postgres {
        /// Where its files go; they are deleted at the end
        #[arg(long, default_value = ".parlance/scratch")]
        dir: PathBuf,
        /// With a standby that follows it, whose host and port are in REPLICA
        #[arg(long)]
        replica: bool,
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

/// Whose account it is about.
#[derive(clap::Args)]
struct Person {
    /// The address to log in with
    #[arg(long)]
    email: String,
    /// The slug of the tenant to log in to; a superuser's is created if there is none
    #[arg(long, default_value = "platform")]
    tenant: String,
    /// Read the password from standard input; otherwise one is made up and printed
    #[arg(long)]
    password_stdin: bool,
}

impl Person {
    fn whose(&self) -> Whose<'_> {
        Whose {
            email: &self.email,
            tenant: &self.tenant,
            password_stdin: self.password_stdin,
        }
    }
}

fn day(text: &str) -> Result<NaiveDate, String> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let day = day.filter(|day| (1..=9999).contains(&day.year()));
    day.ok_or_else(|| "a day looks like 2026-11-30".to_owned())
}

const ENVIRONMENT: &str = "\
Environment (an empty variable counts as not set):
  DATABASE_URL                 postgresql://user:password@host:5432/name           required
  SECRET_KEY                   seals provider keys; `openssl rand -base64 48`      required
  SECRET_KEY_PREVIOUS          more secrets that open what they sealed             none
  JWT_SECRET_KEY               signs access tokens; not the same                   required
  JWT_SECRET_KEY_PREVIOUS      more secrets whose tokens are accepted              none
  ALGORITHM                    HS256, HS384 or HS512                               HS256
  ACCESS_TOKEN_EXPIRE_MINUTES  life of an access token                             15
  OPENAI_API_KEY               for tenants without a key of their own              none
  DEEPSEEK_API_KEY             likewise                                            none
  PINECONE_API_KEY             likewise: vectors beside full text                  none
  INDEX_NAME                   the Pinecone index                                  none
  BACKEND_CORS_ORIGINS         browser origins allowed for every tenant            none
  PORT                         the TCP port                                        8080
  APP_DATABASE_URL             how requests reach it (such as a pooler's address)  derived
  PLATFORM_DATABASE_URL        how superusers' requests do                         derived
  DATABASE_MAX_CONNECTIONS     of the service                                      10
  DATABASE_QUEUE_MILLISECONDS  how long a request waits for one before it gets 503 500
  DATABASE_REPLICA_URL         a standby, at which lists and searches are read     none
  DATABASE_REPLICA_MILLISECONDS how long such a read waits for it to catch up      100
  ROLE_PREFIX                  start of the database roles' names                  parlance
  OPENAI_BASE_URL              another OpenAI-compatible server                    OpenAI's
  DEEPSEEK_BASE_URL            likewise                                            DeepSeek's
  PINECONE_BASE_URL            likewise                                            Pinecone's
  ENDPOINTS                    more servers of OpenAI's API, as JSON                none
  MODELS_FILE                  JSON that knows more of models than this version    none
  PROVIDER_FIRST_TOKEN_SECONDS for a sign of life before an answer begins          120
  PROVIDER_IDLE_SECONDS        for a pause within a streamed answer                60
  PROVIDER_TOTAL_SECONDS       for a whole streamed answer                         600
  PROVIDER_COMPLETE_SECONDS    for an answer in one piece, or some embeddings      300
  LIMITS                       what may be asked and spent, as JSON                20, 3 at once
  LEDGER_MONTHS                for how many calls are kept one by one              24
  CONNECTOR_HOSTS              private hosts that connectors may read              none
  PASSWORD_MIN_LENGTH          of new passwords, in characters                     15
  LOGINS_PER_MINUTE_BY_EMAIL   how often one account may be tried                  10
  LOGINS_PER_MINUTE_BY_ADDRESS how often one client may try                        60
  CHANGES_PER_MINUTE_BY_USER   how often a user may change something               300
  CHANGES_PER_MINUTE_BY_TENANT how often all of a tenant may                       1000
  SEARCHES_PER_MINUTE_BY_USER  how often a user may search                         60
  SEARCHES_PER_MINUTE_BY_TENANT how often all of a tenant may                      600
  VISITORS_PER_MINUTE_BY_NETWORK new visitors of a site, from one network          30
  VISITOR_QUESTIONS_PER_MINUTE_BY_NETWORK their questions, likewise                60
  LEGACY_TOKENS                accept: tokens of a FastAPI service before this     refuse
  LEGACY_JWT_SECRET_KEY        what signed those, if not JWT_SECRET_KEY             none
  LEGACY_ROUTES                on: its frontends log in at POST /auth/token         off
  SHUTDOWN_SECONDS             how long open answers may go on after SIGTERM       100
  KEEP_ALIVE_SECONDS           how long a connection may wait for a request        75
  MAX_CONNECTIONS_PER_CLIENT   of one network; nobody counts behind a proxy        256
  TRUSTED_PROXY_HOPS           proxies that append to X-Forwarded-For              0
  SECRETS_ARN                  AWS secret whose members are variables              none
  METRICS_TOKEN                makes /metrics, and is its bearer token             none
  METRICS_BY_TENANT            on: it measures answers by tenant                   off
  OTEL_EXPORTER_OTLP_ENDPOINT  the collector that is told of traces                none
  DOCS                         off hides /docs and /openapi.json                   on
  CONSOLE                      off hides /console, the page for administrators    on
  LOGIN_COOKIES                on lets people stay logged in by a cookie           off
  WIDGET                       off hides /widget.js, the chat for pages            on
  RUST_LOG                     what to log                                         info
  LOG_FORMAT                   json, or text as on a terminal                      json
  PG_BIN                       for dev: where PostgreSQL's programs are            searched for";

fn main() -> ExitCode {
    // Files are read by processes of this same program, which have nothing to do with the rest of it.
    match extract::is_asked() {
        true => extract::child(),
        false => work(),
    }
}

#[tokio::main]
async fn work() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Serve);
    web::program("parlance", run(command)).await
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve => {
            web::serve_beside("container", container::routes(), jobs::repeat).await?;
        }
        Command::Migrate {
            plan: true, try_on, ..
        } => operator::plan(try_on).await?,
        Command::Migrate {
            print_roles: true, ..
        } => operator::print_roles().await?,
        Command::Migrate { .. } => operator::migrate().await?,
        Command::Dev => container::dev::run().await?,
        Command::CreateSuperuser(person) => operator::create_superuser(&person.whose()).await?,
        Command::ResetPassword(person) => operator::reset_password(&person.whose()).await?,
        Command::Check => operator::check().await?,
        Command::BackupUrl => operator::backup_url().await?,
        Command::Reprice { from, to, tenant } => {
            operator::reprice(from, to, tenant.as_deref()).await?;
        }
        Command::RotateKeys { count } => rotate::run(count).await?,
        Command::Erase(erase) => erase.run().await?,
        Command::ExportTenant { tenant } => moving::export(&tenant).await?,
        Command::ImportTenant => moving::import().await?,
        Command::Erasures => erase::list().await?,
        Command::PartitionMessages(partition) => partition.run().await?,
        Command::Adopt(adopt) => return adopt.run().await,
        Command::Openapi => {
            let api = web::openapi(container::routes());
            container::say(&api.to_pretty_json()?)?;
        }
        Command::Health => health::check().await?,
        Command::Postgres {
            dir,
            replica,
            command,
        } => {
            return container::cluster::run_with(&dir, replica, &command).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}
