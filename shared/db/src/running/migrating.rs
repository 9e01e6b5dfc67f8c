//! Bringing the schema up to date while others work with it.

mod parts;

use crate::{MIGRATOR, Operator, OperatorError, PartitionError, running::planning::APPLIED};
use parts::Index;
use sqlx::{
    Executor, SqlSafeStr,
    migrate::{Migrate, MigrateError, Migration},
};
use std::{collections::HashSet, time::Duration};
use tenant_auth::RootSecret;
use tokio::time::sleep;

const PGVECTOR_SQL: &str = include_str!("../../../../migrations/pgvector.sql");

/// For how long a migration may wait for a lock. Whoever comes meanwhile waits behind it, and the service's statements give up
/// after two seconds (migrations/roles.sql).
const TURN: &str = "1s";
/// How often a lock is tried for, and the pause between, in which those who waited go on: three minutes in all.
const TURNS: u32 = 60;
const PAUSE: Duration = Duration::from_secs(2);

/// What a migration found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations the schema now has.
    pub all: usize,
    /// How many of them were applied this time.
    pub now: usize,
    /// Whether vectors can be kept in the database: it has pgvector.
    pub has_vectors: bool,
}

impl Operator {
    /// Creates the roles, or gives them the passwords that follow from `root`; then brings the schema up to
    /// date. Safe to run at any time and by several at once.
    ///
    /// # Errors
    /// The login may not, a migration fails, or somebody holds for minutes what it has to lock.
    pub async fn migrate(&mut self, root: &RootSecret) -> Result<Migrated, OperatorError> {
        self.check_owner().await?;
        self.ensure_roles(root).await?;
        self.act_as_owner().await?;
        let before = self.applied().await?.len();
        let done = self.apply_patiently().await;
        let all = self.applied().await?.len();
        self.act_as_itself().await?;
        let has_vectors = done.map_err(|e| match is_in_use(&e) {
            true => OperatorError::InUse(e.into()),
            false => OperatorError::Migrate(e.into()),
        })?;
        let has_vectors = has_vectors.ok_or(PartitionError::UnderWay)?;
        Ok(Migrated {
            all,
            now: all.saturating_sub(before),
            has_vectors,
        })
    }

    /// As [`Operator::apply`], again and again while somebody else holds what it has to lock; whether vectors can be kept then.
    async fn apply_patiently(&mut self) -> Result<Option<bool>, MigrateError> {
        let mut turns = 1..TURNS;
        loop {
            // Only one of several migrates; the others wait for it, however long that takes.
            self.wait_at_most("0").await?;
            self.connection.lock().await?;
            let done = self.apply().await;
            let let_go = "select pg_advisory_unlock_all(); reset lock_timeout";
            let let_go = self.connection.execute(let_go).await;
            match done {
                Err(e) if is_in_use(&e) && turns.next().is_some() => sleep(PAUSE).await,
                Err(e) => return Err(e),
                Ok(has_vectors) => return Ok(let_go.map(|_| has_vectors)?),
            }
        }
    }

    /// Applies what is pending, and goes on where it ended. `None`: messages are being partitioned, and a migration might change one
    /// of the two tables that they are in alone.
    async fn apply(&mut self) -> Result<Option<bool>, MigrateError> {
        let applied = self.applied().await?;
        let partitioning = "select to_regclass('parlance.message_partitioning') is not null";
        let partitioning: bool = sqlx::query_scalar(partitioning)
            .fetch_one(&mut self.connection)
            .await?;
        if partitioning && MIGRATOR.iter().any(|one| !applied.contains(&one.version)) {
            return Ok(None);
        }
        let apart = MIGRATOR.iter().filter(|one| one.no_tx);
        for one in apart.filter(|one| !applied.contains(&one.version)) {
            self.wait_at_most(TURN).await?;
            let before = one.version - 1;
            MIGRATOR.run_to(before, &mut self.connection).await?;
            self.apply_apart(one).await?;
        }
        self.wait_at_most(TURN).await?;
        MIGRATOR.run(&mut self.connection).await?;
        self.connection.execute(PGVECTOR_SQL).await?;
        let has_vectors =
            sqlx::query_scalar("select to_regclass('parlance.chunk_vectors') is not null")
                .fetch_one(&mut self.connection)
                .await?;
        Ok(Some(has_vectors))
    }

    /// Applies a migration that is in no transaction, such as one that builds an index while others write. It waits for whoever
    /// began before it, however long that takes, and nobody waits for it.
    async fn apply_apart(&mut self, migration: &Migration) -> Result<(), MigrateError> {
        self.drop_half_built(migration.sql.as_str()).await?;
        if let Some(index) = Index::built_by(migration.sql.as_str()) {
            let parts = index.parts(&mut self.connection).await?;
            if !parts.is_empty() {
                index.build(&mut self.connection, &parts).await?;
                let applied = Migration {
                    sql: "select".into_sql_str(),
                    ..migration.clone()
                };
                self.connection.apply(APPLIED, &applied).await?;
                return Ok(());
            }
        }
        self.wait_at_most("0").await?;
        MIGRATOR
            .run_to(migration.version, &mut self.connection)
            .await
    }

    /// An index whose building was cut off is of no use to anybody, and in the way of the next attempt.
    async fn drop_half_built(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let half_built: Vec<String> = sqlx::query_scalar(
            "select c.relname::text from pg_index i join pg_class c on c.oid = i.indexrelid
             where c.relnamespace = 'parlance'::regnamespace and c.relkind = 'i' and not i.indisvalid
               and position(c.relname::text in $1) > 0",
        )
        .bind(sql)
        .fetch_all(&mut self.connection)
        .await?;
        for name in half_built {
            sqlx::query("select set_config('parlance.half_built', $1, false)")
                .bind(name)
                .execute(&mut self.connection)
                .await?;
            self.connection
                .execute(
                    "do $$ begin
                       execute format('drop index parlance.%I', current_setting('parlance.half_built'));
                     end $$",
                )
                .await?;
        }
        Ok(())
    }

    async fn wait_at_most(&mut self, time: &str) -> Result<(), sqlx::Error> {
        sqlx::query("select set_config('lock_timeout', $1, false)")
            .bind(time)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// The migrations that the schema has; the owner asks.
    pub(crate) async fn applied(&mut self) -> Result<HashSet<i64>, sqlx::Error> {
        let there: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
            .fetch_one(&mut self.connection)
            .await?;
        if !there {
            return Ok(HashSet::new());
        }
        let applied: Vec<i64> =
            sqlx::query_scalar("select version from _sqlx_migrations where success")
                .fetch_all(&mut self.connection)
                .await?;
        Ok(applied.into_iter().collect())
    }
}

/// Whether somebody else held what had to be locked.
fn is_in_use(e: &MigrateError) -> bool {
    let cause = match e {
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => e,
        _ => return false,
    };
    let code = cause.as_database_error().and_then(|e| e.code());
    code.as_deref() == Some("55P03")
}
