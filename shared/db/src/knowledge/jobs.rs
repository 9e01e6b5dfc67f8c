//! Work that outlives its request: queued in the transaction that makes it necessary, and kept until it is done.

use crate::{AdminTx, Result, TenantTx, scope::JobTx};
use uuid::Uuid;

/// What is to be done with a document, a connector, or a rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum JobKind {
    /// Read a file.
    Extract,
    /// Make vectors of its passages.
    Index,
    /// Delete vectors that nothing refers to.
    Forget,
    /// Delete it.
    Purge,
    /// Read a connector.
    Sync,
    /// Ask the questions of a rehearsal.
    Rehearse,
}

/// For whom it is done: a user, and the API key that was shown.
#[derive(Clone, Copy, Debug)]
pub struct ForWhom {
    /// The user.
    pub user_id: Uuid,
    /// The key.
    pub api_key_id: Option<Uuid>,
}

impl TenantTx {
    /// Has others wait who want to change a document.
    pub(crate) async fn lock_document(&mut self, id: Uuid) -> Result<()> {
        sqlx::query("select from documents where id = $1 for no key update")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Queues a job, from its beginning if there is one of that kind: whoever works on that one notices before it is done. The last thing
    /// in a transaction.
    pub(crate) async fn queue(
        &mut self,
        kind: JobKind,
        document: Uuid,
        whom: ForWhom,
    ) -> Result<()> {
        self.queue_each(kind, &[document], whom).await
    }

    /// The same for each of several documents.
    pub(crate) async fn queue_each(
        &mut self,
        kind: JobKind,
        documents: &[Uuid],
        whom: ForWhom,
    ) -> Result<()> {
        let ids: Vec<Uuid> = documents.iter().map(|_| Uuid::now_v7()).collect();
        sqlx::query(
            "insert into jobs (id, kind, document_id, user_id, api_key_id)
             select j.id, $3, j.document, $4, $5 from unnest($1::uuid[], $2::uuid[]) j (id, document)
             on conflict (tenant_id, document_id, kind) where kind <> 'forget' do update
             set state = 'waiting', run_at = now(), attempts = 0, lease = null, lease_until = null,
               user_id = excluded.user_id, api_key_id = excluded.api_key_id",
        )
        .bind(ids)
        .bind(documents)
        .bind(kind)
        .bind(whom.user_id)
        .bind(whom.api_key_id)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Queues that the vectors of passages are forgotten, once nobody makes any of them who has not heard yet that they are gone.
    pub(crate) async fn queue_forget(
        &mut self,
        document: Uuid,
        chunks: &[Uuid],
        whom: ForWhom,
    ) -> Result<()> {
        sqlx::query(
            "insert into jobs (id, kind, document_id, user_id, api_key_id, chunks, run_at)
             values ($1, 'forget', $2, $3, $4, $5, coalesce(
               (select j.lease_until from jobs j where j.document_id = $2 and j.kind = 'index' and j.state = 'running'), now()))",
        )
        .bind(Uuid::now_v7())
        .bind(document)
        .bind(whom.user_id)
        .bind(whom.api_key_id)
        .bind(chunks)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Queues that documents are deleted, each once nobody makes vectors of it who has not heard that yet; what else was to be done with
    /// them is not.
    pub(crate) async fn queue_purge(&mut self, documents: &[Uuid], whom: ForWhom) -> Result<()> {
        let ids: Vec<Uuid> = documents.iter().map(|_| Uuid::now_v7()).collect();
        sqlx::query(
            "with dropped as (
               delete from jobs where document_id = any ($2) and kind in ('extract', 'index') returning document_id, kind, lease_until)
             insert into jobs (id, kind, document_id, user_id, api_key_id, run_at)
             select n.id, 'purge', n.document, $3, $4, coalesce(
               (select max(d.lease_until) from dropped d where d.document_id = n.document and d.kind = 'index'), now())
             from unnest($1::uuid[], $2::uuid[]) n (id, document)",
        )
        .bind(ids)
        .bind(documents)
        .bind(whom.user_id)
        .bind(whom.api_key_id)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

/// When a job is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Again {
    /// After a pause that doubles with each attempt, an hour at most, or so many seconds if that is longer.
    Later(f64),
    /// After so many seconds, as if it had not been tried.
    Unbegun(f64),
    /// When somebody asks for it.
    Never,
}

impl JobTx {
    /// Ends a job that is done.
    ///
    /// # Errors
    /// The database is away.
    pub async fn finish(mut self) -> Result<()> {
        let id = self.id;
        sqlx::query("delete from jobs where id = $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        self.commit().await
    }

    /// Leaves a job to whoever takes it next. It got on, or gave way.
    ///
    /// # Errors
    /// The database is away.
    pub async fn yield_now(self) -> Result<()> {
        self.put_back(Again::Unbegun(0.0)).await
    }

    /// Puts a job back that could not be done, with the reason for whoever looks at the document.
    ///
    /// # Errors
    /// The database is away.
    pub async fn fail(mut self, kind: JobKind, reason: &str, again: Again) -> Result<()> {
        let id = self.document_id;
        let is_over = again == Again::Never;
        let sql = match kind {
            JobKind::Extract => {
                "update documents set error = $2, status = case when $3 and status = 'pending' then 'failed' else status end
                 where id = $1"
            }
            JobKind::Index => {
                "update documents set error = $2, vectors = case when $3 then 'failed' else vectors end where id = $1"
            }
            JobKind::Purge => {
                "update document_deletions set error = $2 where document_id = $1 and $3 is not null"
            }
            // Of nothing that anybody looks at; and a run that goes on is as good as another.
            JobKind::Forget | JobKind::Sync => "select $1::uuid, $2::text, $3::boolean",
            JobKind::Rehearse => {
                "update rehearsals set note = $2 where id = $1 and status = 'running' and $3 is not null"
            }
        };
        sqlx::query(sql)
            .bind(id)
            .bind(reason)
            .bind(is_over)
            .execute(self.conn())
            .await?;
        self.put_back(again).await
    }

    /// Leaves a job alone for a while, as if it had not been begun.
    ///
    /// # Errors
    /// The database is away.
    pub async fn pause(self, pause: std::time::Duration) -> Result<()> {
        self.put_back(Again::Unbegun(pause.as_secs_f64())).await
    }

    pub(crate) async fn put_back(mut self, again: Again) -> Result<()> {
        let (seconds, counts, is_over) = match again {
            Again::Later(seconds) => (seconds, true, false),
            Again::Unbegun(seconds) => (seconds, false, false),
            Again::Never => (0.0, true, true),
        };
        let id = self.id;
        sqlx::query(
            "update jobs set state = case when $4 then 'dead' else 'waiting' end, lease = null, lease_until = null,
               attempts = case when $3 then attempts else 0 end,
               run_at = clock_timestamp() + make_interval(secs => greatest($2,
                 case when $3 then least(power(2, least(attempts, 12)), 3600) * (0.8 + 0.4 * random()) else 0 end))
             where id = $1",
        )
        .bind(id)
        .bind(seconds)
        .bind(counts)
        .bind(is_over)
        .execute(self.conn())
        .await?;
        self.commit().await
    }
}

impl AdminTx {
    /// Whose limits hold for what this transaction queues.
    pub(crate) fn for_whom(&self) -> ForWhom {
        ForWhom {
            user_id: self.actor.user_id,
            api_key_id: self.actor.api_key_id,
        }
    }
}
