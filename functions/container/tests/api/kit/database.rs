//! A database per test, cloned from a template that is made once per server.

mod template;

use super::{
    Kit, SECRET_KEY,
    wait::{wait_for, wait_until},
};
use db::Roles;
use secrecy::ExposeSecret;
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use template::TEMPLATE;
pub use template::{migrate, partition, seed};
use tenant_auth::RootSecret;
use uuid::Uuid;

/// A PostgreSQL, as its superuser reaches it.
#[derive(Clone)]
pub struct Server {
    /// Without a database.
    url: String,
}

/// A database of a server.
#[derive(Clone)]
pub struct Database {
    server: Server,
    name: String,
}

impl Server {
    /// The one that `url` names, whichever database of it.
    pub fn at(url: &str) -> Self {
        let (url, _) = url.rsplit_once('/').expect("the URL ends with a database");
        let url = url.to_owned();
        Self { url }
    }

    /// The one that is there for all tests.
    fn of_tests() -> Self {
        let url = std::env::var("DATABASE_URL").expect(
            "DATABASE_URL names a PostgreSQL for tests: run scripts/test, which starts one",
        );
        Self::at(&url)
    }

    fn url_of(&self, database: &str) -> String {
        format!("{}/{database}", self.url)
    }

    async fn connect(&self, database: &str) -> PgConnection {
        connect_to(&self.url_of(database)).await
    }
}

impl Database {
    /// A clone of the template.
    pub async fn clone_template() -> Self {
        Self::clone_on(Server::of_tests(), "").await
    }

    /// One like it whose messages are in one table, whatever the template has.
    pub async fn clone_whole() -> Self {
        if !template::is_partitioned() {
            return Self::clone_template().await;
        }
        let database = Self::empty().await;
        migrate(&database.url()).await;
        seed(&mut connect_to(&database.url()).await).await;
        database
    }

    /// A clone of the template on another server; `options` of `create database` say where.
    pub async fn clone_on(server: Server, options: &str) -> Self {
        template::make(&server).await;
        Self::create(server, &format!("template {TEMPLATE} {options}")).await
    }

    /// One with nothing in it.
    pub async fn empty() -> Self {
        Self::create(Server::of_tests(), "").await
    }

    async fn create(on: Server, template: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut server = on.connect("postgres").await;
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
        Self { server: on, name }
    }

    /// One of another server, by the URL of its superuser.
    pub fn elsewhere(url: &str) -> Self {
        let (_, name) = url.rsplit_once('/').expect("a URL ends with a database");
        let (server, name) = (Server::at(url), name.to_owned());
        Self { server, name }
    }

    /// Whether pooler and standby are of its server.
    fn is_of_tests(&self) -> bool {
        self.server.url == Server::of_tests().url
    }

    /// How the server's superuser logs in.
    pub fn url(&self) -> String {
        self.server.url_of(&self.name)
    }

    /// How the service reaches it where a pooler is to be between: `scripts/test --pooler`.
    pub fn pooler_url(&self) -> Option<String> {
        let pooler = pooler().filter(|_| self.is_of_tests())?;
        Some(format!("postgresql://{pooler}/{}", self.name))
    }

    /// The same at the standby, where there is to be one: `scripts/test --replica`.
    pub fn replica_url(&self) -> Option<String> {
        let replica = std::env::var("REPLICA").ok()?;
        self.is_of_tests()
            .then(|| format!("postgresql://{replica}/{}", self.name))
    }

    /// The server's superuser, in this database: it may write while the service may not.
    pub async fn pool(&self) -> PgPool {
        let url = self.url().parse::<PgConnectOptions>().expect("it is a URL");
        let writes = url.options([("default_transaction_read_only", "off")]);
        let pool = PgPoolOptions::new().max_connections(2);
        let pool = pool.connect_with(writes).await;
        pool.expect("the test database can be reached")
    }
}

/// Host and port of the pooler, if there is one.
pub fn pooler() -> Option<String> {
    std::env::var("POOLER").ok()
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
