//! How far the vectors of documents are.

use crate::{Result, scope::JobTx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// How far the vectors of a document's passages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum VectorsStatus {
    /// None are kept: the tenant had no index when the document was stored, or nobody knows.
    None,
    /// They are being made: of `chunks_done` passages so far. If `error` says why that failed, it is tried again.
    Pending,
    /// All are stored.
    Ready,
    /// They could not be made; `error` says why. Full text finds the document all the same.
    Failed,
}

/// A passage that has no vector yet.
#[derive(Debug, sqlx::FromRow)]
pub struct BareChunk {
    /// Its id.
    pub id: Uuid,
    /// Its place in the document, from 1.
    pub ordinal: i32,
    /// What the vector is of: the document's title, the headings, the end of the passage before, and the text.
    pub text: String,
}

/// So much of the passage before a passage belongs to what its vector is of, in characters.
const OVERLAP: i32 = 150;

impl JobTx {
    /// The next passages of the job's document that have no vectors, in order.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bare_chunks(&mut self, limit: i64) -> Result<Vec<BareChunk>> {
        let id = self.document_id;
        let chunks = sqlx::query_as(
            "select c.id, c.ordinal,
               array_to_string(array[array_to_string(d.title || c.heading, ' › '),
                 case when c.heading = p.heading then nullif(regexp_replace(right(p.text, $3), '^\\S*\\s', ''), '') end, c.text], E'\\n') as text
             from document_chunks c
             join documents d on d.id = c.document_id
             left join document_chunks p on p.document_id = c.document_id and p.ordinal = c.ordinal - 1
             where d.id = $1 and d.deleted_at is null and c.ordinal > d.chunks_done
             order by c.ordinal limit $2",
        )
        .bind(id)
        .bind(limit)
        .bind(OVERLAP)
        .fetch_all(self.conn())
        .await?;
        Ok(chunks)
    }

    /// Notes that the passages up to this place have vectors: from there it goes on, whoever does.
    ///
    /// # Errors
    /// The database is away.
    pub async fn note_vectors(mut self, until: i32) -> Result<()> {
        let (id, document) = (self.id, self.document_id);
        sqlx::query("update documents set chunks_done = $2, error = null where id = $1")
            .bind(document)
            .bind(until)
            .execute(self.conn())
            .await?;
        sqlx::query("update jobs set attempts = 0 where id = $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        self.commit().await
    }

    /// Notes how the vectors of the job's document ended, with the job.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_vectors(mut self, status: VectorsStatus) -> Result<()> {
        let document = self.document_id;
        sqlx::query("update documents set vectors = $2, error = null where id = $1")
            .bind(document)
            .bind(status)
            .execute(self.conn())
            .await?;
        let whom = self.whom;
        self.queue_pending(2, whom).await?;
        self.finish().await
    }
}
