//! Whether a database may be served from: its schema suits this binary, and row-level security binds the service.

use crate::{
    Db, Error, MIGRATOR, newest_migration,
    transaction::{Conn, Transaction},
};
use sqlx::{Executor, Postgres, Row, postgres::PgRow};
use std::collections::BTreeMap;

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
    /// Nothing can be stored.
    #[error(
        "the database takes no writes: it is a standby, or was set to read only. Point DATABASE_URL at the primary, or wait until this one is"
    )]
    ReadOnly,
    /// The database could not be asked.
    #[error("{}", unreachable(.0))]
    Unreachable(#[source] Error),
}

/// A database that is away has nothing to do with keys and roles.
fn unreachable(cause: &Error) -> &'static str {
    match cause {
        Error::Unavailable(_) => {
            "the database does not answer. Check that it runs, and host and port of DATABASE_URL"
        }
        _ => {
            "the database cannot be used as the role of the service. Check DATABASE_URL, and that `parlance migrate` ran with the same SECRET_KEY and ROLE_PREFIX"
        }
    }
}

impl Db {
    /// Confirms that the schema suits this binary and that row-level security binds the service. Once it holds,
    /// asking again costs nothing; until it does, every transaction asks first.
    ///
    /// A schema that a newer release has moved on is served: each release's migrations suit the release before, or
    /// no host could be updated while another one serves.
    ///
    /// # Errors
    /// The sentence says what to do; nothing must be served.
    pub async fn check(&self) -> Result<(), Unfit> {
        let examine = || async { examine(&mut self.bare().await?).await };
        self.fit.get_or_try_init(examine).await.copied()
    }

    /// Confirms that the database answers and that its schema is exactly this binary's.
    ///
    /// # Errors
    /// It does not, or is not.
    pub async fn ready(&self) -> Result<(), Unfit> {
        let mut connection = self.bare().await?;
        check_writable(connection.conn()).await?;
        let newer = check_schema(connection.conn()).await?;
        drop(connection);
        match newer {
            Some(newer) => Err(Unfit::Foreign(newer)),
            None => self.check().await,
        }
    }

    /// A connection in no transaction, for the questions below, which are not for a tenant's rows.
    async fn bare(&self) -> Result<Transaction, Unfit> {
        let connection = Transaction::at_once(&self.app.connections).await;
        connection.map_err(Unfit::Unreachable)
    }
}

/// As [`Db::check`], each time, of the server that the connection leads to.
pub(crate) async fn examine(connection: &mut Transaction) -> Result<(), Unfit> {
    let examined = connection.conn().until_refused(EXAMINATION).await;
    let (rows, refusal) = examined.map_err(|e| Unfit::Unreachable(e.into()))?;
    let found = judge(&rows, refusal)?;
    if let Some(newer) = found.newer {
        tracing::warn!(
            migration = newer,
            "a newer release has migrated this database"
        );
    }
    if let Some(settings) = found.changed {
        tracing::warn!(
            settings,
            "somebody has changed settings of the service's database role, which may do that itself. Those that \
             matter are set anew on each connection. If it was not you, look for who had the role's password; \
             `parlance migrate` puts back what it has set"
        );
    }
    Ok(())
}

/// Confirms that what is written can be stored.
async fn check_writable(connection: Conn<'_>) -> Result<(), Unfit> {
    let read_only: bool =
        sqlx::query_scalar("select current_setting('transaction_read_only')::boolean")
            .fetch_one(connection)
            .await
            .map_err(|e| Unfit::Unreachable(e.into()))?;
    match read_only {
        true => Err(Unfit::ReadOnly),
        false => Ok(()),
    }
}

