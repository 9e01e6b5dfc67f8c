//! `parlance export-tenant` and `parlance import-tenant`: a tenant as a file of JSON Lines.

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use container::say;
use db::{Asked, Coming, Moving, Operator, RowCounts, TenantStatus, newest_migration};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::{Clock, OperatorConfig};
use std::{
    borrow::Cow,
    io::{BufRead, BufWriter, Write, stdin, stdout},
};
use uuid::Uuid;

/// So many rows, or bytes of them, are written at once.
const ROWS: usize = 200;
const BYTES: usize = 2 * 1024 * 1024;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    /// The version of the file's form.
    parlance_tenant: u32,
    /// The newest migration of the database that it is of.
    schema: i64,
    slug: String,
    at: DateTime<Utc>,
}

/// A row, or the last line: how many of each table there were.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    table: Option<Cow<'a, str>>,
    #[serde(borrow)]
    row: Option<&'a RawValue>,
    end: Option<RowCounts>,
}

#[derive(Deserialize)]
struct Own {
    id: Uuid,
    status: TenantStatus,
}

/// `parlance export-tenant`.
pub(crate) async fn export(slug: &str) -> Result<()> {
    let moving = open().await?;
    let mut out = BufWriter::new(stdout());
    let header = Header {
        parlance_tenant: 1,
        schema: newest_migration(),
        slug: slug.to_owned(),
        at: Clock::System.now(),
    };
    writeln!(out, "{}", serde_json::to_string(&header)?)?;
    // A row is JSON on one line as PostgreSQL writes it.
    let counts = moving
        .export(slug, |table, row| {
            writeln!(out, "{{\"table\":\"{table}\",\"row\":{row}}}")
        })
        .await?;
    writeln!(out, "{}", serde_json::json!({ "end": counts }))?;
    out.flush()?;
    moving.close().await;
    Ok(())
}

/// `parlance import-tenant`.
pub(crate) async fn import() -> Result<()> {
    let mut moving = open().await?;
    let mut lines = stdin().lock().lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let header: Header = serde_json::from_str(&first)
        .context("standard input is no file that `parlance export-tenant` has written")?;
    ensure!(
        header.parlance_tenant == 1 && header.schema == newest_migration(),
        "the file is of another release, whose schema is {} and not {}. Bring both deployments to the same release, then export again",
        header.schema,
        newest_migration()
    );
    let mut import = Import::new(&mut moving);
    for line in lines {
        import.take(&line?).await?;
    }
    let counts = import.end().await?;
    moving.close().await;
    for (table, rows) in &counts {
        say(&format!("{table}: {rows}"))?;
    }
    say(&format!(
        "The tenant {} is here. Its API keys, provider keys and connectors' secrets stayed behind: see docs/leaving.md.",
        header.slug
    ))
}

async fn open() -> Result<Moving> {
    let OperatorConfig {
        database_url,
        root,
        roles,
    } = OperatorConfig::from_env().await?;
    let operator = Operator::connect(&database_url, roles).await?;
    Ok(operator.moving(&database_url, &root).await?)
}

/// What of a file was read.
struct Import<'a> {
    moving: &'a mut Moving,
    own: Option<Own>,
    table: String,
    /// The rows of that table that are still to be written, with commas between them.
    rows: String,
    waiting: usize,
    counts: RowCounts,
    end: Option<RowCounts>,
}

impl<'a> Import<'a> {
    fn new(moving: &'a mut Moving) -> Self {
        Self {
            moving,
            own: None,
            table: String::new(),
            rows: String::new(),
            waiting: 0,
            counts: RowCounts::new(),
            end: None,
        }
    }

    async fn take(&mut self, line: &str) -> Result<()> {
        let damaged = "a line of the file is damaged; export again";
        let line: Line<'_> = serde_json::from_str(line).context(damaged)?;
        if let Some(end) = line.end {
            self.end = Some(end);
            return Ok(());
        }
        let (table, row) = line.table.zip(line.row).context(damaged)?;
        *self.counts.entry(table.clone().into_owned()).or_default() += 1;
        if self.own.is_none() {
            ensure!(table == "tenants", damaged);
            return self.begin(row.get()).await;
        }
        if self.table != table || self.waiting >= ROWS || self.rows.len() >= BYTES {
            self.put().await?;
            self.table = table.into_owned();
        }
        if self.waiting > 0 {
            self.rows.push(',');
        }
        self.rows.push_str(row.get());
        self.waiting += 1;
        Ok(())
    }

    async fn begin(&mut self, row: &str) -> Result<()> {
        let own: Own = serde_json::from_str(row)?;
        match self.moving.begin_import(own.id, row, &asked()).await? {
            Coming::Begun => {}
            Coming::Taken => {
                bail!("there is a tenant with this id or slug already; it was left as it is")
            }
        }
        self.own = Some(own);
        Ok(())
    }

    async fn put(&mut self) -> Result<()> {
        let Some(own) = self.own.as_ref().filter(|_| self.waiting > 0) else {
            return Ok(());
        };
        let rows = format!("[{}]", self.rows);
        let known = self.moving.put(own.id, &self.table, &rows).await?;
        ensure!(known, "this release knows no table {}", self.table);
        self.rows.clear();
        self.waiting = 0;
        Ok(())
    }

    async fn end(mut self) -> Result<RowCounts> {
        self.put().await?;
        let mut counts = self.counts;
        counts.retain(|_, rows| *rows > 0);
        let whole = self.end.is_some_and(|mut end| {
            end.retain(|_, rows| *rows > 0);
            end == counts
        });
        let own = self.own.filter(|_| whole).context(
            "the file is cut off, so nobody comes in yet. Run it again with a whole one, which begins anew",
        )?;
        self.moving.end_import(own.id, own.status, &asked()).await?;
        Ok(counts)
    }
}

fn asked() -> Asked {
    Asked::by_operator("parlance import-tenant", Clock::System.now())
}
