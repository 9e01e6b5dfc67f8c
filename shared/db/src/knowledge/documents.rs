//! What a tenant knows.

use crate::{AdminTx, Deed, PageOf, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// How far a document's indexing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum DocumentStatus {
    /// It is being indexed.
    Pending,
    /// It can be found.
    Ready,
    /// It cannot be found; `error` says why.
    Failed,
}

/// A document.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct Document {
    /// Its id.
    pub id: Uuid,
    /// Its title, which answers cite.
    #[schema(example = "Refunds")]
    pub title: String,
    /// Where it is published.
    pub source_url: Option<String>,
    /// Its language (ISO 639): what was said, or else what it was found to be.
    #[schema(example = "en")]
    pub language: Option<String>,
    /// How far its indexing is.
    pub status: DocumentStatus,
    /// Why it failed.
    pub error: Option<String>,
    /// What is told beside it.
    #[schema(value_type = Object)]
    pub metadata: serde_json::Value,
    /// How many passages it is cut into.
    pub chunks: i32,
    /// The size of its text, in bytes; null if it was added before that was counted.
    pub size: Option<i32>,
    /// 1, and one more for each time that it was replaced.
    pub version: i32,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

impl AdminTx {
    /// Records how the indexing of a document ended.
    pub async fn set_document_status(
        &mut self,
        id: Uuid,
        status: DocumentStatus,
        error: Option<&str>,
    ) -> Result<()> {
        sqlx::query("update documents set status = $2, error = $3 where id = $1")
            .bind(id)
            .bind(status)
            .bind(error)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The tenant's documents, newest first.
    pub async fn documents(&mut self, page: PageOf) -> Result<Vec<Document>> {
        let documents = sqlx::query_as(
            "select id, title, source_url, language, status, error, metadata, chunks, size, version, created_at
             from documents
             where $1::uuid is null or id < $1
             order by id desc
             limit $2",
        )
        .bind(page.after)
        .bind(page.limit)
        .fetch_all(self.conn())
        .await?;
        Ok(documents)
    }

    /// One document.
    pub async fn document(&mut self, id: Uuid) -> Result<Option<Document>> {
        let sql = "select id, title, source_url, language, status, error, metadata, chunks, size, version, created_at
             from documents where id = $1";
        Ok(sqlx::query_as(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?)
    }

    /// Deletes a document; the ids of its passages, which the vector index may hold too. `None` if there
    /// was no such document.
    pub async fn delete_document(&mut self, id: Uuid) -> Result<Option<Vec<Uuid>>> {
        let chunks: Vec<Uuid> =
            sqlx::query_scalar("select id from document_chunks where document_id = $1")
                .bind(id)
                .fetch_all(self.conn())
                .await?;
        let gone = sqlx::query("delete from documents where id = $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        if gone.rows_affected() == 0 {
            return Ok(None);
        }
        self.audit(Deed::done("document.delete", id)).await?;
        Ok(Some(chunks))
    }
}
