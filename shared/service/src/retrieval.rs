//! Finding the passages that an answer should draw on: full text always, vectors where there is an index.

use crate::{
    Result, Service, beginning,
    fusing::{Bounds, fuse},
    legs::NAMED,
    ranking::{Candidate, Scores, joined, various},
    vectors::{Near, VectorIndex},
};
use db::{Caller, Leg, MetadataFilter, Passage, ProviderCall, Source, Worded};
use std::{collections::HashMap, future::ready, sync::Arc, time::Instant};
use tracing::{Instrument, field::Empty};
use uuid::Uuid;

/// How much of a question is searched for; the rest of a long one adds nothing but cost.
const QUESTION_CHARS: usize = 4000;
/// How long a source's snippet is, in characters.
const SNIPPET_CHARS: usize = 240;

/// What is to be found.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// How many passages at most.
    pub top_k: i32,
    /// Of which documents; of all if there is none.
    pub filter: Option<&'a MetadataFilter>,
}

/// A passage that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The passage, with those beside it in its document that were found, too.
    pub passage: Passage,
    /// What each way of finding says of it.
    pub scores: Scores,
}

/// What was found.
pub struct Retrieved {
    /// Best first.
    pub found: Vec<Found>,
    /// What was left out because it took too long or failed.
    pub degraded: Vec<Leg>,
    /// Whether anything answered at all.
    pub whole: bool,
    /// The calls of providers that it took and that are not settled yet.
    pub calls: Vec<ProviderCall>,
    /// What the others cost, in nano-USD.
    pub settled: i64,
}

/// What the legs found, each best first.
#[derive(Default)]
struct Legs {
    by_text: Option<Vec<Worded>>,
    by_vector: Option<Vec<Near>>,
    /// Whether there are vectors to ask.
    has_vectors: bool,
}

impl Service {
    /// The passages for `question`, best first. No connection is held while the providers are asked.
    ///
    /// When one way of finding them cannot be used, or takes too long, the other must do: an answer with fewer
    /// sources is better than none.
    ///
    /// # Errors
    /// The database is away.
    pub async fn retrieve(
        &self,
        caller: &Caller,
        question: &str,
        wanted: Wanted<'_>,
    ) -> Result<Retrieved> {
        let question = searched(question);
        let index = (Uuid::now_v7(), self.vector_index(caller));
        self.find(caller, &question, wanted, index).await
    }

    /// As [`Service::retrieve`], for what belongs to no answer: within the limits to tokens and money of whoever asks. What was
    /// begun is settled also if nobody waits for it any more.
    ///
    /// # Errors
    /// Also what a limit refuses.
    pub async fn retrieve_within_limits(
        self: Arc<Self>,
        caller: Caller,
        question: &str,
        top_k: i32,
        filter: Option<MetadataFilter>,
    ) -> Result<Retrieved> {
        let (service, question) = (Arc::clone(&self), [searched(question)]);
        let found = async move {
            let filter = filter.as_ref();
            let wanted = Wanted { top_k, filter };
            service.retrieve_and_settle(&caller, question, wanted).await
        };
        self.to_its_end(found).await?
    }

    async fn retrieve_and_settle(
        &self,
        caller: &Caller,
        question: [String; 1],
        wanted: Wanted<'_>,
    ) -> Result<Retrieved> {
        let index = self.vector_index(caller).await;
        let reserved = match &index {
            Ok(Some(index)) => Some(self.reserve_embedding(caller, &index.by, &question).await?),
            _ => None,
        };
        let index = (reserved.unwrap_or_default(), ready(index));
        let found = self.find(caller, &question[0], wanted, index).await;
        if let Some(id) = reserved {
            let calls = found.as_ref().map_or(&[][..], |found| &found.calls);
            self.db.settle_calls(caller, id, calls).await?;
        }
        found
    }

    /// As [`Service::search`], measured.
    async fn find(
        &self,
        caller: &Caller,
        question: &str,
        wanted: Wanted<'_>,
        by_vectors: (Uuid, impl Future<Output = Result<Option<VectorIndex>>>),
    ) -> Result<Retrieved> {
        let span = tracing::info_span!(
            target: traces::TARGET,
            "retrieval",
            gen_ai.operation.name = "retrieval",
            parlance.found = Empty,
            parlance.degraded = Empty,
        );
        let begun = Instant::now();
        // Boxed: else whatever waits for a search is as large.
        let search = Box::pin(self.search(caller, question, wanted, by_vectors));
        let found = search.instrument(span.clone()).await;
        let outcome = match &found {
            Ok(found) if found.degraded.is_empty() => "complete",
            Ok(_) => "degraded",
            Err(_) => "failed",
        };
        self.timings.retrieval(outcome, begun.elapsed());
        if let Ok(found) = &found {
            span.record("parlance.found", found.found.len());
            span.record("parlance.degraded", outcome == "degraded");
        }
        found
    }

