//! Asking a question to try settings: as a chat would be answered, but of nobody's conversation.

use crate::{Answering, CallsBefore, Error, Prompted, Result, Service, ToAsk};
use ai::{Markers, Prompt};
use db::{CallOutcome, Caller, Operation, ProviderCall, Reservation, Source};
use std::time::Instant;
use uuid::Uuid;

/// A question that is going to be asked, and what that may take.
#[derive(Debug)]
pub struct Trying {
    answering: Answering,
    reservation: Reservation,
}

/// What came of it.
#[derive(Debug)]
pub struct Tried {
    /// The answer.
    pub answer: Result<String>,
    /// What was sent, part by part; nothing if there was no answer for want of it.
    pub prompt: Vec<(ai::Part, String)>,
    /// What it was given to draw on.
    pub sources: Vec<Source>,
    /// Who was asked.
    pub provider: String,
    /// For which model.
    pub model: String,
    /// Tokens in and out.
    pub tokens: (i32, i32),
    /// Whether the provider counted them.
    pub exact: bool,
    /// In nano-USD.
    pub cost: i64,
    /// How long it took.
    pub millis: i32,
}

impl Tried {
    /// Nothing yet, of whoever is asked for a model.
    pub fn of(provider: &str, model: &str) -> Self {
        Self {
            answer: Ok(String::new()),
            prompt: Vec::new(),
            sources: Vec::new(),
            provider: provider.to_owned(),
            model: model.to_owned(),
            tokens: (0, 0),
            exact: false,
            cost: 0,
            millis: 0,
        }
    }
}

impl Service {
    /// Who answers the caller's tenant, and what an answer to `question` may take.
    ///
    /// # Errors
    /// The key cannot be read, or the question is too long; money is limited, and nobody knows what the model costs.
    pub async fn trying(&self, caller: &Caller, question: &str) -> Result<Trying> {
        let answering = self.answering(caller).await?;
        let limits = self.limits_of(caller);
        let reservation = self.reservation(caller, &answering, &limits, question, 0)?;
        let reservation = Reservation {
            operation: Operation::Trial,
            ..reservation
        };
        Ok(Trying::of(answering, reservation))
    }

    /// Reserves what it may take; settle it by asking, or by [`Service::leave`].
    ///
    /// # Errors
    /// A limit refuses it; or money is limited, and nobody knows the model's price.
    pub async fn begin(&self, caller: &Caller, trying: &Trying) -> Result<Uuid> {
        self.begin_beside(caller, &trying.reservation).await
    }

    /// The same for somebody who waits for the answer: within the limits to questions, too.
    ///
    /// # Errors
    /// As of [`Service::begin`].
    pub async fn begin_question(&self, caller: &Caller, trying: &Trying) -> Result<Uuid> {
        let limits = self.limits_of(caller);
        self.begin_within(caller, &limits, &trying.reservation)
            .await
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
        let (mut tried, prompt, mut calls) = self.try_prompt(caller, trying, question).await;
        if let Some(prompt) = prompt {
            let (text, call) = self.ask_tried(caller, trying, prompt, id).await;
            tried.answer = text.map(|text| cited(text, tried.sources.len()));
            tried.tokens = (call.prompt_tokens, call.completion_tokens);
            tried.exact = call.exact;
            calls.push(call);
        }
        let costs = calls.iter().map(|call| match call.id == id {
            // Where the model that answered has no price, at most what the one that was asked has.
            true => call.cost.unwrap_or(trying.most()),
            false => call.cost.unwrap_or_default(),
        });
        tried.cost += costs.sum::<i64>();
        tried.millis = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
        self.db.settle_calls(caller, id, &calls).await?;
        Ok(tried)
    }

    /// What would be sent, without asking; settles what finding that out took.
    ///
    /// # Errors
    /// The database is away. What the provider says is in what comes back.
    pub async fn look_at(
        &self,
        caller: &Caller,
        trying: &Trying,
        question: &str,
        id: Uuid,
    ) -> Result<Tried> {
        let (tried, _, calls) = self.try_prompt(caller, trying, question).await;
        self.db.settle_calls(caller, id, &calls).await?;
        Ok(tried)
    }

    /// What is going to be sent, and the calls that finding it out took.
    async fn try_prompt(
        &self,
        caller: &Caller,
        trying: &Trying,
        question: &str,
    ) -> (Tried, Option<Prompt>, Vec<ProviderCall>) {
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
        let mut tried = Tried::of(answering.provider.name(), &answering.options.model);
        tried.cost = before.settled;
        let prompt = match prompted {
            Ok(Prompted {
                prompt, sources, ..
            }) => {
                tried.prompt = prompt.parts();
                tried.sources = sources;
                Some(prompt)
            }
            Err(e) => {
                tried.answer = Err(e);
                None
            }
        };
        (tried, prompt, before.unsettled)
    }

    /// What a provider answers, and the call.
    pub(crate) async fn ask_tried(
        &self,
        caller: &Caller,
        trying: &Trying,
        prompt: Prompt,
        id: Uuid,
    ) -> (Result<String>, ProviderCall) {
        let Answering { provider, options } = &trying.answering;
        let (text, spent) = self.read_whole(&trying.answering, prompt, None).await;
        let outcome = match text {
            Ok(_) => CallOutcome::Complete,
            Err(ai::Error::Interrupted) => CallOutcome::Interrupted,
            Err(_) => CallOutcome::Failed,
        };
        let of = (Operation::Trial, outcome);
        let (endpoint, model) = (provider.name(), &options.model);
        let call = self.call(id, of, endpoint, model, spent);
        (self.answered(caller, endpoint, text).await, call)
    }
}

impl Trying {
    pub(crate) fn of(answering: Answering, reservation: Reservation) -> Self {
        Self {
            answering,
            reservation,
        }
    }

    /// Confirms that somebody knows what it costs, so that a budget can be kept.
    ///
    /// # Errors
    /// Nobody does.
    pub fn priced(self) -> Result<Self> {
        match self.is_priced() {
            true => Ok(self),
            false => Err(Error::Unpriced(self.reservation.model)),
        }
    }

    /// Whether somebody knows what it costs.
    pub fn is_priced(&self) -> bool {
        self.reservation.cost.is_some()
    }

    /// What it costs at most, in nano-USD, as far as anybody knows.
    pub fn most(&self) -> i64 {
        self.reservation.cost.unwrap_or_default()
    }
}

/// An answer with marks of those sources only that it was given.
fn cited(text: String, sources: usize) -> String {
    if sources == 0 {
        return text;
    }
    let mut markers = Markers::of(sources);
    let mut cited = markers.push(&text);
    cited.push_str(&markers.finish());
    cited
}
