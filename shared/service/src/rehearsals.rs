//! Asking a question of a rehearsal: as a chat would be answered, but of nobody's conversation, and by the settings that are tried.

use crate::{Answering, CallsBefore, Error, Prompted, Result, Service, ToAsk};
use ai::{Markers, Prompt};
use db::{CallOutcome, Caller, Operation, Reservation, Source};
use std::time::Instant;
use uuid::Uuid;

/// A question that is going to be asked, and what that may take.
#[derive(Debug)]
pub struct Trying {
    answering: Answering,
    reservation: Reservation,
    /// At most, in nano-USD.
    pub cost: i64,
}

/// What came of it.
#[derive(Debug)]
pub struct Tried {
    /// The answer.
    pub answer: Result<String>,
    /// What it was given to draw on.
    pub sources: Vec<Source>,
    /// Who was asked.
    pub provider: String,
    /// For which model.
    pub model: String,
    /// Tokens in and out.
    pub tokens: (i32, i32),
    /// In nano-USD.
    pub cost: i64,
    /// How long it took.
    pub millis: i32,
}

impl Service {
    /// Who answers the caller's tenant, and what an answer to `question` may cost.
    ///
    /// # Errors
    /// The key cannot be read, the question is too long, or nobody knows what the model costs.
    pub async fn trying(&self, caller: &Caller, question: &str) -> Result<Trying> {
        let answering = self.answering(caller).await?;
        let limits = self.limits_of(caller);
        let reservation = self.reservation(caller, &answering, &limits, question, 0)?;
        Trying::of(answering, reservation)
    }

    /// Reserves what it may take; settle it by asking, or by [`Service::leave`].
    ///
    /// # Errors
    /// A limit refuses it; or money is limited, and nobody knows the model's price.
    pub async fn begin(&self, caller: &Caller, trying: &Trying) -> Result<Uuid> {
        self.begin_beside(caller, &trying.reservation).await
    }

    /// Gives back what was reserved, since nothing is asked.
    ///
    /// # Errors
    /// The database is away.
    pub async fn leave(&self, caller: &Caller, id: Uuid) -> Result<()> {
        Ok(self.db.settle_calls(caller, id, &[]).await?)
    }

    /// Asks, and settles what it took under the id that [`Service::begin`] gave.
    ///
    /// # Errors
    /// The database is away. What the provider says is in what comes back.
    pub async fn try_answer(
        &self,
        caller: &Caller,
        trying: &Trying,
        question: &str,
        id: Uuid,
    ) -> Result<Tried> {
        let begun = Instant::now();
        let answering = &trying.answering;
        let system = &*caller.account().tenant.system_prompt;
        let asked = ToAsk {
            question,
            history: &[],
            instructions: (!system.is_empty()).then_some(system),
            filter: None,
        };
        let mut before = CallsBefore::default();
        let note = |calls| before = calls;
        let prompted = self.prompt(caller, answering, asked, note).await;
        let mut calls = before.unsettled;
        let mut tried = Tried {
            answer: Ok(String::new()),
            sources: Vec::new(),
            provider: answering.provider.name().to_owned(),
            model: answering.options.model.clone(),
            tokens: (0, 0),
            cost: before.settled,
            millis: 0,
        };
        match prompted {
            Ok(Prompted { prompt, sources }) => {
                let (text, call) = self.ask_tried(caller, trying, prompt, id).await;
                let cited = |text: String| match sources.len() {
                    0 => text,
                    count => {
                        let mut markers = Markers::of(count);
                        let mut cited = markers.push(&text);
                        cited.push_str(&markers.finish());
                        cited
                    }
                };
                tried.answer = text.map(cited);
                tried.tokens = (call.prompt_tokens, call.completion_tokens);
                tried.sources = sources;
                calls.push(call);
            }
            Err(e) => tried.answer = Err(e),
        }
        let costs = calls.iter().map(|call| match call.id == id {
            // Where the model that answered has no price, at most what the one that was asked has.
            true => call.cost.unwrap_or(trying.cost),
            false => call.cost.unwrap_or_default(),
        });
        tried.cost += costs.sum::<i64>();
        tried.millis = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
        self.db.settle_calls(caller, id, &calls).await?;
        Ok(tried)
    }

    /// What a provider answers, and the call.
    pub(crate) async fn ask_tried(
        &self,
        caller: &Caller,
        trying: &Trying,
        prompt: Prompt,
        id: Uuid,
    ) -> (Result<String>, db::ProviderCall) {
        let Answering { provider, options } = &trying.answering;
        let (text, spent) = self.read_whole(&trying.answering, prompt, None).await;
        let outcome = match text {
            Ok(_) => CallOutcome::Complete,
            Err(ai::Error::Interrupted) => CallOutcome::Interrupted,
            Err(_) => CallOutcome::Failed,
        };
        let of = (Operation::Chat, outcome);
        let (endpoint, model) = (provider.name(), &options.model);
        let call = self.call(id, of, endpoint, model, spent);
        (self.answered(caller, endpoint, text).await, call)
    }
}

impl Trying {
    pub(crate) fn of(answering: Answering, reservation: Reservation) -> Result<Self> {
        let cost = reservation.cost;
        let cost = cost.ok_or_else(|| Error::Unpriced(reservation.model.clone()))?;
        Ok(Self {
            answering,
            reservation,
            cost,
        })
    }
}
