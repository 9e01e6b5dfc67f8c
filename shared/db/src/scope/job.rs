//! A piece of work that was taken: the proof of its tenant while nobody asks.

use super::{Caller, Db, TenantTx};
use crate::{
    Asked, Need, Result, Whose,
    access::{
        accounts::{AccountRow, account_columns},
        api_keys::UsedKey,
    },
    knowledge::jobs::{ForWhom, JobKind},
    knowledge::lanes::Lane,
    tenancy::tenants::tenant_columns,
};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

/// How long a job is believed to be worked on without a sign of life.
const LEASE: Duration = Duration::from_secs(60);
/// How many jobs of one tenant are worked on at the same time in each lane, by all processes together.
const OF_ONE_TENANT: i32 = 4;

/// A job that this process has taken, as long as its lease is good.
#[derive(Debug)]
pub struct Job {
    tenant_id: Uuid,
    id: Uuid,
    lease: Uuid,
    row: Row,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    kind: JobKind,
    document_id: Uuid,
    user_id: Uuid,
    api_key_id: Option<Uuid>,
    chunks: Option<Vec<Uuid>>,
    attempts: i32,
    waited: f64,
}

impl Job {
    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What is to be done.
    pub fn kind(&self) -> JobKind {
        self.row.kind
    }

    /// The document that it is about; of a connector that is read, the connector; of a rehearsal, that.
    pub fn document_id(&self) -> Uuid {
        self.row.document_id
    }

    /// The passages whose vectors are to be forgotten.
    pub fn chunks(&self) -> &[Uuid] {
        self.row.chunks.as_deref().unwrap_or_default()
    }

    /// How often it was begun, this time included, without getting on since.
    pub fn attempts(&self) -> i32 {
        self.row.attempts
    }

    /// How long it had been due when it was taken.
    pub fn waited(&self) -> Duration {
        Duration::try_from_secs_f64(self.row.waited).unwrap_or_default()
    }

    /// For whom it is done.
    pub fn whom(&self) -> ForWhom {
        ForWhom {
            user_id: self.row.user_id,
            api_key_id: self.row.api_key_id,
        }
    }

    fn whose(&self) -> Whose {
        Whose::user(self.tenant_id, self.row.user_id)
    }
}

/// A transaction of whoever works on a job, in the job's tenant. While it is open, nobody else changes what it is about, or the job.
#[must_use = "dropping it rolls back"]
pub struct JobTx {
    tx: TenantTx,
    pub(crate) id: Uuid,
    pub(crate) document_id: Uuid,
    pub(crate) whom: ForWhom,
}

impl JobTx {
    /// As [`TenantTx::commit`].
    ///
    /// # Errors
    /// As [`TenantTx::commit`].
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await
    }
}

impl Deref for JobTx {
    type Target = TenantTx;
    fn deref(&self) -> &TenantTx {
        &self.tx
    }
}

impl DerefMut for JobTx {
    fn deref_mut(&mut self) -> &mut TenantTx {
        &mut self.tx
    }
}

impl Db {
    /// Takes a job of a lane that is due, if there is one: of each tenant in turn.
    ///
    /// # Errors
    /// The database is away.
    pub async fn take_job(&self, lane: Lane) -> Result<Option<Job>> {
        let mut tx = self.outside(Whose::SERVICE, Need::Begun).await?;
        let taken: Option<(Uuid, Uuid, Uuid)> = sqlx::query_as(
            "select tenant_id, id, lease from take_job(make_interval(secs => $1), $2, $3, $4)",
        )
        .bind(LEASE.as_secs_f64())
        .bind(OF_ONE_TENANT)
        .bind(lane == Lane::Connectors)
        .bind(lane.kinds())
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        let Some((tenant_id, id, lease)) = taken else {
            return Ok(None);
        };
        let whose = Whose::tenant(tenant_id);
        let mut tx = self.open(tenant_id, whose, Need::Begun).await?;
        let row: Option<Row> = sqlx::query_as(
            "select kind, document_id, user_id, api_key_id, chunks, attempts,
               extract(epoch from clock_timestamp() - run_at)::float8 as waited
             from jobs where id = $1 and lease = $2",
        )
        .bind(id)
        .bind(lease)
        .fetch_optional(tx.conn())
        .await?;
        Ok(row.map(|row| Job {
            tenant_id,
            id,
            lease,
            row,
        }))
    }

