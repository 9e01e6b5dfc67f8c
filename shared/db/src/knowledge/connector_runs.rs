//! Readings of a connector: what was found, what there is left to read, and how it ended.

use crate::{Connector, Result, scope::JobTx};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// So many runs of a connector are kept.
const RUNS: i64 = 50;

macro_rules! run_columns {
    () => {
        "id, status, started_at, finished_at, found, added, changed, unchanged, removed, skipped, failed, error, problems"
    };
}
pub(crate) use run_columns;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum RunStatus {
    /// It is going on.
    Running,
    /// All that there was was read.
    Done,
    /// A limit ended it, or pages could not be read; `error` and `problems` say which.
    Partial,
    /// Nothing was read; `error` says why.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

/// A page that came to nothing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunProblem {
    /// Its address.
    #[schema(example = "https://www.acme.example/help")]
    pub url: String,
    /// Why, in a sentence.
    #[schema(example = "Its host answers with status 500.")]
    pub reason: String,
}

/// One reading of a connector.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct ConnectorRun {
    /// Its id.
    pub id: Uuid,
    /// How it stands.
    pub status: RunStatus,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; null while it is going on.
    pub finished_at: Option<DateTime<Utc>>,
    /// How many pages it found a way to.
    pub found: i32,
    /// How many became new documents.
    pub added: i32,
    /// How many were otherwise than before: their documents were replaced.
    pub changed: i32,
    /// How many were as before.
    pub unchanged: i32,
    /// How many documents were deleted, because their pages are gone or are not to be read any more.
    pub removed: i32,
    /// How many were left out: not to be read, of a kind that cannot be read, or leading elsewhere.
    pub skipped: i32,
    /// How many could not be read; their documents stay as they are.
    pub failed: i32,
    /// Why it ended as it did, in a sentence.
    pub error: Option<String>,
    /// The first 50 pages that could not be read or were left out, with the reason.
    #[schema(value_type = Vec<RunProblem>)]
    pub problems: Json<Vec<RunProblem>>,
}

/// A run that is going on.
#[derive(Debug, sqlx::FromRow)]
pub struct Running {
    /// Its id.
    pub id: Uuid,
    /// For how many seconds.
    pub seconds: f64,
    /// Whether it is known where to begin.
    pub is_begun: bool,
    /// What limit it met, if it did.
    pub error: Option<String>,
    /// Whether pages of before were looked at to which it found no way.
    pub looked_again: bool,
    /// What the site lets programs read.
    pub robots: Option<String>,
    /// How long to wait from one page to the next.
    pub pause_ms: i32,
    /// How often in a row its host did not answer, or wanted to be left alone.
    pub refusals: i32,
    /// Where the list of a bucket goes on.
    pub list_from: Option<String>,
}

impl JobTx {
    /// The connector that the job reads.
    ///
    /// # Errors
    /// The database is away.
    pub async fn connector(&mut self) -> Result<Option<Connector>> {
        let id = self.document_id;
        self.find_connector(id).await
    }

    /// The run that is going on.
    ///
    /// # Errors
    /// The database is away.
    pub async fn running(&mut self) -> Result<Option<Running>> {
        let id = self.document_id;
        let run = sqlx::query_as(
            "select id, extract(epoch from clock_timestamp() - started_at)::double precision as seconds, is_begun, error,
               looked_again, robots, pause_ms, refusals, list_from
             from connector_runs where connector_id = $1 and status = 'running'",
        )
        .bind(id);
        Ok(run.fetch_optional(self.conn()).await?)
    }

    /// Begins a run.
    ///
    /// # Errors
    /// The database is away.
    pub async fn begin_run(&mut self) -> Result<()> {
        let id = self.document_id;
        // What the one before has left undone.
        sqlx::query(
            "update connector_pages set state = 'done' where connector_id = $1 and state <> 'done'",
        )
        .bind(id)
        .execute(self.conn())
        .await?;
        sqlx::query("insert into connector_runs (id, connector_id) values ($1, $2)")
            .bind(Uuid::now_v7())
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Notes that a run knows where to begin, and what its site wants.
    ///
    /// # Errors
    /// The database is away.
    pub async fn note_begun(&mut self, run: Uuid, robots: &str, pause_ms: i32) -> Result<()> {
        sqlx::query(
            "update connector_runs set is_begun = true, robots = $2, pause_ms = $3 where id = $1",
        )
        .bind(run)
        .bind(robots)
        .bind(pause_ms)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Notes a limit that a run met.
    ///
    /// # Errors
    /// The database is away.
    pub async fn note_limit(&mut self, run: Uuid, limit: &str) -> Result<()> {
        sqlx::query("update connector_runs set error = coalesce(error, $2) where id = $1")
            .bind(run)
            .bind(limit)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Counts how often in a row a host refused; from 0 again if it did not. That number.
    ///
    /// # Errors
    /// The database is away.
    pub async fn count_refusals(&mut self, run: &Running, refused: bool) -> Result<i32> {
        let refusals = if refused { run.refusals + 1 } else { 0 };
        if refusals != run.refusals {
            sqlx::query("update connector_runs set refusals = $2 where id = $1")
                .bind(run.id)
                .bind(refusals)
                .execute(self.conn())
                .await?;
        }
        Ok(refusals)
    }

    /// Ends a run, with the reason if it failed, and leaves the job to wait for the next one, if that is planned.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_run(mut self, run: Uuid, failure: Option<&str>) -> Result<()> {
        let id = self.document_id;
        sqlx::query(
            "update connector_runs set finished_at = clock_timestamp(), robots = null, error = coalesce($2, error),
               status = case when $2 is not null then 'failed' when error is not null or failed > 0 then 'partial' else 'done' end
             where id = $1",
        )
        .bind(run)
        .bind(failure)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "delete from connector_runs where connector_id = $1 and id not in (
               select r.id from connector_runs r where r.connector_id = $1 order by r.id desc limit $2)",
        )
        .bind(id)
        .bind(RUNS)
        .execute(self.conn())
        .await?;
        let sql = "select every_hours from connectors where id = $1 and is_on";
        let every: Option<Option<i32>> = sqlx::query_scalar(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?;
        match every.flatten() {
            Some(hours) => {
                self.put_back(crate::Again::Unbegun(3600.0 * f64::from(hours)))
                    .await
            }
            None => self.finish().await,
        }
    }
}
