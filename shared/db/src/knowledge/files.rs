//! Files that documents are read from: kept as they were sent.

use super::jobs::ForWhom;
use crate::{AdminTx, Deed, JobKind, NewDocument, Result, TenantTx, scope::JobTx};
use uuid::Uuid;

/// A file that a document is to be read from.
#[derive(Debug)]
pub struct NewFile<'a> {
    /// The document's id.
    pub id: Uuid,
    /// The file's name; none of a text that was sent as such.
    pub name: Option<&'a str>,
    /// What it was sent as.
    pub media_type: &'a str,
    /// All of it.
    pub content: &'a [u8],
    /// The document's title.
    pub title: &'a str,
    /// Where it is published.
    pub source_url: Option<&'a str>,
    /// Its language (ISO 639), if it was said.
    pub language: Option<&'a str>,
    /// What is told beside it: an object.
    pub metadata: &'a serde_json::Value,
    /// The groups of users that it is limited to, where it is new; of everybody if there is none.
    pub groups: &'a [String],
    /// Tells its title and content from those of others: SHA-256.
    pub hash: &'a [u8; 32],
}

/// A file that waits to be read.
#[derive(Debug, sqlx::FromRow)]
pub struct NextFile {
    /// Its name; none of a text that was sent as such.
    pub name: Option<String>,
    /// All of it.
    pub content: Vec<u8>,
    /// The title of the document that it will be.
    pub title: String,
    /// Where that is published.
    pub source_url: Option<String>,
    /// Its language, if it was said.
    pub language: Option<String>,
    /// What is told beside it.
    pub metadata: serde_json::Value,
    /// Tells its title and content from those of others.
    pub hash: Vec<u8>,
}

/// What a file was found to be.
#[derive(Clone, Copy, Debug)]
pub struct FileFacts {
    /// Its media type.
    pub media_type: &'static str,
    /// How many pages it has, if that can be told.
    pub pages: Option<u32>,
}

/// A file as it was sent.
#[derive(Debug, sqlx::FromRow)]
pub struct OriginalFile {
    /// Its name.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// All of it.
    pub content: Vec<u8>,
}

impl AdminTx {
    /// Stores a document that is to be read from a file, and queues that. False if another has its title and content, added at the
    /// same time; nothing is stored then.
    ///
    /// # Errors
    /// The database is away.
    pub async fn create_document_of_file(&mut self, new: &NewFile<'_>) -> Result<bool> {
        self.audit(Deed::done("document.create", new.id)).await?;
        let whom = self.for_whom();
        self.create_of_file(new, whom, None).await
    }

    /// Has a document be replaced by what a file says, once that was read. False if there is no such document.
    ///
    /// # Errors
    /// The database is away.
    pub async fn replace_document_by_file(&mut self, new: &NewFile<'_>) -> Result<bool> {
        self.audit(Deed::done("document.replace", new.id)).await?;
        self.note_change(new.id).await?;
        let whom = self.for_whom();
        self.replace_by_file(new, whom).await
    }

    /// The file that a document was read from, as it was sent; while there is none, the one that is to be read.
    ///
    /// # Errors
    /// The database is away.
    pub async fn original_file(&mut self, id: Uuid) -> Result<Option<OriginalFile>> {
        let sql = "select f.name, f.media_type, f.content from document_files f join documents d on d.id = f.document_id
             where d.id = $1 and d.deleted_at is null and f.name is not null order by f.is_next limit 1";
        let file = sqlx::query_as(sql).bind(id).fetch_optional(self.conn());
        Ok(file.await?)
    }
}

