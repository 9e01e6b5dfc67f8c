//! What a tenant knows.

use super::languages::stemmer;
use crate::{AdminTx, Deed, PageOf, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
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
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// A document to be stored.
#[derive(Debug)]
pub struct NewDocument<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its title.
    pub title: &'a str,
    /// Where it is published.
    pub source_url: Option<&'a str>,
    /// Its language (ISO 639), if it is known.
    pub language: Option<&'a str>,
    /// `Ready` when full text is all the index there is.
    pub status: DocumentStatus,
}

/// A passage of a document to be stored.
#[derive(Debug)]
pub struct NewChunk {
    /// Its id, also in the vector index.
    pub id: Uuid,
    /// Its text.
    pub text: String,
    /// How often each word is in it, and in the document's title.
    pub words: HashMap<String, u32>,
}

impl AdminTx {
    /// Stores a document and its passages, indexed by full text.
    pub async fn create_document(
        &mut self,
        new: &NewDocument<'_>,
        chunks: &[NewChunk],
    ) -> Result<()> {
        let id = new.id;
        let actor = self.actor.user_id;
        sqlx::query(
            "insert into documents (id, title, source_url, language, status, created_by) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id)
        .bind(new.title)
        .bind(new.source_url)
        .bind(new.language)
        .bind(new.status)
        .bind(actor)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "insert into document_chunks (id, document_id, ordinal, text)
             select c.id, $1, c.ordinal, c.text
             from unnest($2::uuid[], $3::text[]) with ordinality as c (id, text, ordinal)",
        )
        .bind(id)
        .bind(chunks.iter().map(|c| c.id).collect::<Vec<_>>())
        .bind(chunks.iter().map(|c| c.text.as_str()).collect::<Vec<_>>())
        .execute(self.conn())
        .await?;
        self.index_words(id, stemmer(new.language), chunks).await?;
        self.audit(Deed::done("document.create", id)).await
    }

    /// Writes down which words are in which passages: a function of `migrations/0051_full_text.sql`.
    async fn index_words(&mut self, id: Uuid, stemmer: &str, chunks: &[NewChunk]) -> Result<()> {
        let (mut words, mut ordinals, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for (chunk, ordinal) in chunks.iter().zip(1_i32..) {
            for (word, count) in &chunk.words {
                words.push(word.as_str());
                ordinals.push(ordinal);
                counts.push(i32::try_from(*count).unwrap_or(i32::MAX));
            }
        }
        sqlx::query("select index_document($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(stemmer)
            .bind(words)
            .bind(ordinals)
            .bind(counts)
            .execute(self.conn())
            .await?;
        Ok(())
    }

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
            "select id, title, source_url, language, status, error, created_at from documents
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
        let sql = "select id, title, source_url, language, status, error, created_at from documents where id = $1";
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
