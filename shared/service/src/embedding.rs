//! Turning texts into vectors, with what that took.

use crate::{
    Error, Result, Service,
    providers::{EMBEDDING_MODEL, own_key},
};
use ai::{Embedder, tokens};
use db::{
    CachedEmbedding, CallOutcome, Caller, Limits, LimitsOf, Operation, ProviderCall, Reservation,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// Who makes vectors for a tenant that chose nobody.
const ENDPOINT: &str = "openai";

/// A text's hash, as the cache knows it.
type Hash = Vec<u8>;

/// Vectors of texts of a document.
pub(crate) struct Embedded {
    /// One of each text.
    pub(crate) vectors: Vec<Vec<f32>>,
    /// Those that were made anew, to be remembered.
    pub(crate) new: Vec<CachedEmbedding>,
}

impl Service {
    /// Whom a tenant's settings name to make vectors, and with which model.
    pub(crate) fn chosen_embedder<'a>(&self, caller: &'a Caller) -> (&'a str, &'a str) {
        let tenant = &caller.account().tenant;
        let endpoint = tenant.embedding_provider.as_deref().unwrap_or(ENDPOINT);
        let model = tenant.embedding_model.as_deref().unwrap_or(EMBEDDING_MODEL);
        (endpoint, model)
    }

    /// Whether there is what it takes to have vectors made. Asks nobody.
    pub(crate) fn can_embed(&self, caller: &Caller) -> bool {
        let (endpoint, _) = self.chosen_embedder(caller);
        let is_open = |name| self.config.endpoints.get(name).is_some_and(|e| e.is_open);
        own_key(caller, endpoint).is_some()
            || self.config.secrets.provider_keys.contains_key(endpoint)
            || is_open(endpoint)
    }

    /// Who makes vectors, with the tenant's key or the deployment's; none if there is no such server, or no key and it needs
    /// one.
    ///
    /// # Errors
    /// A key that cannot be opened.
    pub(crate) async fn embedder(
        &self,
        caller: &Caller,
        endpoint: &str,
        model: &str,
    ) -> Result<Option<Embedder>> {
        let Some(known) = self.config.endpoints.get(endpoint) else {
            return Ok(None);
        };
        let key = self.chat_key(caller, endpoint).await?;
        let can = key.is_some() || known.is_open;
        Ok(can.then(|| Embedder {
            endpoint: endpoint.to_owned(),
            key,
            model: model.to_owned(),
        }))
    }

    /// The vectors of `texts`, and the call that they took, under this id.
    pub(crate) async fn embed(
        &self,
        caller: &Caller,
        by: &Embedder,
        id: Uuid,
        texts: &[String],
    ) -> (Result<Vec<Vec<f32>>>, ProviderCall) {
        let embedded = self.ai.embed(by, texts).await;
        let outcome = match embedded.vectors {
            Ok(_) => CallOutcome::Complete,
            Err(_) => CallOutcome::Failed,
        };
        let of = (Operation::Embedding, outcome);
        let call = self.call(id, of, &by.endpoint, &by.model, embedded.spent);
        let vectors = self.answered(caller, &by.endpoint, embedded.vectors).await;
        (vectors, call)
    }

    /// A call for the vector of a question that nobody waits for any longer.
    pub(crate) fn lost_embedding(&self, by: &Embedder, id: Uuid, question: &str) -> ProviderCall {
        let spent = ai::Spent {
            usage: ai::Usage {
                prompt_tokens: tokens::estimate(question),
                ..ai::Usage::default()
            },
            ..ai::Spent::default()
        };
        let of = (Operation::Embedding, CallOutcome::Interrupted);
        self.call(id, of, &by.endpoint, &by.model, spent)
    }

    /// The vectors of texts of a document: those that were remembered within the last days ([`Service::remember_embeddings`]), and
    /// the others made within the limits to tokens and money of whoever asks.
    ///
    /// # Errors
    /// Also what a limit refuses.
    pub(crate) async fn embed_document(
        &self,
        caller: &Caller,
        by: &Embedder,
        document: Uuid,
        texts: &[&str],
    ) -> Result<Embedded> {
        let of = (&*by.endpoint, &*by.model);
        let hashes: Vec<Hash> = texts.iter().map(|text| hash(text)).collect();
        let known = self.db.cached_embeddings(caller, document, of, &hashes);
        let known = known.await?.into_iter();
        let mut vectors: HashMap<Hash, Vec<f32>> = known
            .map(|known| (known.hash, numbers(&known.embedding)))
            .collect();
        let mut unknown: Vec<(Hash, String)> = Vec::new();
        for (hash, text) in hashes.iter().zip(texts) {
            let is_known = vectors.contains_key(hash);
            if !is_known && !unknown.iter().any(|(other, _)| other == hash) {
                unknown.push((hash.clone(), (*text).to_owned()));
            }
        }
        let (unknown, texts): (Vec<Hash>, Vec<String>) = unknown.into_iter().unzip();
        let mut new = Vec::new();
        if !texts.is_empty() {
            let made = self.embed_within_limits(caller, by, &texts).await?;
            let cached = (unknown.iter().zip(&made)).map(|(hash, vector)| CachedEmbedding {
                hash: hash.clone(),
                embedding: vector.iter().flat_map(|x| x.to_le_bytes()).collect(),
            });
            new = cached.collect();
            vectors.extend(unknown.into_iter().zip(made));
        }
        let all = hashes.iter().map(|hash| vectors.get(hash).cloned());
        // Those that were remembered may be of another length than the new ones, if the model changed under its name.
        let all: Vec<Vec<f32>> = all.map(Option::unwrap_or_default).collect();
        let length = all.first().map_or(0, Vec::len);
        match all.iter().all(|vector| vector.len() == length) {
            true => Ok(Embedded { vectors: all, new }),
            false => Err(ai::Error::Invalid.into()),
        }
    }

    /// Remembers vectors for the next time that a document's texts are read.
    ///
    /// # Errors
    /// The database is away.
    pub(crate) async fn remember_embeddings(
        &self,
        caller: &Caller,
        by: &Embedder,
        document: Uuid,
        new: &[CachedEmbedding],
    ) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let of = (&*by.endpoint, &*by.model);
        let kept = self.db.cache_embeddings(caller, document, of, new);
        Ok(kept.await?)
    }

    /// As [`Service::embed`], for what belongs to no answer: within the limits to tokens and money of whoever asks.
    ///
    /// # Errors
    /// Also what a limit refuses.
    async fn embed_within_limits(
        &self,
        caller: &Caller,
        by: &Embedder,
        texts: &[String],
    ) -> Result<Vec<Vec<f32>>> {
        let id = self.reserve_embedding(caller, by, texts).await?;
        let (vectors, call) = self.embed(caller, by, id, texts).await;
        self.db.settle_calls(caller, id, &[call]).await?;
        vectors
    }

    /// Reserves what vectors of `texts` may take, under the id that is given back. Their call must have it too: by that id
    /// whoever takes this process for dead settles it.
    ///
    /// # Errors
    /// A limit refuses it; or money is limited, and nobody knows the model's price.
    pub(crate) async fn reserve_embedding(
        &self,
        caller: &Caller,
        by: &Embedder,
        texts: &[String],
    ) -> Result<Uuid> {
        let sent = texts.iter().map(|text| tokens::at_most(text));
        let sent = sent.fold(0, u32::saturating_add);
        let of = Operation::Embedding;
        self.reserve_beside(caller, of, (&by.endpoint, &by.model), (sent, 0))
            .await
    }

    /// The same of any call that is no answer: to whom and for which model, with so many tokens there and back.
    ///
    /// # Errors
    /// As of [`Service::reserve_embedding`].
    pub(crate) async fn reserve_beside(
        &self,
        caller: &Caller,
        of: Operation,
        (endpoint, model): (&str, &str),
        (sent, back): (u32, u32),
    ) -> Result<Uuid> {
        let reservation = self.reserve(of, endpoint, model, sent, back);
        self.begin_beside(caller, &reservation).await
    }

    /// The same with what it may take at most.
    ///
    /// # Errors
    /// As of [`Service::reserve_embedding`].
    pub(crate) async fn begin_beside(
        &self,
        caller: &Caller,
        reservation: &Reservation,
    ) -> Result<Uuid> {
        let mut limits = self.limits_of(caller);
        for LimitsOf { limits, .. } in &mut limits {
            // Those are of questions.
            *limits = Limits {
                requests_per_minute: None,
                concurrent_answers: None,
                ..*limits
            };
        }
        self.begin_within(caller, &limits, reservation).await
    }

    /// Reserves what a call may take at most, within these limits.
    ///
    /// # Errors
    /// As of [`Service::reserve_embedding`].
    pub(crate) async fn begin_within(
        &self,
        caller: &Caller,
        limits: &[LimitsOf],
        reservation: &Reservation,
    ) -> Result<Uuid> {
        self.check_priced(limits, reservation)?;
        let id = Uuid::now_v7();
        let refusal = self
            .db
            .reserve_call(caller, id, limits, reservation)
            .await?;
        match refusal {
            None => Ok(id),
            Some(limit) => Err(Error::Limit(Box::new(limit))),
        }
    }
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text).to_vec()
}

/// Numbers as they are stored.
fn numbers(bytes: &[u8]) -> Vec<f32> {
    let numbers = bytes.as_chunks::<4>().0.iter();
    numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        let vector = [0.5_f32, -1e-30, f32::MAX];
        let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(numbers(&bytes), vector);
    }
}
