//! Pools whose connections are known to be clean, and known to be bound by row-level security.

use crate::{Error, MIGRATOR, Result};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{collections::BTreeMap, str::FromStr, time::Duration};

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Logs in as the app role.
    pub app_url: SecretString,
    /// Logs in as the platform role.
    pub platform_url: SecretString,
    /// At most so many connections of the app role; the platform role gets 2.
    pub max_connections: u32,
    /// How long a request may wait for a connection.
    pub acquire_timeout: Duration,
}

impl Connections {
    /// Whether a connection can be tried with this URL.
    pub fn takes(url: &SecretString) -> bool {
        let url = url.expose_secret();
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        matches!(scheme, Some("postgres" | "postgresql")) && PgConnectOptions::from_str(url).is_ok()
    }
}

/// Why this database must not be served from.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The role could see or change more than requests may.
    #[error(
        "the database role of the service is too powerful: it {0}. Let DATABASE_URL be rewritten to the restricted role (the default), or point APP_DATABASE_URL at it"
    )]
    TooPowerful(String),
    /// The schema is missing or older.
    #[error(
        "the database schema is not up to date (migration {0} is missing). Run `parlance migrate` first"
    )]
    Behind(i64),
    /// The schema was made by a newer or another binary.
    #[error(
        "the database schema is not this binary's (migration {0} is unknown to it or differs). Deploy the version that made it, or newer"
    )]
    Foreign(i64),
    /// The database could not be asked.
    #[error(
        "the database cannot be used as the role of the service. Check DATABASE_URL, and that `parlance migrate` ran with the same SECRET_KEY and ROLE_PREFIX"
    )]
    Unreachable(#[source] Error),
}

/// A lazy pool.
///
/// A connection that comes back in a transaction is closed: in sqlx 0.9.0 a cancelled `begin()` leaves one
/// open, and the next request's writes would vanish with it (transact-rs/sqlx#4393). One that was idle is
/// tried before use, since its socket may have died unseen.
///
/// # Errors
/// The URL does not parse.
pub(crate) fn open(url: &SecretString, max: u32, acquire_timeout: Duration) -> Result<PgPool> {
    let options = PgConnectOptions::from_str(url.expose_secret())?.application_name("parlance");
    Ok(PgPoolOptions::new()
        .max_connections(max)
        .acquire_timeout(acquire_timeout)
        .idle_timeout(Duration::from_secs(300))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < Duration::from_secs(15) {
                    return Ok(true);
                }
                let alive = tokio::time::timeout(Duration::from_secs(1), connection.ping()).await;
                Ok(matches!(alive, Ok(Ok(()))))
            })
        })
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .connect_lazy_with(options))
}

/// Outside a transaction `now()` is the statement's own time; inside it is older.
async fn is_clean(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    use sqlx::Row;
    let row = connection
        .fetch_one("select now() <> statement_timestamp()")
        .await?;
    let stale: bool = row.try_get(0)?;
    if stale {
        tracing::warn!(
            counter.stale_tx_closed = 1,
            "closed a connection that was left in a transaction"
        );
    }
    Ok(!stale)
}

/// Confirms that the pool's role is bound by row-level security and can do no more than it must.
pub(crate) async fn check_role(pool: &PgPool) -> Result<(), Unfit> {
    let excess: Vec<String> = sqlx::query_scalar(
        "select unnest(array_remove(array[
            case when r.rolsuper then 'is a superuser' end,
            case when r.rolbypassrls then 'bypasses row-level security' end,
            case when r.rolcreaterole or r.rolcreatedb then 'may create roles or databases' end,
            case when exists (select from pg_auth_members m where m.member = r.oid)
                 then 'is a member of another role' end,
            case when exists (select from pg_class c
                              where c.relnamespace = 'parlance'::regnamespace and c.relowner = r.oid)
                 then 'owns tables' end,
            case when has_schema_privilege('parlance', 'create') then 'may create in the schema' end,
            case when has_database_privilege(current_database(), 'create')
                   or has_database_privilege(current_database(), 'temporary')
                 then 'may create schemas or temporary tables' end,
            case when exists (select from pg_class c
                              where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p')
                                and has_table_privilege(c.oid, 'truncate, references, trigger'))
                 then 'may truncate or reference tables' end
          ], null))
         from pg_roles r where r.rolname = current_user",
    )
    .fetch_all(pool)
    .await
    .map_err(|e| Unfit::Unreachable(e.into()))?;
    if excess.is_empty() {
        return check_policies_bite(pool).await;
    }
    Err(Unfit::TooPowerful(excess.join(", ")))
}

/// Without a tenant a tenant's table must answer with an error, whatever the catalogue says.
async fn check_policies_bite(pool: &PgPool) -> Result<(), Unfit> {
    match sqlx::query("select from parlance.users limit 1")
        .fetch_optional(pool)
        .await
    {
        Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("42501") => Ok(()),
        Err(e) => Err(Unfit::Unreachable(e.into())),
        Ok(_) => Err(Unfit::TooPowerful(
            "reads tenants' rows without naming a tenant".into(),
        )),
    }
}

/// Confirms that exactly the migrations of this binary were applied.
pub(crate) async fn check_schema(pool: &PgPool) -> Result<(), Unfit> {
    let first = MIGRATOR.iter().map(|m| m.version).next().unwrap_or(0);
    let applied: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("select version, checksum from parlance._sqlx_migrations where success")
            .fetch_all(pool)
            .await
            .map_err(|e| match &e {
                // undefined_table, invalid_schema_name
                sqlx::Error::Database(d)
                    if matches!(d.code().as_deref(), Some("42P01" | "3F000")) =>
                {
                    Unfit::Behind(first)
                }
                _ => Unfit::Unreachable(e.into()),
            })?;
    let applied: BTreeMap<_, _> = applied.into_iter().collect();
    for migration in MIGRATOR.iter() {
        match applied.get(&migration.version) {
            None => return Err(Unfit::Behind(migration.version)),
            Some(checksum) if **checksum != *migration.checksum => {
                return Err(Unfit::Foreign(migration.version));
            }
            Some(_) => {}
        }
    }
    match applied
        .keys()
        .find(|version| !MIGRATOR.version_exists(**version))
    {
        Some(version) => Err(Unfit::Foreign(*version)),
        None => Ok(()),
    }
}
