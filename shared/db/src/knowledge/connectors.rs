//! What a tenant has read again and again, so that its documents follow it.

use crate::{AdminTx, ConnectorRun, Deed, JobKind, Result, TenantTx};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use uuid::Uuid;

/// What a connector reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ConnectorKind {
    /// A web site.
    Site,
    /// A bucket of whatever speaks S3's protocol.
    Bucket,
    /// A Git repository.
    Repository,
}

/// What a tenant has read.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Connector {
    /// Its id.
    pub id: Uuid,
    /// Its name, for people.
    pub name: String,
    /// What kind of thing.
    pub kind: ConnectorKind,
    /// The secret of its access key, sealed for this row.
    pub sealed: Option<Vec<u8>>,
    /// How that secret ends; empty of a short one.
    pub secret_last4: Option<String>,
    /// What of it is read, and how much at most.
    pub settings: serde_json::Value,
    /// The language that its documents are told as.
    pub language: Option<String>,
    /// What else they are told as: an object.
    pub metadata: serde_json::Value,
    /// The groups of users that they are limited to; of everybody if there is none.
    pub groups: Vec<String>,
    /// How many hours from the end of a run to the next one; none: only when somebody asks.
    pub every_hours: Option<i32>,
    /// Whether it is read at all.
    pub is_on: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it is read next; none while it is being read, or if nothing is planned.
    pub next_run_at: Option<DateTime<Utc>>,
    /// How many documents it has.
    pub documents: i64,
}

macro_rules! connector_columns {
    () => {
        "c.id, c.name, c.kind, c.sealed, c.secret_last4, c.settings, c.language, c.metadata, c.groups, c.every_hours, c.is_on, c.created_at, c.updated_at,
         (select j.run_at from jobs j where j.document_id = c.id and j.kind = 'sync' and j.state = 'waiting'
            and not exists (select from connector_runs r where r.connector_id = c.id and r.status = 'running')) as next_run_at,
         (select count(*) from documents d where d.connector_id = c.id) as documents"
    };
}

/// How many connectors a tenant may have.
const MOST: i64 = 50;

