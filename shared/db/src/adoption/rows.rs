//! What is known here of rows of the service before this one.

use crate::{Db, Need, Operator, OperatorError, Result, TenantTx, Whose};
use secrecy::SecretString;
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::collections::HashMap;
use tenant_auth::RootSecret;
use uuid::Uuid;

/// The database, as `parlance adopt` writes to it.
pub struct Adoption {
    pub(crate) db: Db,
    /// Holds the lock under which one adoption runs at a time.
    lock: PgConnection,
}

/// The number of the advisory lock of adoptions, and its name for PostgreSQL.
const LOCK: i64 = 0x70_61_72_6c_61_6e_63_65;

/// What a row of the service before this one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyKind {
    /// A user, by its id there.
    User,
    /// A conversation, by its id there.
    Session,
    /// A setting of a tenant, by its name; its fingerprint is of what was copied.
    Setting,
}

impl LegacyKind {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Session => "session",
            Self::Setting => "setting",
        }
    }
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRow {
    /// Its id here.
    pub id: Uuid,
    /// Of what was copied; none while that is not whole.
    pub fingerprint: Option<Vec<u8>>,
}

impl Operator {
    /// Opens the database for an adoption. None if another one is running.
    ///
    /// # Errors
    /// The database is not this binary's, or refuses the service's logins.
    pub async fn adopting(
        mut self,
        database_url: &SecretString,
        root: &RootSecret,
    ) -> std::result::Result<Option<Adoption>, OperatorError> {
        let db = self.as_service(database_url, root).await?;
        let mut lock = self.connection;
        let is_taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut lock)
            .await?;
        Ok(is_taken.then_some(Adoption { db, lock }))
    }
}

impl Adoption {
    /// Whether another connection is to the same database as this one: then it sees the lock that this one holds.
    ///
    /// # Errors
    /// Either does not answer.
    pub async fn is_same_database(
        &mut self,
        other: &PgConnectOptions,
    ) -> std::result::Result<bool, OperatorError> {
        let pid: i32 = sqlx::query_scalar("select pg_backend_pid()")
            .fetch_one(&mut self.lock)
            .await?;
        let mut other = PgConnection::connect_with(other).await?;
        let seen = sqlx::query_scalar(
            "select exists (
               select from pg_locks l
               where l.locktype = 'advisory' and l.pid = $2 and l.granted
                 and l.database = (select d.oid from pg_database d where d.datname = current_database())
                 and (l.classid::bigint << 32 | l.objid::bigint) = $1)",
        )
        .bind(LOCK)
        .bind(pid)
        .fetch_one(&mut other)
        .await?;
        other.close().await?;
        Ok(seen)
    }

    /// What is known of rows of one kind, by their ids there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn known(
        &self,
        tenant: Uuid,
        kind: LegacyKind,
        ids: &[&str],
    ) -> Result<HashMap<String, KnownRow>> {
        let mut tx = self.open(tenant).await?;
        // One look into the index for each, whatever the planner knows of a table that grows while it is asked.
        let rows: Vec<(String, Uuid, Option<Vec<u8>>)> = sqlx::query_as(
            "select r.legacy_id, r.id, r.fingerprint from unnest($2::text[]) as n(legacy_id)
             cross join lateral (select * from legacy_rows r where r.kind = $1 and r.legacy_id = n.legacy_id limit 1) r",
        )
        .bind(kind.name())
        .bind(ids)
        .fetch_all(tx.conn())
        .await?;
        let known = |(legacy_id, id, fingerprint)| (legacy_id, KnownRow { id, fingerprint });
        Ok(rows.into_iter().map(known).collect())
    }

    /// Ends it.
    pub async fn close(mut self) {
        self.db.close().await;
        // The lock ends with its connection, however that ends.
        drop(self.lock.execute("select pg_advisory_unlock_all()").await);
    }

    pub(crate) async fn open(&self, tenant: Uuid) -> Result<TenantTx> {
        self.db.open(tenant, Whose::SERVICE, Need::Begun).await
    }
}

/// Remembers by what else than their ids other rows there refer to rows.
pub(super) async fn remember_keys(
    tx: &mut TenantTx,
    kind: &str,
    keys: Vec<(Uuid, &str)>,
) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let (ids, keys): (Vec<Uuid>, Vec<&str>) = keys.into_iter().unzip();
    sqlx::query(
        "insert into legacy_rows (kind, legacy_id, id) select $1, key, id from unnest($2::text[], $3::uuid[]) as n(key, id)
         on conflict (tenant_id, kind, legacy_id) do update set id = excluded.id",
    )
    .bind(kind)
    .bind(keys)
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}