impl TenantTx {
    /// As [`AdminTx::create_document_of_file`], for whoever it is done, and of which connector.
    pub(crate) async fn create_of_file(
        &mut self,
        new: &NewFile<'_>,
        whom: ForWhom,
        connector: Option<Uuid>,
    ) -> Result<bool> {
        let stored = sqlx::query(
            "insert into documents (id, title, source_url, language, metadata, hash, status, file_name, created_by, groups,
               connector_id)
             values ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10)
             on conflict (tenant_id, hash) where status <> 'failed' do nothing",
        )
        .bind(new.id)
        .bind(new.title)
        .bind(new.source_url)
        .bind(new.language)
        .bind(new.metadata)
        .bind(&new.hash[..])
        .bind(new.name)
        .bind(whom.user_id)
        .bind(new.groups)
        .bind(connector)
        .execute(self.conn())
        .await?;
        if stored.rows_affected() == 0 {
            return Ok(false);
        }
        self.await_file(new, whom).await?;
        Ok(true)
    }

    /// As [`AdminTx::replace_document_by_file`], for whoever it is done.
    pub(crate) async fn replace_by_file(
        &mut self,
        new: &NewFile<'_>,
        whom: ForWhom,
    ) -> Result<bool> {
        let known = sqlx::query(
            "update documents set error = null, status = case when chunks = 0 then 'pending' else status end
             where id = $1 and deleted_at is null",
        )
        .bind(new.id)
        .execute(self.conn())
        .await?;
        if known.rows_affected() == 0 {
            return Ok(false);
        }
        self.await_file(new, whom).await?;
        Ok(true)
    }

    async fn await_file(&mut self, new: &NewFile<'_>, whom: ForWhom) -> Result<()> {
        sqlx::query(
            "insert into document_files (document_id, is_next, name, media_type, content, title, source_url, language, metadata, hash)
             values ($1, true, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (tenant_id, document_id, is_next) do update
             set name = excluded.name, media_type = excluded.media_type, content = excluded.content, title = excluded.title,
               source_url = excluded.source_url, language = excluded.language, metadata = excluded.metadata, hash = excluded.hash",
        )
        .bind(new.id)
        .bind(new.name)
        .bind(new.media_type)
        .bind(new.content)
        .bind(new.title)
        .bind(new.source_url)
        .bind(new.language)
        .bind(new.metadata)
        .bind(&new.hash[..])
        .execute(self.conn())
        .await?;
        self.queue(JobKind::Extract, new.id, whom).await
    }

    /// Queues that every file that waits to be read is.
    pub(crate) async fn queue_files(&mut self, whom: ForWhom) -> Result<()> {
        let waiting: Vec<Uuid> = sqlx::query_scalar(
            "select d.id from document_files f join documents d on d.id = f.document_id where f.is_next and d.deleted_at is null",
        )
        .fetch_all(self.conn())
        .await?;
        self.queue_each(JobKind::Extract, &waiting, whom).await
    }
}

impl JobTx {
    /// The file that the job's document is to be read from.
    ///
    /// # Errors
    /// The database is away.
    pub async fn next_file(&mut self) -> Result<Option<NextFile>> {
        let id = self.document_id;
        let file = sqlx::query_as(
            "select name, content, title, source_url, language, metadata, hash from document_files
             where document_id = $1 and is_next",
        )
        .bind(id)
        .fetch_optional(self.conn());
        Ok(file.await?)
    }

    /// Puts what a file says into the place of what the job's document was, keeps the file, and ends the job.
    ///
    /// # Errors
    /// The constraint `documents_hash`: another document has its title and content.
    pub async fn end_extract(
        mut self,
        new: &NewDocument<'_>,
        file: FileFacts,
        whom: ForWhom,
    ) -> Result<()> {
        let id = self.document_id;
        let Some(old) = self.exchange_document(new).await? else {
            return self.finish().await;
        };
        sqlx::query("delete from document_files where document_id = $1 and not is_next")
            .bind(id)
            .execute(self.conn())
            .await?;
        let name: Option<Option<String>> = sqlx::query_scalar(
            "update document_files set is_next = false, media_type = $2 where document_id = $1 returning name",
        )
        .bind(id)
        .bind(file.media_type)
        .fetch_optional(self.conn())
        .await?;
        let name = name.flatten();
        if name.is_none() {
            // Its text is kept as such.
            sqlx::query("delete from document_files where document_id = $1")
                .bind(id)
                .execute(self.conn())
                .await?;
        }
        let media_type = name.as_ref().map(|_| file.media_type);
        sqlx::query(
            "update documents set file_name = $2, media_type = $3, pages = $4 where id = $1",
        )
        .bind(id)
        .bind(&name)
        .bind(media_type)
        .bind(file.pages.and_then(|pages| i32::try_from(pages).ok()))
        .execute(self.conn())
        .await?;
        if !old.is_empty() {
            self.queue_forget(id, &old, whom).await?;
        }
        if new.keeps_vectors {
            self.queue(JobKind::Index, id, whom).await?;
        }
        self.finish().await
    }
}
