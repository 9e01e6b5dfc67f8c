//! An index that is built while others write, of a table that is partitioned: PostgreSQL builds none of those at once, so that each
//! partition gets its own, and these become the one that the migration names.

use super::TURN;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

/// What a migration builds.
pub(super) struct Index<'a> {
    unique: &'static str,
    name: &'a str,
    table: &'a str,
    /// What of it, how, and of which rows.
    of: &'a str,
}

impl<'a> Index<'a> {
    /// Of a migration that is this one statement, as they are written here.
    pub(super) fn built_by(sql: &'a str) -> Option<Self> {
        let mut lines = sql.trim_start();
        while let Some(comment) = lines.strip_prefix("--") {
            lines = comment.split_once('\n')?.1.trim_start();
        }
        let statement = lines.trim_end().trim_end_matches(';');
        let made = statement.strip_prefix("create ")?;
        let (unique, made) = match made.strip_prefix("unique ") {
            Some(made) => ("unique", made),
            None => ("", made),
        };
        let (name, on) = made
            .strip_prefix("index concurrently ")?
            .split_once(" on parlance.")?;
        let (table, of) = on.split_once(' ')?;
        let one = !statement.contains(';');
        one.then_some(Self {
            unique,
            name,
            table,
            of,
        })
    }

    /// The partitions of its table; none if it is one table.
    pub(super) async fn parts(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Vec<String>, sqlx::Error> {
        let sql = "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
                   where i.inhparent = to_regclass('parlance.' || quote_ident($1)) and c.relispartition order by 1";
        sqlx::query_scalar(sql)
            .bind(self.table)
            .fetch_all(connection)
            .await
    }

    /// Builds it; what is there already of an attempt that was cut off stays, if it is whole.
    pub(super) async fn build(
        &self,
        connection: &mut PgConnection,
        parts: &[String],
    ) -> Result<(), sqlx::Error> {
        let Self {
            unique,
            name,
            table,
            of,
        } = self;
        let all =
            format!("create {unique} index if not exists {name} on only parlance.{table} {of}");
        run(connection, TURN, all).await?;
        for part in parts {
            let own = format!("{part}_{name}");
            let valid = "select indisvalid from pg_index where indexrelid = to_regclass('parlance.' || quote_ident($1))";
            let valid: Option<bool> = sqlx::query_scalar(valid)
                .bind(&own)
                .fetch_optional(&mut *connection)
                .await?;
            if valid == Some(false) {
                run(connection, TURN, format!("drop index parlance.{own}")).await?;
            }
            if valid != Some(true) {
                let one =
                    format!("create {unique} index concurrently {own} on parlance.{part} {of}");
                run(connection, "0", one).await?;
            }
            let attach = format!("alter index parlance.{name} attach partition parlance.{own}");
            run(connection, TURN, attach).await?;
        }
        Ok(())
    }
}

/// Runs a statement that is made of a migration's own text and of the names of partitions, which are ours.
async fn run(connection: &mut PgConnection, wait: &str, sql: String) -> Result<(), sqlx::Error> {
    sqlx::query("select set_config('lock_timeout', $1, false)")
        .bind(wait)
        .execute(&mut *connection)
        .await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_in_no_transaction_is_understood() {
        let apart = crate::MIGRATOR.iter().filter(|one| one.no_tx);
        for one in apart {
            let index = Index::built_by(one.sql.as_str());
            assert!(index.is_some(), "{} {}", one.version, one.sql.as_str());
        }
        let sql = "-- no-transaction\n-- Why.\ncreate unique index concurrently a on parlance.b (c, d) where c > 0;\n";
        let index = Index::built_by(sql).unwrap();
        let told = (index.unique, index.name, index.table, index.of);
        assert_eq!(told, ("unique", "a", "b", "(c, d) where c > 0"));
        for other in [
            "create index a on parlance.b (c)",
            "drop index concurrently parlance.a",
            "-- no-transaction",
        ] {
            assert!(Index::built_by(other).is_none(), "{other}");
        }
    }
}
