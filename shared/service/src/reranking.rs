//! Having what was found put in order by a server that a tenant chose for that.

use crate::{Result, Service, ranking::Candidate};
use ai::tokens;
use db::{CallOutcome, Caller, Operation};
use std::time::Duration;

/// So many of the best are put in order.
const MOST: usize = 30;
/// How long that may take: then the order stays as it is.
const RERANK_TIME: Duration = Duration::from_secs(5);

/// Candidates, put in order.
pub(crate) struct Ordered {
    pub(crate) candidates: Vec<Candidate>,
    /// Whether that was done, or is not wanted.
    pub(crate) is_whole: bool,
    /// In nano-USD.
    pub(crate) cost: i64,
}

impl Service {
    /// The candidates in the order that the tenant's server gives them. Those that it does not name come last.
    pub(crate) async fn in_order(
        &self,
        caller: &Caller,
        question: &str,
        candidates: Vec<Candidate>,
    ) -> Ordered {
        let tenant = &caller.account().tenant;
        let chosen = tenant
            .rerank_provider
            .as_deref()
            .zip(tenant.rerank_model.as_deref());
        let Some((endpoint, model)) = chosen.filter(|_| candidates.len() > 1) else {
            return Ordered {
                candidates,
                is_whole: true,
                cost: 0,
            };
        };
        let count = candidates.len().min(MOST);
        let text = |one: &Candidate| format!("{}\n{}", one.passage.title, one.passage.text);
        let texts: Vec<String> = candidates[..count].iter().map(text).collect();
        let mut cost = 0;
        let by = (endpoint, model);
        let asked = self.ask_order(caller, by, question, &texts, &mut cost);
        let order = asked.await.inspect_err(|e| {
            tracing::warn!(code = e.code(), "what was found could not be put in order");
        });
        Ordered {
            is_whole: order.is_ok(),
            candidates: match order {
                Ok(order) => reordered(candidates, &order),
                Err(_) => candidates,
            },
            cost,
        }
    }

    async fn ask_order(
        &self,
        caller: &Caller,
        (endpoint, model): (&str, &str),
        question: &str,
        texts: &[String],
        cost: &mut i64,
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
        *cost = call.cost.unwrap_or_default();
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
