//! A database per test, cloned from a template that is made once per server.

use super::{
    Kit, PASSWORD, PEOPLE, SECRET_KEY, SUPERUSER,
    wait::{wait_for, wait_until},
};
use db::{Operator, Roles};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, postgres::PgPoolOptions};
use tenant_auth::{Hasher, RootSecret, Turn};
use uuid::Uuid;

const TEMPLATE: &str = "parlance_template";

/// A database of the test server.
#[derive(Clone)]
pub struct Database {
    name: String,
    /// What its URL has before that, where it is not of the tests' server.
    elsewhere: Option<String>,
}

impl Database {
    /// A clone of the template.
    pub async fn clone_template() -> Self {
        make_template().await;
        Self::create(&format!("template {TEMPLATE}")).await
    }

    /// One with nothing in it.
    pub async fn empty() -> Self {
        Self::create("").await
    }

    async fn create(template: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut server = connect("postgres").await;
        // Cloning locks the template; two tests at once wait for each other.
        run(&mut server, "select pg_advisory_lock(7)").await;
        run(&mut server, &format!("create database {name} {template}")).await;
        run(&mut server, "select pg_advisory_unlock(7)").await;
        // A clone does not inherit who may do what with the database itself.
        run(
            &mut server,
            &format!("revoke temporary on database {name} from public"),
        )
        .await;
        let elsewhere = None;
        Self { name, elsewhere }
    }

    /// One of another server, by the URL of its superuser.
    pub fn elsewhere(url: &str) -> Self {
        let (server, name) = url.rsplit_once('/').expect("a URL ends with a database");
        let (name, elsewhere) = (name.to_owned(), Some(server.to_owned()));
        Self { name, elsewhere }
    }

    /// How the server's superuser logs in.
    pub fn url(&self) -> String {
        match &self.elsewhere {
            Some(server) => format!("{server}/{}", self.name),
            None => url_of(&self.name),
        }
    }

    /// How the service reaches it where a pooler is to be between: `scripts/test --pooler`.
    pub fn pooler_url(&self) -> Option<String> {
        let pooler = pooler().filter(|_| self.elsewhere.is_none())?;
        Some(format!("postgresql://{pooler}/{}", self.name))
    }

    /// The same at the standby, where there is to be one: `scripts/test --replica`.
    pub fn replica_url(&self) -> Option<String> {
        let replica = std::env::var("REPLICA").ok()?;
        let is_here = self.elsewhere.is_none();
        is_here.then(|| format!("postgresql://{replica}/{}", self.name))
    }

    /// The server's superuser, in this database.
    pub async fn pool(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(2);
        options
            .connect(&self.url())
            .await
            .expect("the test database can be reached")
    }
}

fn server_url() -> String {
    std::env::var("DATABASE_URL")
        .expect("DATABASE_URL names a PostgreSQL for tests: run scripts/test, which starts one")
}

/// Host and port of the pooler, if there is one.
pub fn pooler() -> Option<String> {
    std::env::var("POOLER").ok()
}

fn url_of(database: &str) -> String {
    let url = server_url();
    let (server, _) = url
        .rsplit_once('/')
        .expect("DATABASE_URL ends with a database");
    format!("{server}/{database}")
}

async fn connect(database: &str) -> PgConnection {
    connect_to(&url_of(database)).await
}

