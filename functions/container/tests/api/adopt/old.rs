//! Databases of the service before this one, restored from dumps.

use crate::kit::database::{Database, connect_to};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// One of them, and what is known of it.
pub(super) struct Old {
    pub(super) database: Database,
    pub(super) secret_key: String,
    pub(super) expected: Value,
}

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/api/adopt/data")
        .join(file)
}

fn unzipped(file: &str) -> String {
    let read = Command::new("gzip").arg("-dc").arg(data(file)).output();
    let read = read.expect("there is gzip");
    assert!(read.status.success(), "{file}");
    String::from_utf8(read.stdout).expect("a dump is UTF-8")
}

impl Old {
    /// At the newest revision: emails, roles, times and texts of every kind.
    pub(super) async fn acme() -> Self {
        let expected = serde_json::from_str(&unzipped("acme-expected.json.gz")).unwrap();
        Self::restored("acme-legacy.sql.gz", expected).await
    }

    /// Of the other shape: integer ids everywhere, orphans.
    pub(super) async fn globex() -> Self {
        let expected = serde_json::from_str(&unzipped("globex-expected.json.gz")).unwrap();
        Self::restored("globex-legacy.sql.gz", expected).await
    }

    /// At one of the four revisions before.
    pub(super) async fn older(revision: &str) -> Self {
        let text = std::fs::read_to_string(data("older/expected.json")).unwrap();
        let mut all: Value = serde_json::from_str(&text).unwrap();
        let file = format!("{revision}.sql.gz");
        let mut expected = all["dumps"][&file].take();
        for key in ["SECRET_KEY", "JWT_SECRET_KEY"] {
            expected[key] = all[key].take();
        }
        Self::restored(&format!("older/{file}"), expected).await
    }

    async fn restored(dump: &str, expected: Value) -> Self {
        let database = Database::empty().await;
        let mut connection = connect_to(&database.url()).await;
        restore(&mut connection, &unzipped(dump)).await;
        Self {
            secret_key: expected["SECRET_KEY"].as_str().unwrap().to_owned(),
            database,
            expected,
        }
    }

    /// Runs some statements in it.
    pub(super) async fn change(&self, sql: &str) {
        let mut connection = connect_to(&self.database.url()).await;
        let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
        done.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
}

/// What psql does with a dump in the plain format.
async fn restore(connection: &mut PgConnection, dump: &str) {
    let mut statement = String::new();
    let mut lines = dump.split_inclusive('\n');
    while let Some(line) = lines.next() {
        if statement.is_empty() && (line.starts_with("--") || line.trim().is_empty()) {
            continue;
        }
        statement.push_str(line);
        if !line.trim_end().ends_with(';') {
            continue;
        }
        if statement.starts_with("COPY ") {
            let rows: String = lines
                .by_ref()
                .take_while(|row| row.trim_end() != "\\.")
                .collect();
            let mut copy = connection
                .copy_in_raw(&statement)
                .await
                .expect("rows can be copied");
            copy.send(rows.into_bytes()).await.expect("rows are sent");
            copy.finish().await.expect("rows are taken");
        } else {
            let done = connection.execute(AssertSqlSafe(statement.clone())).await;
            done.unwrap_or_else(|e| panic!("{statement}: {e}"));
        }
        statement.clear();
    }
}
