//! Trying again what failed of one document or of many, and trying no more.

use crate::{AdminTx, DocumentStatus, JobKind, Result, VectorsStatus};
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

/// How a document stands, for whoever wants it worked on.
#[derive(sqlx::FromRow)]
struct Standing {
    status: DocumentStatus,
    vectors: VectorsStatus,
    chunks: i32,
    has_file: bool,
}

impl AdminTx {
    /// Has what failed be tried again, or what waits for its next attempt at once. False if there is nothing to do: the document is
    /// whole, or being worked on. `None` if there is no such document.
    ///
    /// # Errors
    /// The database is away.
    pub async fn retry_document(&mut self, id: Uuid, keeps_vectors: bool) -> Result<Option<bool>> {
        self.lock_document(id).await?;
        let sql = "select status, vectors, chunks,
               exists (select from document_files f where f.document_id = documents.id and f.is_next) as has_file
             from documents where id = $1 and deleted_at is null";
        let standing: Option<Standing> = sqlx::query_as(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?;
        let Some(standing) = standing else {
            return Ok(None);
        };
        let wants_vectors = keeps_vectors
            && standing.status == DocumentStatus::Ready
            && standing.vectors != VectorsStatus::Ready;
        let kind = match (standing.has_file, wants_vectors) {
            (true, _) => JobKind::Extract,
            (_, true) if standing.chunks > 0 => JobKind::Index,
            _ => return Ok(Some(false)),
        };
        let sql = match kind {
            JobKind::Extract => {
                "update documents set error = null, status = case status when 'failed' then 'pending' else status end where id = $1"
            }
            _ => "update documents set error = null, vectors = 'pending' where id = $1",
        };
        sqlx::query(sql).bind(id).execute(self.conn()).await?;
        let whom = self.for_whom();
        self.queue(kind, id, whom).await?;
        Ok(Some(true))
    }

    /// Has nothing more be done for a document: what was done stays. `None` if there is no such document.
    ///
    /// # Errors
    /// The database is away.
    pub async fn cancel_document(&mut self, id: Uuid) -> Result<Option<()>> {
        self.lock_document(id).await?;
        let found = sqlx::query(
            "update documents set
               error = case when status = 'pending' or vectors = 'pending'
                 then 'cancelled: An administrator cancelled the rest. POST /documents/{id}/retry does it after all.' else error end,
               status = case status when 'pending' then 'failed' else status end,
               vectors = case vectors when 'pending' then 'failed' else vectors end
             where id = $1 and deleted_at is null",
        )
        .bind(id)
        .execute(self.conn())
        .await?;
        if found.rows_affected() == 0 {
            return Ok(None);
        }
        sqlx::query("delete from jobs where document_id = $1 and kind in ('extract', 'index')")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(Some(()))
    }

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