pub async fn connect_to(url: &str) -> PgConnection {
    let connection = PgConnection::connect(url).await;
    connection.expect("the database can be reached")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    connection
        .execute(AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// The server is new for every run of the tests, so a template that is there is this program's.
async fn make_template() {
    let mut server = connect("postgres").await;
    run(&mut server, "select pg_advisory_lock(8)").await;
    let there: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(TEMPLATE)
            .fetch_one(&mut server)
            .await
            .expect("the server lists its databases");
    if !there {
        run(&mut server, "create database template_in_progress").await;
        migrate(url_of("template_in_progress")).await;
        seed(&mut connect("template_in_progress").await).await;
        run(
            &mut server,
            &format!("alter database template_in_progress rename to {TEMPLATE}"),
        )
        .await;
    }
    run(&mut server, "select pg_advisory_unlock(8)").await;
}

pub async fn migrate(url: String) {
    let root = RootSecret::new(&SECRET_KEY.into()).expect("the secret is strong");
    let roles = Roles::new("parlance").expect("the prefix is good");
    let mut operator = Operator::connect(&SecretString::from(url), roles)
        .await
        .expect("the server's superuser may connect");
    operator.migrate(&root).await.expect("the migrations run");
}

/// Puts everybody into a database that has nobody.
pub async fn seed(connection: &mut PgConnection) {
    let hash = Hasher::new(1)
        .hash(PASSWORD.into(), Turn::Other(None))
        .await
        .expect("the password can be hashed");
    for person in PEOPLE {
        sqlx::query("insert into parlance.tenants (id, slug, name) values ($1, $2, $2) on conflict do nothing")
            .bind(person.tenant_id)
            .bind(person.tenant)
            .execute(&mut *connection)
            .await
            .expect("a tenant");
        sqlx::query(
            "insert into parlance.users (tenant_id, id, email, password_hash, role, is_superuser)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(person.tenant_id)
        .bind(person.id)
        .bind(person.email)
        .bind(&hash)
        .bind(person.role)
        .bind(person.id == SUPERUSER.id)
        .execute(&mut *connection)
        .await
        .expect("a user");
    }
}

/// The row of a message.
#[derive(PartialEq, Debug, sqlx::FromRow)]
pub struct StoredMessage {
    pub session_id: Uuid,
    pub role: String,
    pub content: String,
    pub status: String,
    pub error_code: Option<String>,
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Noted {
    pub action: String,
    pub target: String,
    pub outcome: String,
    pub detail: Option<String>,
    pub actor_tenant_id: Option<Uuid>,
    pub actor_id: Option<Uuid>,
    pub request_id: Option<String>,
}

impl Noted {
    /// Action, target and outcome, in one line.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.action, self.target, self.outcome)
    }
}

impl Kit {
    /// The audit log of a tenant, oldest first, with what is written beside an answer.
    pub async fn audit(&self, tenant: Uuid) -> Vec<Noted> {
        self.settled().await;
        let sql = "select action, target, outcome, detail, actor_tenant_id, actor_id, request_id
                   from parlance.audit_log where tenant_id = $1 order by at, id";
        let rows = sqlx::query_as(sql).bind(tenant).fetch_all(&self.pool);
        rows.await.expect("the log can be read")
    }

    /// As [`Kit::audit`], but only the rows of one action.
    pub async fn audited(&self, tenant: Uuid, action: &str) -> Vec<Noted> {
        let mut rows = self.audit(tenant).await;
        rows.retain(|row| row.action == action);
        rows
    }

    /// Waits until nothing goes on beside the answers.
    pub async fn settled(&self) {
        self.app.tasks.close();
        let what = format!("{} tasks beside the answers to end", self.app.tasks.len());
        wait_for(what, self.app.tasks.wait()).await;
        self.app.tasks.reopen();
    }

    /// Lets no row with this action into the audit log any more.
    pub async fn break_audit(&self, action: &str) {
        let sql = format!(
            "create or replace function parlance.broken() returns trigger language plpgsql as
               $$ begin raise exception 'the log is broken'; end $$;
             create or replace trigger broken before insert on parlance.audit_log
               for each row when (new.action = '{action}') execute function parlance.broken()"
        );
        let broken = self.pool.execute(AssertSqlSafe(sql)).await;
        broken.expect("the trigger can be made");
    }

    /// A message as it is stored; none if it is not committed.
    pub async fn message(&self, id: Uuid) -> Option<StoredMessage> {
        let sql = "select session_id, role, content, status, error_code from parlance.chat_messages where id = $1";
        let row = sqlx::query_as(sql).bind(id).fetch_optional(&self.pool);
        row.await.expect("messages can be read")
    }

    /// All messages in the order in which they were stored.
    pub async fn messages(&self) -> Vec<StoredMessage> {
        let sql = "select session_id, role, content, status, error_code from parlance.chat_messages
                   order by session_id, seq";
        let rows = sqlx::query_as(sql).fetch_all(&self.pool);
        rows.await.expect("messages can be read")
    }

    /// Waits until a message has that status.
    pub async fn until(&self, id: Uuid, status: &str) -> StoredMessage {
        wait_until(format!("a message that is {status}"), async || {
            match self.message(id).await {
                Some(message) if message.status == status => Ok(message),
                other => Err(format!("{other:?}")),
            }
        })
        .await
    }
}

impl Database {
    /// How one of the service's own roles logs in: `app` or `platform`.
    pub fn url_as(&self, role: &str) -> String {
        let roles = Roles::new("parlance").expect("the prefix is good");
        let name = if role == "app" {
            roles.app()
        } else {
            roles.platform()
        };
        let root = RootSecret::new(&SECRET_KEY.into()).expect("the secret is strong");
        let url = roles.login(&self.url().into(), &name, &root);
        url.expect("the URL has a host").expose_secret().to_owned()
    }
}