impl AdminTx {
    /// Stores a connector, and has it read at once, if it is on. False if the tenant has as many as it may; nothing is stored then.
    ///
    /// # Errors
    /// The database is away.
    pub async fn create_connector(&mut self, new: &Connector) -> Result<bool> {
        // One after the other, so that they are counted right.
        sqlx::query(
            "select pg_advisory_xact_lock(hashtextextended('connectors ' || current_tenant(), 0))",
        )
        .execute(self.conn())
        .await?;
        let whom = self.for_whom();
        let made = sqlx::query(
            "insert into connectors (id, name, settings, language, metadata, groups, every_hours, is_on, user_id, api_key_id,
               created_at, updated_at, kind, sealed, secret_last4)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $13, $14, $15
             where (select count(*) from connectors) < $12",
        )
        .bind(new.id)
        .bind(&new.name)
        .bind(&new.settings)
        .bind(&new.language)
        .bind(&new.metadata)
        .bind(&new.groups)
        .bind(new.every_hours)
        .bind(new.is_on)
        .bind(whom.user_id)
        .bind(whom.api_key_id)
        .bind(new.created_at)
        .bind(MOST)
        .bind(new.kind)
        .bind(&new.sealed)
        .bind(&new.secret_last4)
        .execute(self.conn())
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        self.audit(new.deed("connector.create")).await?;
        if new.is_on {
            self.queue(JobKind::Sync, new.id, whom).await?;
        }
        Ok(true)
    }

    /// The tenant's connectors, newest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn connectors(&mut self) -> Result<Vec<Connector>> {
        let sql = concat!(
            "select ",
            connector_columns!(),
            " from connectors c order by c.id desc"
        );
        Ok(sqlx::query_as(sql).fetch_all(self.conn()).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn connector(&mut self, id: Uuid) -> Result<Option<Connector>> {
        self.find_connector(id).await
    }

    /// One of them, which nobody else changes, or reads, before the transaction ends.
    ///
    /// # Errors
    /// The database is away.
    pub async fn connector_for_update(&mut self, id: Uuid) -> Result<Option<Connector>> {
        self.lock_connector(id).await?;
        self.find_connector(id).await
    }

    /// Stores what was changed of a connector, which is locked, whom it is read for from now on, and when it is read next. Its documents
    /// are for its groups at once; what else they are told as, they are when they are read next, all of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn save_connector(&mut self, changed: &Connector) -> Result<()> {
        let whom = self.for_whom();
        self.apply(changed).await?;
        sqlx::query(
            "update connectors set name = $2, settings = $3, language = $4, metadata = $5, every_hours = $6, is_on = $7,
               user_id = $8, api_key_id = $9, updated_at = $10, groups = $11, kind = $12,
               sealed = $13, secret_last4 = $14
             where id = $1",
        )
        .bind(changed.id)
        .bind(&changed.name)
        .bind(&changed.settings)
        .bind(&changed.language)
        .bind(&changed.metadata)
        .bind(changed.every_hours)
        .bind(changed.is_on)
        .bind(whom.user_id)
        .bind(whom.api_key_id)
        .bind(changed.updated_at)
        .bind(&changed.groups)
        .bind(changed.kind)
        .bind(&changed.sealed)
        .bind(&changed.secret_last4)
        .execute(self.conn())
        .await?;
        self.audit(changed.deed("connector.update")).await?;
        match changed.is_on {
            true => {
                self.plan(changed.id, (changed.every_hours, true), whom)
                    .await
            }
            false => self.cancel_run(changed.id).await,
        }
    }

    /// Has its pages and documents heed what is to be changed.
    async fn apply(&mut self, changed: &Connector) -> Result<()> {
        sqlx::query(
            "update connector_pages set etag = null, last_modified = null, hash = null
             where connector_id = $1 and not exists (
               select from connectors c
               where c.id = $1 and c.settings = $2 and c.language is not distinct from $3 and c.metadata = $4)",
        )
        .bind(changed.id)
        .bind(&changed.settings)
        .bind(&changed.language)
        .bind(&changed.metadata)
        .execute(self.conn())
        .await?;
        sqlx::query("update documents set groups = $2 where connector_id = $1 and groups <> $2")
            .bind(changed.id)
            .bind(&changed.groups)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The last runs of a connector, newest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn connector_runs(&mut self, id: Uuid) -> Result<Vec<ConnectorRun>> {
        let sql = concat!(
            "select ",
            crate::knowledge::connector_runs::run_columns!(),
            " from connector_runs where connector_id = $1 order by id desc"
        );
        let runs = sqlx::query_as(sql).bind(id);
        Ok(runs.fetch_all(self.conn()).await?)
    }

    /// The last run of each connector that was read.
    ///
    /// # Errors
    /// The database is away.
    pub async fn last_runs(&mut self) -> Result<HashMap<Uuid, ConnectorRun>> {
        let sql = concat!(
            "select distinct on (connector_id) connector_id, ",
            crate::knowledge::connector_runs::run_columns!(),
            " from connector_runs order by connector_id, id desc"
        );
        let runs: Vec<Of> = sqlx::query_as(sql).fetch_all(self.conn()).await?;
        Ok(runs
            .into_iter()
            .map(|of| (of.connector_id, of.run))
            .collect())
    }

    /// Whether a document is a connector's, which alone changes it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn is_of_connector(&mut self, document: Uuid) -> Result<bool> {
        let sql =
            "select exists (select from documents where id = $1 and connector_id is not null)";
        let found = sqlx::query_scalar(sql).bind(document);
        Ok(found.fetch_one(self.conn()).await?)
    }
}

#[derive(sqlx::FromRow)]
struct Of {
    connector_id: Uuid,
    #[sqlx(flatten)]
    run: ConnectorRun,
}

impl Connector {
    fn deed(&self, action: &'static str) -> Deed {
        let state = if self.is_on { "on" } else { "off" };
        let part = |name: &str| self.settings[name].as_str().unwrap_or_default();
        // Of a bucket, which one of those that are there.
        let at = format!("{} {}", part("url"), part("name"));
        let at = at.trim_end();
        let whom = match &self.groups[..] {
            [] => String::new(),
            groups => format!(", for {}", groups.join(", ")),
        };
        Deed::done(action, self.id).detail(format!("{}, {state}: {at}{whom}", self.name))
    }
}

impl TenantTx {
    /// A connector, if there is one with the id.
    pub(crate) async fn find_connector(&mut self, id: Uuid) -> Result<Option<Connector>> {
        let sql = concat!(
            "select ",
            connector_columns!(),
            " from connectors c where c.id = $1"
        );
        let found = sqlx::query_as(sql).bind(id);
        Ok(found.fetch_optional(self.conn()).await?)
    }

    /// Has others wait who want to change a connector, or to read it. Not those whose rows refer to it: they may hold what is waited for then.
    pub(crate) async fn lock_connector(&mut self, id: Uuid) -> Result<()> {
        sqlx::query("select from connectors where id = $1 for no key update")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
