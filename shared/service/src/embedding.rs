//! Turning texts into vectors, with what that took.

use crate::{Error, Result, Service, vectors::VectorIndex};
use ai::tokens;
use db::{CallOutcome, Caller, Limits, LimitsOf, Operation, ProviderCall};
use uuid::Uuid;

/// Who makes vectors.
const ENDPOINT: &str = "openai";

impl Service {
    /// The vectors of `texts`, and the call that they took, under this id.
    pub(crate) async fn embed(
        &self,
        caller: &Caller,
        index: &VectorIndex,
        id: Uuid,
        texts: &[String],
    ) -> (Result<Vec<Vec<f32>>>, ProviderCall) {
        let model = &index.embedding_model;
        let embedded = self.ai.embed(&index.openai_key, model, texts).await;
        let outcome = match embedded.vectors {
            Ok(_) => CallOutcome::Complete,
            Err(_) => CallOutcome::Failed,
        };
        let of = (Operation::Embedding, outcome);
        let call = self.call(id, of, ENDPOINT, model, embedded.spent);
        (
            self.answered(caller, ENDPOINT, embedded.vectors).await,
            call,
        )
    }

    /// As [`Service::embed`], for what belongs to no answer: within the limits to tokens and money of whoever asks.
    ///
    /// # Errors
    /// Also what a limit refuses.
    pub(crate) async fn embed_within_limits(
        &self,
        caller: &Caller,
        index: &VectorIndex,
        texts: &[String],
    ) -> Result<Vec<Vec<f32>>> {
        let id = self.reserve_embedding(caller, index, texts).await?;
        let (vectors, call) = self.embed(caller, index, id, texts).await;
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
        index: &VectorIndex,
        texts: &[String],
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
        let sent = texts.iter().map(|text| tokens::at_most(text));
        let sent = sent.fold(0, u32::saturating_add);
        let reservation = self.reserve(
            Operation::Embedding,
            ENDPOINT,
            &index.embedding_model,
            sent,
            0,
        );
        self.check_priced(&limits, &reservation)?;
        let id = Uuid::now_v7();
        let refusal = self
            .db
            .reserve_call(caller, id, &limits, &reservation)
            .await?;
        match refusal {
            None => Ok(id),
            Some(limit) => Err(Error::Limit(Box::new(limit))),
        }
    }
}
