//! What pending migrations would lock, and for about how long: told before they run.
//!
//! They are tried in a database of their own with the same schema and nothing in it, which is dropped again. Tried where people
//! work, and taken back, they would hold the very locks that are asked about; and their text does not tell what a procedure, or
//! PostgreSQL by itself, locks besides.

mod observed;

use crate::{Operator, OperatorError, Roles, running::connect};
use observed::{Observed, Snapshot};
use secrecy::SecretString;
use sqlx::{
    AssertSqlSafe, Executor, PgConnection,
    migrate::{Migrate, MigrateError, Migration, Migrator},
};
use std::collections::{HashMap, HashSet};
use tenant_auth::RootSecret;
use uuid::Uuid;

/// What is pending, and what it would do.
#[derive(Debug)]
pub struct Plan {
    /// How many migrations the schema has; none of one that is not there.
    pub applied: usize,
    /// What is pending, in order.
    pub pending: Vec<Planned>,
}

/// A pending migration.
#[derive(Debug)]
pub struct Planned {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether what it locks stays locked until all of it is done.
    pub in_transaction: bool,
    /// What it does to tables that are there.
    pub tables: Vec<PlannedTable>,
}

/// What a migration does to a table.
#[derive(Debug)]
pub struct PlannedTable {
    /// The table.
    pub name: String,
    /// The strongest lock on it, as PostgreSQL's documentation calls it.
    pub lock: &'static str,
    /// Whether all of it is written anew.
    pub is_rewritten: bool,
    /// The indexes that are built on it.
    pub indexes: Vec<String>,
    /// Whether it is read, maybe from its first row to its last.
    pub is_read: bool,
    /// Whether rows of it may be changed.
    pub is_written: bool,
    /// How large it is where people work.
    pub size: Size,
}

/// How large a table is, with its partitions.
#[derive(Clone, Copy, Debug, Default, sqlx::FromRow)]
pub struct Size {
    /// About how many rows it has, as PostgreSQL last counted.
    pub rows: i64,
    /// What its rows take on the disk.
    pub bytes: i64,
    /// What its indexes take.
    pub index_bytes: i64,
}

#[derive(sqlx::FromRow)]
struct Sized {
    name: String,
    #[sqlx(flatten)]
    size: Size,
}

const SIZES: &str = "
    select c.relname::text as name, sum(greatest(part.reltuples, 0))::bigint as rows,
           sum(pg_table_size(part.oid))::bigint as bytes, sum(pg_indexes_size(part.oid))::bigint as index_bytes
    from pg_class c
    join lateral (select c.oid as id union select relid from pg_partition_tree(c.oid)) of on true
    join pg_class part on part.oid = of.id
    where c.relnamespace = 'parlance'::regnamespace and c.relkind in ('r', 'p')
    group by c.relname";

/// What a database is called in which migrations are tried, and its roles: a name of our own, and nothing that must be quoted.
struct Scratch {
    name: String,
    roles: Roles,
}

impl Operator {
    /// What the migrations that this schema lacks would do to it. Changes nothing here; where `scratch` connects to, a database
    /// and its roles are made, and dropped again.
    ///
    /// # Errors
    /// The login of `scratch` may make neither, or a migration fails even without any rows.
    pub async fn plan(
        &mut self,
        migrations: &Migrator,
        scratch: &SecretString,
        root: &RootSecret,
    ) -> Result<Plan, OperatorError> {
        let there: bool = sqlx::query_scalar(
            "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                            where n.nspname = 'parlance' and c.relname = '_sqlx_migrations')",
        )
        .fetch_one(&mut self.connection)
        .await?;
        let mut applied = HashSet::new();
        let mut sizes = HashMap::new();
        if there {
            self.check_owner().await?;
            self.act_as_owner().await?;
            let found = self.applied().await;
            self.act_as_itself().await?;
            applied = found?;
            let rows: Vec<Sized> = sqlx::query_as(SIZES)
                .fetch_all(&mut self.connection)
                .await?;
            sizes.extend(rows.into_iter().map(|row| (row.name, row.size)));
        }
        let is_pending = |one: &&Migration| !applied.contains(&one.version);
        let (pending, known): (Vec<_>, Vec<_>) = migrations.iter().partition(is_pending);
        let observed = match there && !pending.is_empty() {
            true => tried(scratch, root, &known, &pending).await?,
            false => Vec::new(),
        };
        // Of a schema that is not there, nobody uses anything.
        let observed = observed.into_iter().chain(std::iter::repeat_with(Vec::new));
        let planned = pending.iter().zip(observed).map(|(one, tables)| Planned {
            version: one.version,
            name: one.description.to_string(),
            in_transaction: !one.no_tx,
            tables: tables
                .into_iter()
                .map(|table| table.planned(&sizes))
                .collect(),
        });
        Ok(Plan {
            applied: applied.len(),
            pending: planned.collect(),
        })
    }
}

