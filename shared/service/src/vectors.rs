//! The vectors of a tenant's passages: whether there are any, and how they are stored, found and deleted.

use crate::{
    Error, Result, Service,
    pinecone::PineconeIndex,
    vector_sets::{check_length, of, own_namespace},
};
use ai::{Embedder, Vector};
use db::{Caller, EmbeddingSet, MetadataFilter, VectorPlace};
use std::time::Duration;
use uuid::Uuid;

/// So many passages are embedded and stored at a time: 256 vectors of 3072 numbers take 3 MiB.
const AT_ONCE: usize = 256;

/// A tenant's vectors, of which a question may be asked.
pub(crate) struct VectorIndex {
    /// Who makes vectors of questions.
    pub(crate) by: Embedder,
    /// The set that serves; none if nothing was stored yet, or by a release that knew no sets.
    set: Option<EmbeddingSet>,
    place: Where,
}

/// Where vectors are.
enum Where {
    Postgres,
    Pinecone(PineconeIndex),
}

/// A passage whose vector is to be stored.
#[derive(Clone, Debug)]
pub struct ToEmbed {
    /// The passage's id, which is also the vector's.
    pub id: Uuid,
    /// What the vector is made of.
    pub text: String,
}

/// What is near a question.
pub(crate) struct Near {
    /// The passage.
    pub(crate) id: Uuid,
    /// How near, on the index's own scale.
    pub(crate) score: f32,
}

impl Service {
    /// Where a tenant wants its vectors.
    pub(crate) fn vector_place(&self, caller: &Caller) -> VectorPlace {
        match caller.account().tenant.vectors {
            Some(place) => place,
            None if self.has_pinecone(caller) => VectorPlace::Pinecone,
            None => VectorPlace::None,
        }
    }

    /// Whether vectors are made of the tenant's passages: it has a place for them, and the keys that it takes. Asks nobody;
    /// whether the keys are good is found out by using them.
    pub fn keeps_vectors(&self, caller: &Caller) -> bool {
        let has_place = match self.vector_place(caller) {
            VectorPlace::None => false,
            VectorPlace::Postgres => true,
            VectorPlace::Pinecone => self.has_pinecone(caller),
        };
        has_place && self.can_embed(caller)
    }

    /// Stores vectors of a document's passages, in the place of those with the same ids. Does nothing where no vectors are
    /// kept. Calling it again after a failure is harmless, and does not pay again for what was made.
    ///
    /// # Errors
    /// A key that cannot be opened; a provider's failure; what a limit refuses.
    pub async fn store_vectors(
        &self,
        caller: &Caller,
        document: Uuid,
        passages: &[ToEmbed],
    ) -> Result<()> {
        if !self.keeps_vectors(caller) {
            return Ok(());
        }
        let chosen = self.chosen_set(caller);
        self.store_as(caller, chosen, document, passages).await
    }

    /// Whether vectors of the tenant's passages may be somewhere, also of settings that it had before.
    ///
    /// # Errors
    /// The database is away.
    pub async fn may_have_vectors(&self, caller: &Caller) -> Result<bool> {
        Ok(self.keeps_vectors(caller) || !self.sets(caller).await?.is_empty())
    }

    /// As [`Service::store_vectors`], into the set of that place, endpoint and model.
    async fn store_as(
        &self,
        caller: &Caller,
        (place, endpoint, model): (VectorPlace, &str, &str),
        document: Uuid,
        passages: &[ToEmbed],
    ) -> Result<()> {
        let Some(by) = self.embedder(caller, endpoint, model).await? else {
            return Ok(());
        };
        let Some(at) = self.at(caller, place).await? else {
            return Ok(());
        };
        for passages in passages.chunks(AT_ONCE) {
            let texts: Vec<&str> = passages.iter().map(|passage| &*passage.text).collect();
            let embedded = self.embed_document(caller, &by, document, &texts).await?;
            let vectors = passages
                .iter()
                .zip(embedded.vectors)
                .map(|(passage, values)| Vector {
                    id: passage.id.to_string(),
                    values,
                    document_id: document,
                    chunk_id: passage.id,
                });
            let vectors: Vec<Vector> = vectors.collect();
            let dimensions = vectors.first().map_or(0, |vector| vector.values.len());
            let set = self
                .fitting_set(caller, (place, &at), &by, dimensions)
                .await;
            // What does not fit is made anew the next time: the provider may have been wrong.
            if !matches!(set, Err(Error::Provider(ai::Error::Dimensions { .. }))) {
                self.remember_embeddings(caller, &by, document, &embedded.new)
                    .await?;
            }
            let set = set?;
            self.put(caller, &at, &set, document, vectors).await?;
        }
        Ok(())
    }

    /// The set for vectors of so many numbers, if they fit into it and to where it is.
    async fn fitting_set(
        &self,
        caller: &Caller,
        (place, at): (VectorPlace, &Where),
        by: &Embedder,
        dimensions: usize,
    ) -> Result<EmbeddingSet> {
        if let Where::Pinecone(index) = at {
            self.check_fits(caller, index, dimensions).await?;
        }
        self.set_of(caller, place, by, dimensions).await
    }

