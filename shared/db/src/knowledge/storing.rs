//! Storing documents: anew, or in the place of what they were.

use crate::{
    AdminTx, Deed, DocumentStatus, DocumentWords, JobKind, Result, TenantTx, VectorsStatus,
};
use sqlx::types::Json;
use uuid::Uuid;

/// So many passages are stored at a time.
const CHUNKS: usize = 500;

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
    /// The groups of users that it is limited to, where it is new; of everybody if there is none.
    pub groups: &'a [String],
    /// Its passages.
    pub chunks: &'a [NewChunk],
    /// Their words.
    pub words: &'a DocumentWords,
    /// Whether vectors are to be made of them.
    pub keeps_vectors: bool,
}

impl NewDocument<'_> {
    fn vectors(&self) -> VectorsStatus {
        match self.keeps_vectors {
            true => VectorsStatus::Pending,
            false => VectorsStatus::None,
        }
    }
}

/// A passage of a document to be stored.
#[derive(Debug)]
pub struct NewChunk {
    /// Its id, also in the vector index.
    pub id: Uuid,
    /// Its text.
    pub text: String,
    /// On which page it begins.
    pub page: Option<u32>,
    /// Under which headings it stands, from the widest to the narrowest.
    pub heading: Vec<String>,
}

impl AdminTx {
    /// The document that has the title and text with this hash, unless it failed, and the groups that it is limited to.
    ///
    /// # Errors
    /// The database is away.
    pub async fn document_with(
        &mut self,
        hash: &[u8; 32],
    ) -> Result<Option<(Uuid, DocumentStatus, Vec<String>)>> {
        let sql = "select id, status, groups from documents where hash = $1 and status <> 'failed'";
        let found = sqlx::query_as(sql).bind(&hash[..]);
        Ok(found.fetch_optional(self.conn()).await?)
    }

    /// Stores a document and its passages, indexed by full text, and queues what is to be done with it. False if another has its
    /// title and text, added at the same time; nothing is stored then.
    ///
    /// # Errors
    /// The database is away.
    pub async fn create_document(&mut self, new: &NewDocument<'_>) -> Result<bool> {
        let actor = self.actor.user_id;
        let stored = sqlx::query(
            "insert into documents (id, title, source_url, language, metadata, size, hash, status, vectors, created_by,
               groups)
             values ($1, $2, $3, $4, $5, octet_length($6), $7, 'ready', $8, $9, $10)
             on conflict (tenant_id, hash) where status <> 'failed' do nothing",
        )
        .bind(new.id)
        .bind(new.title)
        .bind(new.source_url)
        .bind(new.language)
        .bind(new.metadata)
        .bind(new.text)
        .bind(&new.hash[..])
        .bind(new.vectors())
        .bind(actor)
        .bind(new.groups)
        .execute(self.conn())
        .await?;
        if stored.rows_affected() == 0 {
            return Ok(false);
        }
        self.fill_document(new).await?;
        self.audit(Deed::done("document.create", new.id)).await?;
        let whom = self.for_whom();
        if new.keeps_vectors {
            self.queue(JobKind::Index, new.id, whom).await?;
        }
        Ok(true)
    }

    /// Puts a document into the place of what it was, and queues that the vectors of what it was are forgotten. False if there is
    /// no such document. Of two at once, the second waits for the end of the first.
    ///
    /// # Errors
    /// The constraint `documents_hash`: another document has its title and text.
    pub async fn replace_document(&mut self, new: &NewDocument<'_>) -> Result<bool> {
        let Some(old) = self.exchange_document(new).await? else {
            return Ok(false);
        };
        self.note_change(new.id).await?;
        self.forget_files(new.id).await?;
        self.audit(Deed::done("document.replace", new.id)).await?;
        let whom = self.for_whom();
        self.queue_forget(new.id, &old, whom).await?;
        if new.keeps_vectors {
            self.queue(JobKind::Index, new.id, whom).await?;
        }
        Ok(true)
    }
}

impl TenantTx {
    /// Notes that somebody has changed a document, or has asked for it.
    pub(crate) async fn note_change(&mut self, id: Uuid) -> Result<()> {
        sqlx::query("update documents set updated_at = now() where id = $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Forgets the files of a document, those that are to be read, too.
    async fn forget_files(&mut self, id: Uuid) -> Result<()> {
        sqlx::query("delete from document_files where document_id = $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        sqlx::query(
            "update documents set file_name = null, media_type = null, pages = null where id = $1",
        )
        .bind(id)
        .execute(self.conn())
        .await?;
        sqlx::query("delete from jobs where document_id = $1 and kind = 'extract'")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Puts a document into the place of what it was; the ids of the passages that it had. `None` if there is no such document.
    pub(crate) async fn exchange_document(
        &mut self,
        new: &NewDocument<'_>,
    ) -> Result<Option<Vec<Uuid>>> {
        let replaced = sqlx::query(
            "update documents set title = $2, source_url = $3, language = $4, metadata = $5, size = octet_length($6),
               hash = $7, status = 'ready', vectors = $8, chunks_done = 0, error = null,
               version = version + case when status <> 'ready' and chunks = 0 then 0 else 1 end
             where id = $1 and deleted_at is null",
        )
        .bind(new.id)
        .bind(new.title)
        .bind(new.source_url)
        .bind(new.language)
        .bind(new.metadata)
        .bind(new.text)
        .bind(&new.hash[..])
        .bind(new.vectors())
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
        self.fill_document(new).await?;
        Ok(Some(old))
    }

    /// Stores the text of a document, its passages and their words.
    async fn fill_document(&mut self, new: &NewDocument<'_>) -> Result<()> {
        sqlx::query(
            "insert into document_texts (document_id, text) values ($1, $2)
             on conflict (tenant_id, document_id) do update set text = excluded.text",
        )
        .bind(new.id)
        .bind(new.text)
        .execute(self.conn())
        .await?;
        let lengths = new.words.lengths.chunks(CHUNKS);
        for ((chunks, lengths), first) in new
            .chunks
            .chunks(CHUNKS)
            .zip(lengths)
            .zip((0..).step_by(CHUNKS))
        {
            self.store_chunks(new.id, first, chunks, lengths).await?;
        }
        self.store_words(new.id, new.language, new.words).await
    }

    /// Stores some passages, which come after `first` others, and how many words each has.
    async fn store_chunks(
        &mut self,
        id: Uuid,
        first: i32,
        chunks: &[NewChunk],
        lengths: &[i32],
    ) -> Result<()> {
        sqlx::query(
            "insert into document_chunks (id, document_id, ordinal, text, words, page, heading)
             select c.id, $1, $2 + c.ordinal, c.text, c.words, c.page,
               array(select jsonb_array_elements_text(c.heading))
             from unnest($3::uuid[], $4::text[], $5::integer[], $6::integer[], $7::jsonb[])
               with ordinality as c (id, text, words, page, heading, ordinal)",
        )
        .bind(id)
        .bind(first)
        .bind(chunks.iter().map(|c| c.id).collect::<Vec<_>>())
        .bind(chunks.iter().map(|c| c.text.as_str()).collect::<Vec<_>>())
        .bind(lengths)
        .bind(
            chunks
                .iter()
                .map(|c| c.page.and_then(|page| i32::try_from(page).ok()))
                .collect::<Vec<_>>(),
        )
        .bind(chunks.iter().map(|c| Json(&c.heading)).collect::<Vec<_>>())
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
