//! Deleting documents: hidden at once, then their vectors, then their rows, and a receipt.

use super::jobs::ForWhom;
use crate::{AdminTx, Deed, Result, TenantTx, scope::JobTx};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// So many passages are deleted at a time.
const CHUNKS: i64 = 1_000;
/// And so many rows of full text.
const WORDS: i64 = 10_000;

/// What became of the deletion of a document.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct DocumentDeletion {
    /// The document.
    pub document_id: Uuid,
    /// Since when nobody finds, reads or cites it.
    pub requested_at: DateTime<Utc>,
    /// How many vectors were deleted from the tenant's index; 0 where it has none.
    #[schema(minimum = 0)]
    pub vectors: i32,
    /// How many passages were deleted.
    #[schema(minimum = 0)]
    pub chunks: i32,
    /// How many entries of full text were deleted.
    #[schema(minimum = 0)]
    pub words: i32,
    /// What kept it from being done; it is tried again until it is.
    pub error: Option<String>,
    /// When nothing was left of it; null until then.
    pub finished_at: Option<DateTime<Utc>>,
}

impl AdminTx {
    /// Hides a document from everybody, and queues the rest of its deletion. `None` if there is no such document.
    ///
    /// # Errors
    /// The database is away.
    pub async fn delete_document(&mut self, id: Uuid) -> Result<Option<()>> {
        let whom = self.for_whom();
        if !self.hide_documents(&[id], whom).await? {
            return Ok(None);
        }
        self.audit(Deed::done("document.delete", id)).await?;
        Ok(Some(()))
    }

    /// What became of a deletion.
    ///
    /// # Errors
    /// The database is away.
    pub async fn deletion(&mut self, id: Uuid) -> Result<Option<DocumentDeletion>> {
        let sql = "select document_id, requested_at, vectors, chunks, words, error, finished_at
             from document_deletions where document_id = $1";
        let found = sqlx::query_as(sql).bind(id).fetch_optional(self.conn());
        Ok(found.await?)
    }
}

impl TenantTx {
    /// Hides documents from everybody, and queues the rest of their deletion; false if none of them was there.
    pub(crate) async fn hide_documents(&mut self, ids: &[Uuid], whom: ForWhom) -> Result<bool> {
        let gone: Vec<Uuid> = sqlx::query_scalar(
            "update documents set deleted_at = now(), status = 'failed', hash = null, error = 'deleted', connector_id = null
             where id = any ($1) and deleted_at is null returning id",
        )
        .bind(ids)
        .fetch_all(self.conn())
        .await?;
        if gone.is_empty() {
            return Ok(false);
        }
        sqlx::query(
            "insert into document_deletions (document_id) select unnest($1::uuid[])
             on conflict (tenant_id, document_id) do update set requested_at = now()",
        )
        .bind(&gone)
        .execute(self.conn())
        .await?;
        self.queue_purge(&gone, whom).await?;
        Ok(true)
    }
}

/// What of a document there is still to delete.
#[derive(Debug)]
pub enum LeftOver {
    /// The vectors of these passages; after them, [`JobTx::note_forgotten`].
    Vectors(Vec<Uuid>),
    /// Rows: [`JobTx::delete_rows`] until nothing is left.
    Rows,
}

impl JobTx {
    /// What is next to delete of the job's document.
    ///
    /// # Errors
    /// The database is away.
    pub async fn left_over(&mut self, has_index: bool) -> Result<LeftOver> {
        if !has_index {
            return Ok(LeftOver::Rows);
        }
        let id = self.document_id;
        let chunks: Vec<Uuid> = sqlx::query_scalar(
            "select c.id from document_chunks c join document_deletions d on d.document_id = c.document_id
             where c.document_id = $1 and c.ordinal > d.vectors order by c.ordinal limit $2",
        )
        .bind(id)
        .bind(CHUNKS)
        .fetch_all(self.conn())
        .await?;
        Ok(match chunks.is_empty() {
            true => LeftOver::Rows,
            false => LeftOver::Vectors(chunks),
        })
    }

    /// Notes that the vectors of so many more passages are gone.
    ///
    /// # Errors
    /// The database is away.
    pub async fn note_forgotten(mut self, vectors: usize) -> Result<()> {
        let id = self.document_id;
        sqlx::query("update document_deletions set vectors = vectors + $2, error = null where document_id = $1")
            .bind(id)
            .bind(i32::try_from(vectors).unwrap_or(i32::MAX))
            .execute(self.conn())
            .await?;
        self.commit().await
    }

    /// Deletes some of the rows of the job's document, and counts them; true when that was the last of them, and the job with it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn delete_rows(mut self) -> Result<bool> {
        let id = self.document_id;
        let words = sqlx::query(
            "delete from document_words where document_id = $1 and lexeme = any (array(
               select w.lexeme from document_words w where w.document_id = $1 limit $2))",
        )
        .bind(id)
        .bind(WORDS)
        .execute(self.conn())
        .await?
        .rows_affected();
        let chunks = sqlx::query(
            "delete from document_chunks where document_id = $1 and ordinal in (
               select c.ordinal from document_chunks c where c.document_id = $1 order by c.ordinal limit $2)",
        )
        .bind(id)
        .bind(CHUNKS)
        .execute(self.conn())
        .await?
        .rows_affected();
        let count = |rows| i32::try_from(rows).unwrap_or(i32::MAX);
        sqlx::query("update document_deletions set words = words + $2, chunks = chunks + $3 where document_id = $1")
            .bind(id)
            .bind(count(words))
            .bind(count(chunks))
            .execute(self.conn())
            .await?;
        if words + chunks > 0 {
            self.commit().await?;
            return Ok(false);
        }
        sqlx::query("delete from documents where id = $1 and deleted_at is not null")
            .bind(id)
            .execute(self.conn())
            .await?;
        sqlx::query("update document_deletions set finished_at = now(), error = null where document_id = $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        self.finish().await?;
        Ok(true)
    }
}
