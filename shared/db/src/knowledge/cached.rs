//! What vectors were made of a document's passages within the last days.

use crate::{Caller, Db, Need, Result};
use uuid::Uuid;

/// A vector that was made of a text.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct CachedEmbedding {
    /// SHA-256 of the text.
    pub hash: Vec<u8>,
    /// Its numbers: 32-bit floats, the low byte first.
    pub embedding: Vec<u8>,
}

impl Db {
    /// Which of these texts of a document have a vector of that model. `of` is endpoint and model.
    ///
    /// # Errors
    /// The database is away.
    pub async fn cached_embeddings(
        &self,
        caller: &Caller,
        document: Uuid,
        of: (&str, &str),
        hashes: &[Vec<u8>],
    ) -> Result<Vec<CachedEmbedding>> {
        let mut tx = self
            .open(caller.tenant_id(), caller.whose(), Need::Begun)
            .await?;
        let known = sqlx::query_as(
            "select hash, embedding from embedding_cache
             where document_id = $1 and endpoint = $2 and model = $3 and hash = any ($4)",
        )
        .bind(document)
        .bind(of.0)
        .bind(of.1)
        .bind(hashes)
        .fetch_all(tx.conn())
        .await?;
        Ok(known)
    }

    /// Keeps vectors of a document for a week, as long as the document is there.
    ///
    /// # Errors
    /// The database is away.
    pub async fn cache_embeddings(
        &self,
        caller: &Caller,
        document: Uuid,
        of: (&str, &str),
        made: &[CachedEmbedding],
    ) -> Result<()> {
        let mut tx = self
            .open(caller.tenant_id(), caller.whose(), Need::Begun)
            .await?;
        sqlx::query("delete from embedding_cache where made_at < now() - interval '7 days'")
            .execute(tx.conn())
            .await?;
        sqlx::query(
            "insert into embedding_cache (document_id, endpoint, model, hash, embedding)
             select d.id, $2, $3, n.hash, n.embedding
             from unnest($4::bytea[], $5::bytea[]) n(hash, embedding) join documents d on d.id = $1
             on conflict do nothing",
        )
        .bind(document)
        .bind(of.0)
        .bind(of.1)
        .bind(made.iter().map(|one| &*one.hash).collect::<Vec<_>>())
        .bind(made.iter().map(|one| &*one.embedding).collect::<Vec<_>>())
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }
}
