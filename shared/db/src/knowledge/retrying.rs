//! Trying again what failed of many documents.

use crate::{AdminTx, JobKind, Result};
use uuid::Uuid;

/// So many documents are tried again at once: each is a job, and jobs of one tenant come in turn with those of others.
const MOST: i64 = 500;

/// What failed and may work now. What somebody cancelled did not fail.
macro_rules! failed {
    () => {
        "d.deleted_at is null and coalesce(d.error, '') not like 'cancelled: %'"
    };
}

/// A file that could not be read, and is no other document's by now: of several that are the same, one is read.
macro_rules! unread {
    () => {
        concat!(
            failed!(),
            " and (d.status = 'failed' or exists (
                 select from jobs j where j.document_id = d.id and j.kind = 'extract' and j.state = 'dead'))
               and exists (select from document_files f where f.document_id = d.id and f.is_next)
               and (d.status <> 'failed' or not exists (
                 select from documents o where o.hash = d.hash and (o.status <> 'failed' or o.id < d.id) and o.id <> d.id))"
        )
    };
}

/// Vectors that could not be made.
macro_rules! without_vectors {
    () => {
        concat!(
            failed!(),
            " and d.vectors = 'failed' and d.status = 'ready' and d.chunks > 0"
        )
    };
}

/// How many documents are tried again.
#[derive(Debug)]
pub struct Retried {
    /// Those that are.
    pub tried: i64,
    /// Those that failed, too, and were left for the next time.
    pub left: i64,
}

impl AdminTx {
    /// Has what failed be tried again, of as many documents as are tried at once: files that could not be read, and vectors, if
    /// any are kept.
    ///
    /// # Errors
    /// The database is away.
    pub async fn retry_documents(&mut self, keeps_vectors: bool) -> Result<Retried> {
        let files = self.retry_files().await?;
        let vectors = match keeps_vectors {
            true => self.retry_some_vectors(MOST - files).await?,
            false => 0,
        };
        let sql = concat!(
            "select count(*) from documents d where (",
            unread!(),
            ") or ($1 and ",
            without_vectors!(),
            ")"
        );
        let left = sqlx::query_scalar(sql).bind(keeps_vectors);
        Ok(Retried {
            tried: files + vectors,
            left: left.fetch_one(self.conn()).await?,
        })
    }

    async fn retry_files(&mut self) -> Result<i64> {
        let sql = concat!(
            "update documents d set error = null, status = case d.status when 'failed' then 'pending' else d.status end
             where d.id in (select d.id from documents d where ",
            unread!(),
            " order by d.id limit $1 for no key update skip locked)
             returning d.id"
        );
        let tried = sqlx::query_scalar(sql).bind(MOST);
        let tried: Vec<Uuid> = tried.fetch_all(self.conn()).await?;
        let whom = self.for_whom();
        self.queue_each(JobKind::Extract, &tried, whom).await?;
        Ok(i64::try_from(tried.len()).unwrap_or(i64::MAX))
    }

    async fn retry_some_vectors(&mut self, most: i64) -> Result<i64> {
        let sql = concat!(
            "update documents d set error = null, vectors = 'pending'
             where d.id in (select d.id from documents d where ",
            without_vectors!(),
            " order by d.id limit $1 for no key update skip locked)"
        );
        let tried = sqlx::query(sql).bind(most).execute(self.conn()).await?;
        let whom = self.for_whom();
        self.queue_pending(100, whom).await?;
        Ok(i64::try_from(tried.rows_affected()).unwrap_or(i64::MAX))
    }
}
