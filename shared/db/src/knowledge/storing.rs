//! Storing documents: anew, or in the place of what they were.

use super::languages::stemmer;
use crate::{AdminTx, Deed, DocumentStatus, Result};
use std::collections::HashMap;
use uuid::Uuid;

/// A document to be stored.
#[derive(Debug)]
pub struct NewDocument<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its title.
    pub title: &'a str,
    /// Its text, as it was sent.
    pub text: &'a str,
    /// Tells its title and text from those of others: SHA-256.
    pub hash: &'a [u8; 32],
    /// Where it is published.
    pub source_url: Option<&'a str>,
    /// Its language (ISO 639), if it is known.
    pub language: Option<&'a str>,
    /// What is told beside it: an object.
    pub metadata: &'a serde_json::Value,
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
    /// The document that has the title and text with this hash, unless it failed.
    pub async fn document_with(
        &mut self,
        hash: &[u8; 32],
    ) -> Result<Option<(Uuid, DocumentStatus)>> {
        let sql = "select id, status from documents where hash = $1 and status <> 'failed'";
        let found = sqlx::query_as(sql).bind(&hash[..]);
        Ok(found.fetch_optional(self.conn()).await?)
    }

    /// Stores a document and its passages, indexed by full text. False if another has its title and text, added at the
    /// same time; nothing is stored then.
    pub async fn create_document(
        &mut self,
        new: &NewDocument<'_>,
        chunks: &[NewChunk],
    ) -> Result<bool> {
        let actor = self.actor.user_id;
        let stored = sqlx::query(
            "insert into documents (id, title, source_url, language, metadata, size, hash, status, created_by)
             values ($1, $2, $3, $4, $5, octet_length($6), $7, $8, $9)
             on conflict (tenant_id, hash) where status <> 'failed' do nothing",
        )
        .bind(new.id)
        .bind(new.title)
        .bind(new.source_url)
        .bind(new.language)
        .bind(new.metadata)
        .bind(new.text)
        .bind(&new.hash[..])
        .bind(new.status)
        .bind(actor)
        .execute(self.conn())
        .await?;
        if stored.rows_affected() == 0 {
            return Ok(false);
        }
        self.fill_document(new, chunks).await?;
        self.audit(Deed::done("document.create", new.id)).await?;
        Ok(true)
    }

    /// Puts a document into the place of what it was; the ids of the passages that it had, which the vector index may hold
    /// too. `None` if there is no such document. Of two at once, the second waits for the end of the first.
    ///
    /// # Errors
    /// The constraint `documents_hash`: another document has its title and text.
    pub async fn replace_document(
        &mut self,
        new: &NewDocument<'_>,
        chunks: &[NewChunk],
    ) -> Result<Option<Vec<Uuid>>> {
        let replaced = sqlx::query(
            "update documents set title = $2, source_url = $3, language = $4, metadata = $5, size = octet_length($6),
               hash = $7, status = $8, error = null, version = version + 1
             where id = $1",
        )
        .bind(new.id)
        .bind(new.title)
        .bind(new.source_url)
        .bind(new.language)
        .bind(new.metadata)
        .bind(new.text)
        .bind(&new.hash[..])
        .bind(new.status)
        .execute(self.conn())
        .await?;
        if replaced.rows_affected() == 0 {
            return Ok(None);
        }
        sqlx::query("delete from document_words where document_id = $1")
            .bind(new.id)
            .execute(self.conn())
            .await?;
        let sql = "delete from document_chunks where document_id = $1 returning id";
        let old = sqlx::query_scalar(sql)
            .bind(new.id)
            .fetch_all(self.conn())
            .await?;
        self.fill_document(new, chunks).await?;
        self.audit(Deed::done("document.replace", new.id)).await?;
        Ok(Some(old))
    }

    /// Stores the text of a document, and its passages.
    async fn fill_document(&mut self, new: &NewDocument<'_>, chunks: &[NewChunk]) -> Result<()> {
        sqlx::query(
            "insert into document_texts (document_id, text) values ($1, $2)
             on conflict (tenant_id, document_id) do update set text = excluded.text",
        )
        .bind(new.id)
        .bind(new.text)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "insert into document_chunks (id, document_id, ordinal, text)
             select c.id, $1, c.ordinal, c.text
             from unnest($2::uuid[], $3::text[]) with ordinality as c (id, text, ordinal)",
        )
        .bind(new.id)
        .bind(chunks.iter().map(|c| c.id).collect::<Vec<_>>())
        .bind(chunks.iter().map(|c| c.text.as_str()).collect::<Vec<_>>())
        .execute(self.conn())
        .await?;
        self.index_words(new.id, stemmer(new.language), chunks)
            .await
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
}