    /// Says that a job is still worked on; false if it is not this process's any more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn keep_job(&self, job: &Job) -> Result<bool> {
        let mut tx = self.open(job.tenant_id, job.whose(), Need::Begun).await?;
        let kept = sqlx::query(
            "update jobs set lease_until = clock_timestamp() + make_interval(secs => $3) where id = $1 and lease = $2",
        )
        .bind(job.id)
        .bind(job.lease)
        .bind(LEASE.as_secs_f64())
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(kept.rows_affected() > 0)
    }

    /// Opens a transaction of a job; none if the job is not this process's any more: it was cancelled, or was given to another.
    /// What it is about is locked before the job, as by everybody.
    ///
    /// # Errors
    /// The database is away.
    pub async fn job(&self, job: &Job) -> Result<Option<JobTx>> {
        let mut tx = self.open(job.tenant_id, job.whose(), Need::Begun).await?;
        match job.kind() {
            JobKind::Sync => tx.lock_connector(job.document_id()).await?,
            JobKind::Rehearse => tx.lock_rehearsal(job.document_id()).await?,
            _ => tx.lock_document(job.document_id()).await?,
        }
        let held = sqlx::query("select from jobs where id = $1 and lease = $2 for update")
            .bind(job.id)
            .bind(job.lease)
            .fetch_optional(tx.conn())
            .await?;
        Ok(held.map(|_| JobTx {
            tx,
            id: job.id,
            document_id: job.document_id(),
            whom: job.whom(),
        }))
    }

    /// In whose name a job is done: who asked for it, with the tenant's settings, keys and limits as they are now. Also where that
    /// user or API key is gone: what was asked for is done. None if the tenant is suspended.
    ///
    /// # Errors
    /// The database is away.
    pub async fn job_caller(&self, job: &Job, now: DateTime<Utc>) -> Result<Option<Caller>> {
        let mut tx = self.open(job.tenant_id, job.whose(), Need::Begun).await?;
        let row: Option<CallerRow> = sqlx::query_as(concat!(
            "select k.limits as key_limits, 0::bigint as used_generation, ",
            account_columns!(),
            " from tenants t
              left join users x on x.tenant_id = t.id and x.id = $1
              left join api_keys k on k.tenant_id = t.id and k.id = $2
              cross join lateral (
                select coalesce(x.email, '') as email, coalesce(x.full_name, '') as full_name, 'member' as role,
                  false as is_superuser, coalesce(x.limits, '{}') as limits) u
              where t.id = current_tenant() and t.status = 'active'"
        ))
        .bind(job.row.user_id)
        .bind(job.row.api_key_id)
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let key = job.row.api_key_id.map(|id| UsedKey {
            id,
            // Of nothing: nobody has shown it.
            hash: [0; 32],
            scopes: Vec::new(),
            limits: row
                .key_limits
                .map(|Json(limits)| limits)
                .unwrap_or_default(),
            expires_at: None,
        });
        let account = row.account.into_account(job.row.user_id, key);
        let asked = Asked {
            at: now,
            request_id: job.id.to_string().into(),
            client_ip: None,
        };
        Ok(Some(Caller::new(Arc::new(account), None, i64::MAX, &asked)))
    }
}

#[derive(sqlx::FromRow)]
struct CallerRow {
    key_limits: Option<Json<crate::Limits>>,
    #[sqlx(flatten)]
    account: AccountRow,
}
