//! The vectors of a tenant's passages: whether there are any, and how they are stored, found and deleted.

use crate::{Result, Service, pinecone::PineconeIndex, providers::EMBEDDING_MODEL};
use ai::{Match, Vector};
use db::Caller;
use secrecy::SecretString;
use uuid::Uuid;

/// A tenant's vector index, with the keys to use it.
pub(crate) struct VectorIndex {
    /// For embeddings.
    pub(crate) openai_key: SecretString,
    /// The model for embeddings.
    pub(crate) embedding_model: String,
    /// Where the vectors are.
    place: PineconeIndex,
}

/// A passage whose vector is to be stored.
#[derive(Clone, Debug)]
pub struct ToEmbed {
    /// The passage's id, which is also the vector's.
    pub id: Uuid,
    /// What the vector is made of.
    pub text: String,
}

impl Service {
    /// Whether vectors are made of the tenant's passages: it has an index, and the keys that it takes. Asks nobody; whether
    /// the keys are good is found out by using them.
    pub fn keeps_vectors(&self, caller: &Caller) -> bool {
        let secrets = &self.config.secrets;
        let own = crate::providers::own_key(caller, "openai").is_some();
        let embeds = own || secrets.provider_keys.contains_key("openai");
        embeds && self.has_pinecone(caller)
    }

    /// Stores vectors of a document's passages, in the place of those with the same ids. Does nothing where no vectors are
    /// kept. Calling it again after a failure is harmless.
    ///
    /// # Errors
    /// A key that cannot be opened; a provider's failure; what a limit refuses.
    pub async fn store_vectors(
        &self,
        caller: &Caller,
        document: Uuid,
        passages: &[ToEmbed],
    ) -> Result<()> {
        let Some(index) = self.vector_index(caller).await? else {
            return Ok(());
        };
        let texts: Vec<String> = passages
            .iter()
            .map(|passage| passage.text.clone())
            .collect();
        let values = self.embed_within_limits(caller, &index, &texts).await?;
        let vectors = passages.iter().zip(values).map(|(passage, values)| Vector {
            id: passage.id.to_string(),
            values,
            document_id: document,
            chunk_id: passage.id,
        });
        let vectors = vectors.collect();
        self.store_in_pinecone(caller, &index.place, vectors).await
    }

    /// Deletes the vectors of passages, if there are any. Calling it again is harmless.
    ///
    /// # Errors
    /// A key that cannot be opened; a provider's failure.
    pub async fn forget_vectors(&self, caller: &Caller, passages: &[Uuid]) -> Result<()> {
        let Some(index) = self.vector_index(caller).await? else {
            return Ok(());
        };
        let ids: Vec<String> = passages.iter().map(Uuid::to_string).collect();
        self.delete_in_pinecone(caller, &index.place, &ids).await
    }

    /// The nearest vectors to `vector`, best first.
    ///
    /// # Errors
    /// A provider's failure.
    pub(crate) async fn near(
        &self,
        caller: &Caller,
        index: &VectorIndex,
        vector: &[f32],
        most: u32,
    ) -> Result<Vec<Match>> {
        let place = &index.place;
        self.near_in_pinecone(caller, place, vector, most).await
    }

    /// The tenant's vector index, if it has one, with an OpenAI key for embeddings, its own or the deployment's.
    ///
    /// # Errors
    /// A key that cannot be opened, an index that Pinecone does not know.
    pub(crate) async fn vector_index(&self, caller: &Caller) -> Result<Option<VectorIndex>> {
        let Some(openai_key) = self.chat_key(caller, "openai").await? else {
            return Ok(None);
        };
        let Some(place) = self.pinecone(caller).await? else {
            return Ok(None);
        };
        let model = caller.account().tenant.embedding_model.as_deref();
        Ok(Some(VectorIndex {
            openai_key,
            embedding_model: model.unwrap_or(EMBEDDING_MODEL).to_owned(),
            place,
        }))
    }
}