/// What each pending migration did to an empty copy of the schema.
async fn tried(
    url: &SecretString,
    root: &RootSecret,
    known: &[&Migration],
    pending: &[&Migration],
) -> Result<Vec<Vec<Observed>>, OperatorError> {
    let name = format!("parlance_plan_{:016x}", Uuid::new_v4().as_u64_pair().0);
    let roles = Roles::new(&name).expect("it is a plain name");
    let scratch = Scratch { name, roles };
    let mut server = Operator::connect(url, scratch.roles.clone()).await?;
    let create = format!("create database {} template template0", scratch.name);
    server
        .connection
        .execute(AssertSqlSafe(create))
        .await
        .map_err(|e| OperatorError::Scratch(e.into()))?;
    let observed = scratch.observe(url, root, known, pending).await;
    let dropped = scratch.drop(&mut server.connection).await;
    let observed = observed?;
    dropped.map_err(|e| OperatorError::Scratch(e.into()))?;
    Ok(observed)
}

impl Scratch {
    async fn observe(
        &self,
        url: &SecretString,
        root: &RootSecret,
        known: &[&Migration],
        pending: &[&Migration],
    ) -> Result<Vec<Vec<Observed>>, OperatorError> {
        let options = connect::options(url)?.database(&self.name);
        let mut operator = Operator::connect_with(options, self.roles.clone()).await?;
        operator.ensure_roles(root).await?;
        operator.act_as_owner().await?;
        let migrate = |e: MigrateError| OperatorError::Scratch(e.into());
        let connection = &mut operator.connection;
        connection
            .ensure_migrations_table(APPLIED)
            .await
            .map_err(migrate)?;
        for one in known {
            connection.apply(APPLIED, one).await.map_err(migrate)?;
        }
        let mut observed = Vec::new();
        for one in pending {
            let tables = observe(connection, one).await;
            let failed = |e| migrate(MigrateError::ExecuteMigration(e, one.version));
            observed.push(tables.map_err(failed)?);
        }
        Ok(observed)
    }

    /// Drops the database and its roles, which own and may nothing elsewhere.
    async fn drop(&self, server: &mut PgConnection) -> Result<(), sqlx::Error> {
        let drop = format!("drop database {} with (force)", self.name);
        server.execute(AssertSqlSafe(drop)).await?;
        sqlx::query("select set_config('parlance.scratch', $1, false)")
            .bind(&self.name)
            .execute(&mut *server)
            .await?;
        server
            .execute(
                "do $$ declare it text; begin
                   for it in select rolname from pg_roles where starts_with(rolname, current_setting('parlance.scratch'))
                   loop execute format('drop role %I', it); end loop;
                 end $$",
            )
            .await?;
        Ok(())
    }
}

/// Where sqlx keeps what was applied.
pub(super) const APPLIED: &str = "_sqlx_migrations";

/// Runs a migration and looks at what it has locked before it lets go.
async fn observe(
    connection: &mut PgConnection,
    migration: &Migration,
) -> Result<Vec<Observed>, sqlx::Error> {
    if migration.no_tx {
        let before = Snapshot::take(connection).await?;
        connection.execute(migration.sql.clone()).await?;
        return Ok(before.built_since(&Snapshot::take(connection).await?));
    }
    connection.execute("begin").await?;
    let before = Snapshot::take(connection).await?;
    connection.execute(migration.sql.clone()).await?;
    let observed = before.since(&Snapshot::take(connection).await?);
    connection.execute("commit").await?;
    Ok(observed)
}
