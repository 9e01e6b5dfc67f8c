//! Vectors in the database, where it has pgvector: functions of `migrations/pgvector.sql`.

use crate::{
    Caller, Db, MetadataFilter, Need, PlatformTx, ReadTx, Result, TenantTx, error::in_time,
    transaction::Conn,
};
use sqlx::types::Json;
use std::fmt::Write;
use uuid::Uuid;

impl Db {
    /// Stores vectors of a document's passages, in the place of those that are there.
    ///
    /// # Errors
    /// The document is gone: the constraint `chunk_vectors_tenant_id_document_id_fkey`; the database is away, or has no
    /// pgvector.
    pub async fn store_vectors(
        &self,
        caller: &Caller,
        set: Uuid,
        document: Uuid,
        vectors: &[(Uuid, &[f32])],
    ) -> Result<()> {
        let (ids, vectors): (Vec<_>, Vec<_>) = vectors
            .iter()
            .map(|(id, vector)| (*id, text(vector)))
            .unzip();
        sqlx::query("select store_chunk_vectors($1, $2, $3, $4, $5)")
            .bind(caller.tenant_id())
            .bind(set)
            .bind(document)
            .bind(ids)
            .bind(vectors)
            .execute(self.once(caller, Need::Begun).await?.conn())
            .await?;
        Ok(())
    }

    /// Deletes some of the vectors of a set; how many.
    ///
    /// # Errors
    /// The database is away, or has no pgvector.
    pub async fn clear_vectors(&self, caller: &Caller, set: Uuid) -> Result<u64> {
        let mut tx = self
            .open(caller.tenant_id(), caller.whose(), Need::Begun)
            .await?;
        let sql = "delete from chunk_vectors where set_id = $1
                   and chunk_id in (select chunk_id from chunk_vectors where set_id = $1 limit 2000)";
        let gone = sqlx::query(sql).bind(set).execute(tx.conn()).await?;
        tx.commit().await?;
        Ok(gone.rows_affected())
    }

    /// Deletes the vectors of passages, of every set.
    ///
    /// # Errors
    /// The database is away, or has no pgvector.
    pub async fn delete_vectors(&self, caller: &Caller, chunks: &[Uuid]) -> Result<()> {
        sqlx::query("select delete_chunk_vectors($1, $2)")
            .bind(caller.tenant_id())
            .bind(chunks)
            .execute(self.once(caller, Need::Begun).await?.conn())
            .await?;
        Ok(())
    }
}

impl TenantTx {
    /// Whether vectors can be kept in the database: it has pgvector.
    pub async fn has_vectors(&mut self) -> Result<bool> {
        has_vectors(self.conn()).await
    }
}

impl ReadTx {
    /// The passages of a set whose vectors are nearest, of documents that the caller may read, best first, with the cosine of the
    /// angle between; `None` if finding them takes longer than the transaction allows, after which it is of no more use.
    ///
    /// # Errors
    /// The vector has another length than those of the set; the database is away, or has no pgvector.
    pub async fn near_vectors(
        &mut self,
        caller: &Caller,
        set: Uuid,
        vector: &[f32],
        most: i32,
        filter: Option<&MetadataFilter>,
    ) -> Result<Option<Vec<(Uuid, f32)>>> {
        let tenant = caller.tenant_id();
        let near = sqlx::query_as(
            "select chunk_id, score from near_chunk_vectors($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(tenant)
        .bind(set)
        .bind(text(vector))
        .bind(most)
        .bind(filter.map(Json))
        .bind(caller.user_id())
        .bind(caller.has_assumed())
        .fetch_all(self.conn())
        .await;
        in_time(near)
    }
}

impl PlatformTx {
    /// As [`TenantTx::has_vectors`].
    pub async fn has_vectors(&mut self) -> Result<bool> {
        has_vectors(self.conn()).await
    }
}

async fn has_vectors(conn: Conn<'_>) -> Result<bool> {
    let sql = "select to_regclass('parlance.chunk_vectors') is not null";
    Ok(sqlx::query_scalar(sql).fetch_one(conn).await?)
}

/// A vector as pgvector reads it.
fn text(vector: &[f32]) -> String {
    let mut text = String::with_capacity(12 * vector.len() + 2);
    for number in vector {
        text.push(if text.is_empty() { '[' } else { ',' });
        write!(text, "{number}").expect("a string takes what is written");
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_lists_of_numbers() {
        assert_eq!(text(&[0.5, -1.0, 3e-9]), "[0.5,-1,0.000000003]");
    }
}