    /// Searches by text and, beside that, by vectors, whose call has the id.
    async fn search(
        &self,
        caller: &Caller,
        question: &str,
        wanted: Wanted<'_>,
        (id, index): (Uuid, impl Future<Output = Result<Option<VectorIndex>>>),
    ) -> Result<Retrieved> {
        let mut calls = Vec::new();
        let by_vector = self.leg_of_vectors(caller, (question, id), wanted, index, &mut calls);
        let by_text = self.passages_by_text(caller, question, wanted);
        let (by_text, (has_vectors, by_vector)) = tokio::join!(by_text, by_vector);
        let legs = Legs {
            by_text: by_text?,
            by_vector,
            has_vectors,
        };
        let mut degraded = Vec::new();
        if legs.by_text.is_none() {
            tracing::warn!("full text took too long and was left out of a search");
            degraded.push(Leg::FullText);
        }
        if legs.has_vectors && legs.by_vector.is_none() {
            degraded.push(Leg::Vectors);
        }
        let whole = legs.by_text.is_some() || legs.by_vector.is_some();
        let candidates = self.candidates(caller, legs, wanted).await?;
        let ordered = self.in_order(caller, question, candidates).await;
        if !ordered.is_whole {
            degraded.push(Leg::Rerank);
        }
        let most = usize::try_from(wanted.top_k).unwrap_or(0);
        let found = joined(various(ordered.candidates, most));
        let found = found.into_iter().map(|one| Found {
            passage: one.passage,
            scores: one.scores,
        });
        Ok(Retrieved {
            found: found.collect(),
            degraded,
            whole,
            calls,
            settled: ordered.cost,
        })
    }

    /// What both legs found, in one order. A vector whose passage is gone, is not this tenant's, or is of a document that the
    /// filter leaves out, finds nothing in the database and drops out.
    async fn candidates(
        &self,
        caller: &Caller,
        legs: Legs,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Candidate>> {
        let by_text = legs.by_text.unwrap_or_default();
        let mut by_vector = legs.by_vector.unwrap_or_default();
        let ranks: Vec<_> = by_text
            .iter()
            .map(|w| (w.passage.chunk_id, w.rank))
            .collect();
        let passages = by_text.into_iter().map(|worded| worded.passage);
        let mut known: HashMap<Uuid, Passage> = passages.map(|p| (p.chunk_id, p)).collect();
        let full_text: HashMap<Uuid, f32> = known.iter().map(|(id, p)| (*id, p.score)).collect();
        let unknown = by_vector.iter().map(|near| near.id);
        let unknown: Vec<Uuid> = unknown.filter(|id| !known.contains_key(id)).collect();
        if !unknown.is_empty() {
            let filter = wanted.filter;
            let found = self.db.passages_by_id(caller, &unknown, filter).await?;
            known.extend(found.into_iter().map(|p| (p.chunk_id, p)));
        }
        by_vector.retain(|near| known.contains_key(&near.id));
        by_vector.truncate(usize::try_from(NAMED).unwrap_or(usize::MAX));
        let near: Vec<_> = by_vector.iter().map(|n| (n.id, n.score)).collect();
        let vectors: HashMap<Uuid, f32> = near.iter().copied().collect();
        let bounds = Bounds {
            most: usize::try_from(wanted.top_k.max(NAMED)).unwrap_or(usize::MAX),
            min_score: caller.account().tenant.retrieval_min_score,
        };
        let fused = fuse(&ranks, &near, bounds).into_iter();
        let fused = fused.filter_map(|(id, score)| {
            let passage = known.remove(&id)?;
            let scores = Scores {
                full_text: full_text.get(&id).copied(),
                vectors: vectors.get(&id).copied(),
                rerank: None,
            };
            // Full text alone: the share of the question's words, which `min_score` is about.
            let score = if near.is_empty() {
                passage.score
            } else {
                score
            };
            let passage = Passage { score, ..passage };
            Some(Candidate { passage, scores })
        });
        Ok(fused.collect())
    }
}

/// What of a question is searched for.
fn searched(question: &str) -> String {
    question.chars().take(QUESTION_CHARS).collect()
}

/// A passage as it is cited.
pub fn source(passage: &Passage) -> Source {
    let mut snippet = beginning(&passage.text, SNIPPET_CHARS).to_owned();
    if snippet.len() < passage.text.len() {
        snippet.push('…');
    }
    Source {
        document_id: passage.document_id,
        title: passage.title.clone(),
        chunk_id: passage.chunk_id,
        score: passage.score,
        snippet,
        source_url: passage.source_url.clone(),
        page: passage.page,
        heading: passage.heading.clone(),
    }
}
