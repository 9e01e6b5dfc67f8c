//! What the service does when nobody asks: how it went last, and what is still to be done, of the deployment as a whole.

use crate::{Db, Need, PlatformTx, Result, Whose};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that is done every minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Chore {
    /// Puts right what processes left behind that are gone.
    Sweep,
    /// Deletes conversations that their tenant keeps no longer.
    Chats,
    /// Deletes visitors whom their site keeps no longer.
    Visitors,
    /// Adds up the days that are over, and makes and drops months of the ledger.
    Ledger,
}

impl Chore {
    /// All of them, in the order in which they are done.
    pub const ALL: [Self; 4] = [Self::Sweep, Self::Chats, Self::Visitors, Self::Ledger];
}

/// How one went last.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ChoreDone {
    /// Which.
    pub task: Chore,
    /// When it was done last.
    pub done_at: Option<DateTime<Utc>>,
    /// How long that took, in milliseconds.
    pub took_ms: Option<i64>,
    /// How much it changed.
    pub changed: Option<i64>,
    /// When it could not be done last.
    pub failed_at: Option<DateTime<Utc>>,
}

/// How many jobs of a tenant are of one kind, in one state.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct JobsOf {
    /// The tenant.
    pub tenant_id: Uuid,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What is to be done.
    pub kind: String,
    /// `waiting`, `running`, or `dead`.
    pub state: String,
    /// How many.
    pub jobs: i64,
    /// Since when the oldest is due.
    pub oldest: DateTime<Utc>,
}

/// Which models tenants chose, and how many of them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ChosenModel {
    /// The provider.
    pub provider: String,
    /// The model; none is the usual one.
    pub model: Option<String>,
    /// How many active tenants.
    pub tenants: i64,
}

/// The database, as far as it matters here.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Schema {
    /// PostgreSQL's version.
    pub server: String,
    /// Which migration was applied last.
    pub migration: Option<i64>,
}

impl Db {
    /// Notes how a chore went: how much it changed, or that it could not be done.
    ///
    /// # Errors
    /// The database is away.
    pub async fn note_chore(
        &self,
        task: Chore,
        at: DateTime<Utc>,
        took: Duration,
        changed: Option<i64>,
    ) -> Result<()> {
        let mut tx = self.outside(Whose::SERVICE, Need::Begun).await?;
        sqlx::query("select note_chore($1, $2, $3, $4)")
            .bind(task)
            .bind(at)
            .bind(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))
            .bind(changed)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }
}

impl PlatformTx {
    /// How each chore went last; one that was never done is not there.
    pub async fn chores(&mut self) -> Result<Vec<ChoreDone>> {
        let sql = "select task, done_at, took_ms, changed, failed_at from chores";
        Ok(sqlx::query_as(sql).fetch_all(self.conn()).await?)
    }

    /// What is to be done, by tenant, kind and state.
    pub async fn jobs(&mut self) -> Result<Vec<JobsOf>> {
        let sql = "select j.tenant_id, t.slug, t.name, j.kind, j.state, j.jobs, j.oldest
                   from jobs_of_tenants() j join tenants t on t.id = j.tenant_id
                   order by j.oldest, t.slug, j.kind";
        Ok(sqlx::query_as(sql).fetch_all(self.conn()).await?)
    }

    /// Whom active tenants chose to answer, first or in the place of the first.
    pub async fn chosen_models(&mut self) -> Result<Vec<ChosenModel>> {
        let sql = "select provider, model, count(*) as tenants from (
                     select provider, chat_model as model from tenants where status = 'active'
                     union all
                     select fallback_provider, fallback_model from tenants where status = 'active' and fallback_provider is not null) c
                   group by provider, model order by provider, model";
        Ok(sqlx::query_as(sql).fetch_all(self.conn()).await?)
    }

    /// How many tenants there are: all, and those that are suspended.
    pub async fn tenant_counts(&mut self) -> Result<(i64, i64)> {
        let sql = "select count(*), count(*) filter (where status <> 'active') from tenants";
        Ok(sqlx::query_as(sql).fetch_one(self.conn()).await?)
    }

    /// The database.
    pub async fn schema(&mut self) -> Result<Schema> {
        let sql = "select current_setting('server_version') as server,
                          (select max(version) from _sqlx_migrations where success) as migration";
        Ok(sqlx::query_as(sql).fetch_one(self.conn()).await?)
    }
}
