//! A tenant's sets of vectors: which is filled, which is asked, and which is cleared away.

use crate::{Result, Service};
use ai::Embedder;
use db::{Caller, EmbeddingSet, NewEmbeddingSet, SetState, VectorPlace};
use std::sync::Arc;
use uuid::Uuid;

/// The longest vectors that the database keeps: those of more numbers do not fit into a page of it.
const MOST_IN_POSTGRES: usize = 4000;

impl Service {
    /// What tells the set from others that a tenant's settings name.
    pub(crate) fn chosen_set<'a>(&self, caller: &'a Caller) -> (VectorPlace, &'a str, &'a str) {
        let (endpoint, model) = self.chosen_embedder(caller);
        (self.vector_place(caller), endpoint, model)
    }

    /// After vectors of a document were stored: if those of the tenant's settings are whole now, they serve from here on, and those that
    /// served before are cleared away. Calling it again is harmless.
    ///
    /// # Errors
    /// The database is away; a provider's failure.
    pub async fn serve_what_is_whole(&self, caller: &Caller) -> Result<()> {
        let chosen = self.chosen_set(caller);
        let is_chosen = |set: &&EmbeddingSet| of(set) == chosen && set.state == SetState::Building;
        let built = self.sets(caller).await?.iter().find(is_chosen).cloned();
        if let Some(built) = built {
            let mut tx = self.db.tenant(caller).await?;
            let serves = tx.serve_if_whole(built.id).await?;
            tx.commit().await?;
            if serves {
                self.embedding_sets.invalidate(&caller.tenant_id());
            }
        }
        let sets = self.sets(caller).await?;
        for set in sets.iter().filter(|set| set.state == SetState::Retired) {
            self.clear_set(caller, set).await?;
        }
        Ok(())
    }

    async fn clear_set(&self, caller: &Caller, set: &EmbeddingSet) -> Result<()> {
        match set.place {
            VectorPlace::Postgres => while self.db.clear_vectors(caller, set.id).await? > 0 {},
            VectorPlace::Pinecone => {
                if let Some(index) = self.pinecone(caller).await? {
                    self.clear_pinecone(caller, &index, own_namespace(set))
                        .await?;
                }
            }
            VectorPlace::None => {}
        }
        let mut tx = self.db.tenant(caller).await?;
        tx.delete_retired_set(set.id).await?;
        tx.commit().await?;
        self.embedding_sets.invalidate(&caller.tenant_id());
        Ok(())
    }

    /// The set that vectors of that length belong to.
    pub(crate) async fn set_of(
        &self,
        caller: &Caller,
        place: VectorPlace,
        by: &Embedder,
        dimensions: usize,
    ) -> Result<EmbeddingSet> {
        let known = self.sets(caller).await?;
        let chosen = (place, &*by.endpoint, &*by.model);
        let is_live = |set: &&EmbeddingSet| of(set) == chosen && set.state != SetState::Retired;
        let set = match known.iter().find(is_live) {
            Some(set) => set.clone(),
            None => {
                let mut tx = self.db.tenant(caller).await?;
                let set = tx.embedding_set(NewEmbeddingSet {
                    id: Uuid::now_v7(),
                    place,
                    endpoint: &by.endpoint,
                    model: &by.model,
                    dimensions: i32::try_from(dimensions).unwrap_or(i32::MAX),
                });
                let set = set.await?;
                tx.commit().await?;
                self.embedding_sets.invalidate(&caller.tenant_id());
                set
            }
        };
        check_length(&set, dimensions)?;
        Ok(set)
    }

    /// The set that is asked.
    pub(crate) async fn serving_set(&self, caller: &Caller) -> Result<Option<EmbeddingSet>> {
        let sets = self.sets(caller).await?;
        let serving = sets.iter().find(|set| set.state == SetState::Serving);
        Ok(serving.cloned())
    }

    /// The tenant's sets of vectors, as they were some seconds ago at most.
    pub(crate) async fn sets(&self, caller: &Caller) -> Result<Arc<Vec<EmbeddingSet>>> {
        let tenant = caller.tenant_id();
        if let Some(sets) = self.embedding_sets.get(&tenant) {
            return Ok(sets);
        }
        let sets = Arc::new(self.db.tenant(caller).await?.embedding_sets().await?);
        self.embedding_sets.insert(tenant, Arc::clone(&sets));
        Ok(sets)
    }
}

/// What tells a set from others.
pub(crate) fn of(set: &EmbeddingSet) -> (VectorPlace, &str, &str) {
    (set.place, &set.endpoint, &set.model)
}

/// The set by whose name a namespace is called; none for the tenant's plain one.
pub(crate) fn own_namespace(set: &EmbeddingSet) -> Option<Uuid> {
    (!set.is_first).then_some(set.id)
}

/// # Errors
/// [`ai::Error::Dimensions`]
pub(crate) fn check_length(set: &EmbeddingSet, numbers: usize) -> Result<()> {
    let most = match set.place {
        VectorPlace::Postgres => MOST_IN_POSTGRES,
        VectorPlace::Pinecone | VectorPlace::None => usize::MAX,
    };
    let index = set.dimensions.unsigned_abs();
    let model = u32::try_from(numbers).unwrap_or(u32::MAX);
    match index == model && numbers <= most {
        true => Ok(()),
        false => {
            let most = u32::try_from(most).unwrap_or(u32::MAX);
            let index = index.min(most);
            Err(ai::Error::Dimensions { index, model }.into())
        }
    }
}