    async fn put(
        &self,
        caller: &Caller,
        at: &Where,
        set: &EmbeddingSet,
        document: Uuid,
        vectors: Vec<Vector>,
    ) -> Result<()> {
        match at {
            Where::Pinecone(index) => self.store_in_pinecone(caller, index, set, vectors).await,
            Where::Postgres => {
                let vectors = vectors.iter().map(|v| (v.chunk_id, v.values.as_slice()));
                let vectors: Vec<_> = vectors.collect();
                let stored = self.db.store_vectors(caller, set.id, document, &vectors);
                match stored.await {
                    // The document was deleted meanwhile, and the set with the tenant's settings: there is nothing to store.
                    Err(e) if e.is_constraint("chunk_vectors_tenant_id_document_id_fkey") => Ok(()),
                    stored => Ok(stored?),
                }
            }
        }
    }

    /// Deletes the vectors of passages, if there are any. Calling it again is harmless.
    ///
    /// # Errors
    /// A key that cannot be opened; a provider's failure.
    pub async fn forget_vectors(&self, caller: &Caller, passages: &[Uuid]) -> Result<()> {
        let sets = self.sets(caller).await?;
        if sets.iter().any(|set| set.place == VectorPlace::Postgres) {
            self.db.delete_vectors(caller, passages).await?;
        }
        let in_pinecone = sets.iter().filter(|set| set.place == VectorPlace::Pinecone);
        let mut in_pinecone: Vec<Option<Uuid>> = in_pinecone.map(own_namespace).collect();
        if sets.is_empty() && self.vector_place(caller) == VectorPlace::Pinecone {
            // Of a release that knew no sets.
            in_pinecone.push(None);
        }
        if in_pinecone.is_empty() {
            return Ok(());
        }
        let Some(index) = self.pinecone(caller).await? else {
            return Ok(());
        };
        let ids: Vec<String> = passages.iter().map(Uuid::to_string).collect();
        for set in in_pinecone {
            self.delete_in_pinecone(caller, &index, set, &ids).await?;
        }
        Ok(())
    }

    /// The nearest passages to `vector`, best first: at least as good as the tenant's least score. `None` if the database takes
    /// longer than `limit` to find them.
    ///
    /// # Errors
    /// A provider's failure; the vector is of another length than the set's.
    pub(crate) async fn near(
        &self,
        caller: &Caller,
        index: &VectorIndex,
        vector: &[f32],
        most: i32,
        (filter, limit): (Option<&MetadataFilter>, Duration),
    ) -> Result<Option<Vec<Near>>> {
        if let Some(set) = &index.set {
            check_length(set, vector.len())?;
        }
        match (&index.place, &index.set) {
            (Where::Postgres, None) => Ok(Some(Vec::new())),
            (Where::Postgres, Some(set)) => {
                let read = self.db.read_within(caller, limit, async |mut tx| {
                    tx.near_vectors(caller, set.id, vector, most, filter).await
                });
                let near: Option<Vec<(Uuid, f32)>> = read.await?;
                Ok(near.map(|near| {
                    near.into_iter()
                        .map(|(id, score)| Near { id, score })
                        .collect()
                }))
            }
            (Where::Pinecone(at), set) => {
                let set = set.as_ref().and_then(own_namespace);
                let near = self.near_in_pinecone(caller, at, set, vector, most.unsigned_abs());
                let near = near.await?.into_iter().filter_map(|found| {
                    let id = Uuid::try_parse(&found.id).ok()?;
                    let score = found.score;
                    Some(Near { id, score })
                });
                Ok(Some(near.collect()))
            }
        }
    }

    /// The tenant's vectors that serve, if it has any and the keys to ask of them.
    ///
    /// # Errors
    /// A key that cannot be opened, an index that Pinecone does not know.
    pub(crate) async fn vector_index(&self, caller: &Caller) -> Result<Option<VectorIndex>> {
        if !self.keeps_vectors(caller) {
            return Ok(None);
        }
        let set = self.serving_set(caller).await?;
        let (endpoint, model) = self.chosen_embedder(caller);
        let (place, endpoint, model) = match &set {
            Some(set) => of(set),
            None => (self.vector_place(caller), endpoint, model),
        };
        let Some(by) = self.embedder(caller, endpoint, model).await? else {
            return Ok(None);
        };
        let Some(place) = self.at(caller, place).await? else {
            return Ok(None);
        };
        Ok(Some(VectorIndex { by, set, place }))
    }

    async fn at(&self, caller: &Caller, place: VectorPlace) -> Result<Option<Where>> {
        Ok(match place {
            VectorPlace::None => None,
            VectorPlace::Postgres => Some(Where::Postgres),
            VectorPlace::Pinecone => self.pinecone(caller).await?.map(Where::Pinecone),
        })
    }
}
