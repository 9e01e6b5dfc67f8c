//! Sets of vectors: those of one model, in one place.

use crate::{AdminTx, Result, TenantTx, VectorPlace, knowledge::jobs::ForWhom};
use uuid::Uuid;

/// What a set of vectors is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum SetState {
    /// It is filled, and not asked.
    Building,
    /// Questions are asked of it.
    Serving,
    /// It served before; it is cleared away.
    Retired,
}

/// Vectors of one model, in one place.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct EmbeddingSet {
    /// Its id.
    pub id: Uuid,
    /// Where they are.
    pub place: VectorPlace,
    /// Who makes them.
    pub endpoint: String,
    /// With which model.
    pub model: String,
    /// Numbers in each.
    pub dimensions: i32,
    /// What it is there for.
    pub state: SetState,
    /// Whether it has the tenant's plain namespace at Pinecone.
    pub is_first: bool,
}

/// A set of vectors that is to be there.
#[derive(Clone, Copy, Debug)]
pub struct NewEmbeddingSet<'a> {
    /// Its id, unless there is one like it.
    pub id: Uuid,
    /// Where they are.
    pub place: VectorPlace,
    /// Who makes them.
    pub endpoint: &'a str,
    /// With which model.
    pub model: &'a str,
    /// Numbers in each.
    pub dimensions: i32,
}

impl TenantTx {
    /// The tenant's sets.
    pub async fn embedding_sets(&mut self) -> Result<Vec<EmbeddingSet>> {
        let sql = "select id, place, endpoint, model, dimensions, state, is_first from embedding_sets order by id";
        Ok(sqlx::query_as(sql).fetch_all(self.conn()).await?)
    }

    /// The set of that place, endpoint and model, made if there is none: the tenant's first one serves at once.
    pub async fn embedding_set(&mut self, new: NewEmbeddingSet<'_>) -> Result<EmbeddingSet> {
        // Of two that make the first, one waits here and then finds it.
        sqlx::query("select from tenants for update")
            .execute(self.conn())
            .await?;
        let set = sqlx::query_as(
            "insert into embedding_sets (id, place, endpoint, model, dimensions, state, is_first)
             select $1, $2, $3, $4, $5,
               case when exists (select from embedding_sets where state = 'serving') then 'building' else 'serving' end,
               not exists (select from embedding_sets)
             on conflict (tenant_id, place, endpoint, model) do update
             set state = case embedding_sets.state when 'retired' then 'building' else embedding_sets.state end
             returning id, place, endpoint, model, dimensions, state, is_first",
        )
        .bind(new.id)
        .bind(new.place)
        .bind(new.endpoint)
        .bind(new.model)
        .bind(new.dimensions)
        .fetch_one(self.conn())
        .await?;
        Ok(set)
    }

    /// Has a set that is built serve, if all of the tenant's documents have vectors that shall have some: whether it does. What served
    /// until then, and what else was begun, is to be cleared away.
    pub async fn serve_if_whole(&mut self, id: Uuid) -> Result<bool> {
        sqlx::query("select from tenants for update")
            .execute(self.conn())
            .await?;
        let is_whole: bool = sqlx::query_scalar(
            "select not exists (select from documents where vectors = 'pending' and deleted_at is null)
               and exists (select from embedding_sets where id = $1 and state = 'building')",
        )
        .bind(id)
        .fetch_one(self.conn())
        .await?;
        if !is_whole {
            return Ok(false);
        }
        sqlx::query("update embedding_sets set state = 'retired' where id <> $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        sqlx::query("update embedding_sets set state = 'serving' where id = $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(true)
    }

    /// Deletes a set that is to be cleared away, whose vectors are gone.
    pub async fn delete_retired_set(&mut self, id: Uuid) -> Result<()> {
        sqlx::query("delete from embedding_sets where id = $1 and state = 'retired'")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

impl AdminTx {
    /// Has vectors be made anew of all of the tenant's documents.
    pub async fn reindex(&mut self) -> Result<()> {
        let whom = self.for_whom();
        sqlx::query(
            "update documents set vectors = 'pending', chunks_done = 0, error = null
             where status = 'ready' and deleted_at is null and chunks > 0",
        )
        .execute(self.conn())
        .await?;
        self.queue_pending(100, whom).await
    }

    /// Has the vectors be made after all that could not be made: whatever was wrong may be right now.
    pub async fn retry_vectors(&mut self) -> Result<()> {
        let whom = self.for_whom();
        sqlx::query(
            "update documents d set vectors = 'pending', error = null
             where d.vectors = 'failed' and d.status = 'ready' and d.deleted_at is null
               and exists (select from jobs j where j.document_id = d.id and j.kind = 'index' and j.state = 'dead')",
        )
        .execute(self.conn())
        .await?;
        self.queue_pending(100, whom).await
    }
}

impl TenantTx {
    /// Queues some of the documents whose vectors are to be made and for which nothing is queued, or what was given up: of many,
    /// each that is done queues the next.
    pub(crate) async fn queue_pending(&mut self, most: i64, whom: ForWhom) -> Result<()> {
        sqlx::query(
            "insert into jobs (id, kind, document_id, user_id, api_key_id)
             select gen_random_uuid(), 'index', d.id, $2, $3 from documents d
             where d.vectors = 'pending' and d.status = 'ready' and d.deleted_at is null
               and not exists (
                 select from jobs j where j.document_id = d.id and j.kind in ('index', 'extract') and j.state <> 'dead')
             limit $1
             on conflict (tenant_id, document_id, kind) where kind <> 'forget' do update
             set state = 'waiting', run_at = now(), attempts = 0, user_id = excluded.user_id, api_key_id = excluded.api_key_id
             where jobs.state = 'dead'",
        )
        .bind(most)
        .bind(whom.user_id)
        .bind(whom.api_key_id)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
