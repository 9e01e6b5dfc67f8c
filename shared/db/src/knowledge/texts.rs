//! What a document says: its text, and the passages that it is cut into.

use crate::{AdminTx, PageOf, Result};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A passage of a document.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct DocumentChunk {
    /// Its id, by which answers cite it. Those of a document that is replaced are new.
    pub id: Uuid,
    /// Its place in the document, from 1.
    #[schema(minimum = 1)]
    pub ordinal: i32,
    /// Its text.
    #[schema(example = "Refunds take 14 days.")]
    pub text: String,
    /// On which page of a file it begins, from 1; of slides, on which of them.
    #[schema(minimum = 1)]
    pub page: Option<i32>,
    /// Under which headings it stands, from the widest to the narrowest.
    pub heading: Vec<String>,
}

impl AdminTx {
    /// A document's text as it was sent. Of one that was added before that was kept, its passages.
    pub async fn document_text(&mut self, id: Uuid) -> Result<Option<String>> {
        let text = sqlx::query_scalar(
            "select coalesce(
               (select t.text from document_texts t where t.document_id = d.id),
               (select string_agg(c.text, E'\\n\\n' order by c.ordinal) from document_chunks c where c.document_id = d.id),
               '')
             from documents d where d.id = $1 and d.deleted_at is null",
        )
        .bind(id)
        .fetch_optional(self.conn())
        .await?;
        Ok(text)
    }

    /// A document's passages, in order. After one that is gone since, all of them: the document was replaced.
    pub async fn document_chunks(&mut self, id: Uuid, page: PageOf) -> Result<Vec<DocumentChunk>> {
        let chunks = sqlx::query_as(
            "select id, ordinal, text, page, heading from document_chunks
             where document_id = $1 and ordinal > coalesce(
               (select c.ordinal from document_chunks c where c.document_id = $1 and c.id = $2), 0)
             order by ordinal
             limit $3",
        )
        .bind(id)
        .bind(page.after)
        .bind(page.limit)
        .fetch_all(self.conn())
        .await?;
        Ok(chunks)
    }
}