/// All that is asked before the first transaction, in one message, since a function that starts is waited for: which
/// migrations were applied; what the role could do that it must not; and, whatever the catalogue says, a tenant's table
/// without a tenant, which must be refused. What is told of the role's settings is told by three columns: those that are not
/// as migrations/roles.sql has set them, but for the read-only mode, which an operator may have chosen.
const EXAMINATION: &str =
    "select version, checksum from parlance._sqlx_migrations where success;
     select unnest(array_remove(array[
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
     from pg_roles r where r.rolname = current_user;
     select string_agg(distinct split_part(entry, '=', 1), ', '), true, true
     from (select unnest(s.setconfig) as entry from pg_db_role_setting s
           where s.setrole = (select oid from pg_roles where rolname = current_user)
             and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))) actual
     full join unnest(array['statement_timeout=5s', 'lock_timeout=2s', 'idle_in_transaction_session_timeout=10s',
                            'search_path=parlance, pg_temp', 'row_security=on']) expected (entry) using (entry)
     where actual.entry is null or expected.entry is null;
     select from parlance.users limit 1";

/// What is worth a line in the log, of a database that may be served from.
struct Found {
    /// The newest migration that this binary does not know.
    newer: Option<i64>,
    /// The names of the role's settings that are not as they were made.
    changed: Option<String>,
}

/// What the [`EXAMINATION`] says, or why nothing must be served.
fn judge(rows: &[PgRow], refusal: Option<sqlx::Error>) -> Result<Found, Unfit> {
    let unreachable = |e: sqlx::Error| Unfit::Unreachable(e.into());
    let (mut applied, mut excess) = (BTreeMap::new(), Vec::<String>::new());
    let mut changed = None;
    for row in rows {
        match row.len() {
            3 => changed = row.try_get(0).map_err(unreachable)?,
            2 => {
                let version: i64 = row.try_get(0).map_err(unreachable)?;
                applied.insert(version, row.try_get(1).map_err(unreachable)?);
            }
            1 => excess.push(row.try_get(0).map_err(unreachable)?),
            // Of the tenant's table.
            _ => {}
        }
    }
    let code = refusal.as_ref().and_then(|e| e.as_database_error()?.code());
    let code = code.map(std::borrow::Cow::into_owned);
    match code.as_deref() {
        _ if !applied.is_empty() => {}
        Some("42501") | None => {}
        _ => return Err(without_schema(refusal.unwrap_or(sqlx::Error::RowNotFound))),
    }
    let newer = judge_schema(&applied)?;
    if !excess.is_empty() {
        return Err(Unfit::TooPowerful(excess.join(", ")));
    }
    match (code.as_deref(), refusal) {
        (Some("42501"), _) => Ok(Found { newer, changed }),
        (_, Some(e)) => Err(unreachable(e)),
        (_, None) => Err(Unfit::TooPowerful(
            "reads tenants' rows without naming a tenant".into(),
        )),
    }
}

/// Confirms that every migration of this binary was applied. The newest one that it does not know, if there is one:
/// a newer release has been here.
pub(crate) async fn check_schema<'c>(
    connection: impl Executor<'c, Database = Postgres>,
) -> Result<Option<i64>, Unfit> {
    let applied: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("select version, checksum from parlance._sqlx_migrations where success")
            .fetch_all(connection)
            .await
            .map_err(without_schema)?;
    judge_schema(&applied.into_iter().collect())
}

/// What it means that the applied migrations cannot be read.
fn without_schema(e: sqlx::Error) -> Unfit {
    let first = MIGRATOR.iter().map(|m| m.version).next().unwrap_or(0);
    let code = e.as_database_error().and_then(|e| e.code());
    // undefined_table, invalid_schema_name
    match code.as_deref() {
        Some("42P01" | "3F000") => Unfit::Behind(first),
        _ => Unfit::Unreachable(e.into()),
    }
}

fn judge_schema(applied: &BTreeMap<i64, Vec<u8>>) -> Result<Option<i64>, Unfit> {
    for migration in MIGRATOR.iter() {
        match applied.get(&migration.version) {
            None => return Err(Unfit::Behind(migration.version)),
            Some(checksum) if **checksum != *migration.checksum => {
                return Err(Unfit::Foreign(migration.version));
            }
            Some(_) => {}
        }
    }
    let unknown = |version: &&i64| !MIGRATOR.version_exists(**version);
    match applied.keys().rev().find(unknown) {
        Some(version) if *version < newest_migration() => Err(Unfit::Foreign(*version)),
        newer => Ok(newer.copied()),
    }
}
