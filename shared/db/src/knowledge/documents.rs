//! What a tenant knows.

use crate::{AdminReadTx, AdminTx, Deed, PageOf, Result, VectorsStatus};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a [`Document`] is read from.
macro_rules! document_columns {
    () => {
        "id, title, source_url, language, status, vectors, error, metadata, groups, chunks, chunks_done, size, file_name, media_type, pages,
         version, connector_id, created_at, coalesce(updated_at, created_at) as updated_at"
    };
}

/// Whether a document can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum DocumentStatus {
    /// It is still to be read.
    Pending,
    /// It can be found by full text, and by what vectors there are.
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
    /// Whether it can be found.
    pub status: DocumentStatus,
    /// How far the vectors of its passages are.
    pub vectors: VectorsStatus,
    /// Why it, its vectors, or its next version failed, in a code and a sentence. Of what is pending: why that failed the last time.
    pub error: Option<String>,
    /// What is told beside it.
    #[schema(value_type = Object)]
    pub metadata: serde_json::Value,
    /// The groups of users whom answers and searches may tell of it; of everybody if there is none.
    #[schema(example = json!(["staff"]))]
    pub groups: Vec<String>,
    /// How many passages it is cut into.
    pub chunks: i32,
    /// Of how many of those the vectors are stored.
    pub chunks_done: i32,
    /// The size of its text, in bytes; null if it was added before that was counted.
    pub size: Option<i32>,
    /// The name of the file that it was read from, or is to be; null of a text.
    pub file_name: Option<String>,
    /// What that file was found to be.
    #[schema(example = "application/pdf")]
    pub media_type: Option<String>,
    /// How many pages, or slides, it has.
    pub pages: Option<i32>,
    /// 1, and one more for each time that it was replaced.
    pub version: i32,
    /// The connector that it is of, which changes and deletes it; null of what was added otherwise.
    pub connector_id: Option<Uuid>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When somebody last changed it. Reading a file, or making vectors, is no change.
    pub updated_at: DateTime<Utc>,
}

/// What is told beside a document; what is absent stays as it is.
#[derive(Debug)]
pub struct ToldBeside {
    /// Where it is published, if anywhere.
    pub source_url: Option<Option<String>>,
    /// An object.
    pub metadata: Option<serde_json::Value>,
}

impl AdminReadTx {
    /// The tenant's documents, newest first.
    pub async fn documents(&mut self, search: Option<&str>, page: PageOf) -> Result<Vec<Document>> {
        // A position, not LIKE: no character of what is looked for means anything but itself.
        let documents = sqlx::query_as(concat!(
            "select ",
            document_columns!(),
            " from documents
              where deleted_at is null and ($1::uuid is null or id < $1)
                and ($3::text is null or position(lower($3) in lower(title)) > 0)
              order by id desc
              limit $2"
        ))
        .bind(page.after)
        .bind(page.limit)
        .bind(search)
        .fetch_all(self.conn())
        .await?;
        Ok(documents)
    }
}

impl AdminTx {
    /// Limits a document, which is locked, to groups of users, or opens it to everybody if there is none. It counts for whatever is
    /// searched from then on.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn limit_document(&mut self, id: Uuid, groups: &[String]) -> Result<()> {
        sqlx::query("update documents set groups = $2, updated_at = now() where id = $1")
            .bind(id)
            .bind(groups)
            .execute(self.conn())
            .await?;
        let whom = match groups {
            [] => "everybody".to_owned(),
            groups => groups.join(", "),
        };
        self.audit(Deed::done("document.limit", id).detail(whom))
            .await
    }

    /// Tells other things beside a document, which is locked, and beside its version that is still to be read.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn tell_document(&mut self, id: Uuid, told: &ToldBeside) -> Result<()> {
        let parts = [
            ("source_url", told.source_url.is_some()),
            ("metadata", told.metadata.is_some()),
        ];
        let parts: Vec<&str> = (parts.iter().filter(|(_, is_told)| *is_told))
            .map(|(name, _)| *name)
            .collect();
        if parts.is_empty() {
            return Ok(());
        }
        for sql in [
            "update documents set source_url = case when $2 then $3 else source_url end, metadata = coalesce($4, metadata),
               updated_at = now()
             where id = $1",
            "update document_files set source_url = case when $2 then $3 else source_url end, metadata = coalesce($4, metadata)
             where document_id = $1 and is_next",
        ] {
            sqlx::query(sql)
                .bind(id)
                .bind(told.source_url.is_some())
                .bind(told.source_url.as_ref().and_then(Option::as_deref))
                .bind(&told.metadata)
                .execute(self.conn())
                .await?;
        }
        self.audit(Deed::done("document.update", id).detail(parts.join(", ")))
            .await
    }

    /// One document, which nobody else changes before the transaction ends.
    ///
    /// # Errors
    /// The database is away.
    pub async fn document_for_update(&mut self, id: Uuid) -> Result<Option<Document>> {
        self.lock_document(id).await?;
        self.document(id).await
    }

    /// One document.
    pub async fn document(&mut self, id: Uuid) -> Result<Option<Document>> {
        let sql = concat!(
            "select ",
            document_columns!(),
            " from documents where id = $1 and deleted_at is null"
        );
        Ok(sqlx::query_as(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?)
    }
}
