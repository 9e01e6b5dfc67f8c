//! Having what was found put in order by a server that a tenant chose for that.

use crate::{Result, Service, ranking::Candidate};
use ai::tokens;
use db::{CallOutcome, Caller, Operation};
use std::time::Duration;

/// So many of the best are put in order.
const MOST: usize = 30;
/// How long that may take: then the order stays as it is.
const RERANK_TIME: Duration = Duration::from_secs(5);

impl Service {
    /// The candidates in the order that the tenant's server gives them, and whether it did, or none is wanted. Those that it does not
    /// name come last.
    pub(crate) async fn in_order(
        &self,
        caller: &Caller,
        question: &str,
        candidates: Vec<Candidate>,
    ) -> (Vec<Candidate>, bool) {
        let tenant = &caller.account().tenant;
        let chosen = tenant
            .rerank_provider
            .as_deref()
            .zip(tenant.rerank_model.as_deref());
        let Some((endpoint, model)) = chosen.filter(|_| candidates.len() > 1) else {
            return (candidates, true);
        };
        let count = candidates.len().min(MOST);
        let text = |one: &Candidate| format!("{}\n{}", one.passage.title, one.passage.text);
        let texts: Vec<String> = candidates[..count].iter().map(text).collect();
        match self
            .ask_order(caller, (endpoint, model), question, &texts)
            .await
        {
            Ok(order) => (reordered(candidates, &order), true),
            Err(e) => {
                tracing::warn!(code = e.code(), "what was found could not be put in order");
                (candidates, false)
            }
        }
    }

    async fn ask_order(
        &self,
        caller: &Caller,
        (endpoint, model): (&str, &str),
        question: &str,
        texts: &[String],
    ) -> Result<Vec<(usize, f32)>> {
        let by = self.embedder(caller, endpoint, model).await?;
        let by = by.ok_or(ai::Error::Rejected)?;
        let sent = texts.iter().map(|text| tokens::at_most(text));
        let sent = sent.fold(tokens::at_most(question), u32::saturating_add);
        let of = Operation::Rerank;
        let id = self.reserve_beside(caller, of, (endpoint, model), (sent, 0));
        let id = id.await?;
        let ranked = self.ai.rerank(&by, question, texts);
        let (order, spent) = match tokio::time::timeout(RERANK_TIME, ranked).await {
            Ok(ranked) => (ranked.order, ranked.spent),
            Err(_) => (Err(ai::Error::Timeout), ai::Spent::default()),
        };
        let outcome = match order {
            Ok(_) => CallOutcome::Complete,
            Err(_) => CallOutcome::Failed,
        };
        let call = self.call(id, (of, outcome), endpoint, model, spent);
        self.db.settle_calls(caller, id, &[call]).await?;
        self.answered(caller, endpoint, order).await
    }
}

fn reordered(candidates: Vec<Candidate>, order: &[(usize, f32)]) -> Vec<Candidate> {
    let mut left: Vec<Option<Candidate>> = candidates.into_iter().map(Some).collect();
    let named = order.iter().filter_map(|(index, score)| {
        let mut one = left.get_mut(*index)?.take()?;
        one.scores.rerank = Some(*score);
        one.passage.score = *score;
        Some(one)
    });
    let mut all: Vec<Candidate> = named.collect();
    all.extend(left.into_iter().flatten());
    all
}
