//! `parlance export-tenant` and `parlance import-tenant`: a tenant as a file of JSON Lines.

mod checked;

use anyhow::{Context, Error, Result, bail, ensure};
use chrono::{DateTime, Utc};
use container::say;
use db::{Asked, Coming, Moving, Operator, RowCounts, TenantStatus, newest_migration};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::{Clock, OperatorConfig};
use std::{
    borrow::Cow,
    io::{self, BufRead, BufWriter, Write, stdin, stdout},
};
use uuid::Uuid;

/// So many rows, or bytes of them, are written at once.
const ROWS: usize = 200;
const BYTES: usize = 2 * 1024 * 1024;

/// The version of the file's form.
const FORM: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    /// The version of the file's form.
    parlance_tenant: u32,
    /// The newest migration of the database that it is of.
    schema: i64,
    /// For people: what is told is the tenant's own.
    slug: String,
    at: DateTime<Utc>,
}

impl Header {
    fn check(&self) -> Result<()> {
        let again = "Bring both deployments to the same release, then export again";
        ensure!(
            self.parlance_tenant == FORM,
            "the file is of another release: its form is {}, and this one reads {FORM}. {again}",
            self.parlance_tenant
        );
        let newest = newest_migration();
        ensure!(
            self.schema == newest,
            "the file is of another release: its schema is {}, and this one's is {newest}. {again}",
            self.schema
        );
        Ok(())
    }
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
    /// In the form that the database holds it to.
    slug: String,
    status: TenantStatus,
}

/// `parlance export-tenant`.
pub(crate) async fn export(slug: &str) -> Result<()> {
    let moving = open().await?;
    let mut out = BufWriter::new(stdout());
    let header = Header {
        parlance_tenant: FORM,
        schema: newest_migration(),
        slug: slug.to_owned(),
        at: Clock::System.now(),
    };
    // With the first row: a file of a tenant that is not there would hold nothing else.
    let mut header = Some(serde_json::to_string(&header)?);
    // A row is JSON on one line as PostgreSQL writes it.
    let counts = moving
        .export(slug, |table, row| {
            if let Some(header) = header.take() {
                writeln!(out, "{header}")?;
            }
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
    header.check()?;
    let mut import = Import::new(&mut moving);
    if let Err(e) = import.read(lines).await {
        return Err(import.refuse(e).await?);
    }
    let (slug, counts) = import.end().await?;
    moving.close().await;
    for (table, rows) in &counts {
        say(&format!("{table}: {rows}"))?;
    }
    say(&format!(
        "The tenant {} is here. Its API keys, provider keys and connectors' secrets stayed behind: see docs/leaving.md.",
        slug
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
    /// How many lines were read.
    line: u64,
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
            line: 1,
            table: String::new(),
            rows: String::new(),
            waiting: 0,
            counts: RowCounts::new(),
            end: None,
        }
    }

    /// Every line after the first.
    async fn read(&mut self, lines: impl Iterator<Item = io::Result<String>>) -> Result<()> {
        for line in lines {
            self.line += 1;
            let line = line.context("the file cannot be read to its end")?;
            self.take(&line).await?;
        }
        self.put().await
    }

    /// Deletes what was brought of a file that is refused; why it is.
    async fn refuse(&mut self, why: Error) -> Result<Error> {
        let Some(own) = &self.own else {
            return Ok(why);
        };
        self.moving.discard(own.id).await?;
        Ok(why.context("the file is refused, and nothing of its tenant is here"))
    }

    async fn take(&mut self, line: &str) -> Result<()> {
        let damaged = "a line of the file is damaged; export again";
        let line: Line<'_> = serde_json::from_str(line).context(damaged)?;
        if let Some(end) = line.end {
            self.end = Some(end);
            return Ok(());
        }
        let (table, row) = line.table.zip(line.row).context(damaged)?;
        if let Some((column, must)) = checked::fault(&table, row) {
            bail!(
                "line {} of the file, of the table {}, column {} {must}. Mend it where it comes from, and export again",
                self.line,
                table.escape_debug(),
                column.escape_debug()
            );
        }
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
        ensure!(known, "this release knows no table {:?}", self.table);
        self.rows.clear();
        self.waiting = 0;
        Ok(())
    }

    async fn end(self) -> Result<(String, RowCounts)> {
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
        Ok((own.slug, counts))
    }
}

fn asked() -> Asked {
    Asked::by_operator("parlance import-tenant", Clock::System.now())
}
