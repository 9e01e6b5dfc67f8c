//! Finding the passages that an answer should draw on: full text always, vectors where there is an index.

use crate::{
    Result, Service, beginning,
    vectors::VectorIndex,
    words::{is_pair, words},
};
use db::{AskedWord, Caller, MetadataFilter, Need, Passage, ProviderCall, Source};
use std::{cmp::Reverse, collections::HashMap, future::ready, time::Duration};
use uuid::Uuid;

/// How much of a question is searched for; the rest of a long one adds nothing but cost.
const QUESTION_CHARS: usize = 4000;
/// How much less than of a word it says of two characters of a script without spaces that no passage has them: many such pairs are
/// the end of one word and the beginning of the next.
const PAIR_SAYS: f32 = 0.2;
/// And so many words of it.
const MOST_WORDS: usize = 32;
/// How long a source's snippet is, in characters.
const SNIPPET_CHARS: usize = 240;

/// How long full text may take, and how long it may wait for its turn.
pub(crate) const SEARCH_TIME: Duration = Duration::from_secs(1);
/// How many full text searches of one tenant may go on in this process: each holds a connection of the few that all
/// tenants share.
pub(crate) const AT_ONCE: usize = 2;

/// With a filter, so many of the nearest vectors are looked at: the index does not know which of them it allows.
const NEAR_FILTERED: i32 = 200;

/// What is to be found.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// How many passages at most.
    pub top_k: i32,
    /// Of which documents; of all if there is none.
    pub filter: Option<&'a MetadataFilter>,
}

/// What was found.
pub struct Retrieved {
    /// Best first.
    pub passages: Vec<Passage>,
    /// Whether full text is part of it; it is left out when it takes too long.
    pub whole: bool,
    /// The calls of providers that it took, other than of the vector index.
    pub calls: Vec<ProviderCall>,
}

impl Service {
    /// The passages for `question`, best first. No connection is held while the providers are asked.
    ///
    /// When the vector index cannot be used, or full text takes too long, the other must do: an answer with fewer
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

    /// As [`Service::retrieve`], for what belongs to no answer: within the limits to tokens and money of whoever asks.
    ///
    /// # Errors
    /// Also what a limit refuses.
    pub async fn retrieve_within_limits(
        &self,
        caller: &Caller,
        question: &str,
        wanted: Wanted<'_>,
    ) -> Result<Retrieved> {
        let question = [searched(question)];
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

    /// Searches by text and, beside that, in the index, whose call has the id.
    async fn find(
        &self,
        caller: &Caller,
        question: &str,
        wanted: Wanted<'_>,
        (id, index): (Uuid, impl Future<Output = Result<Option<VectorIndex>>>),
    ) -> Result<Retrieved> {
        let mut calls = Vec::new();
        let by_vector = async {
            match index.await? {
                Some(index) => {
                    self.near_passages(caller, index, (question, id), wanted, &mut calls)
                        .await
                }
                None => Ok(Vec::new()),
            }
        };
        let by_text = self.passages_by_text(caller, question, wanted);
        let (by_text, by_vector) = tokio::join!(by_text, by_vector);
        let by_text = by_text?;
        if by_text.is_none() {
            tracing::warn!("full text took too long and was left out of a search");
        }
        let whole = by_text.is_some();
        let by_text = by_text.unwrap_or_default();
        let by_vector = by_vector.unwrap_or_else(|e| {
            tracing::warn!(code = e.code(), "the vector index was left out of a search");
            Vec::new()
        });
        let passages = match by_vector.is_empty() {
            true => by_text,
            false => self.fuse(caller, by_text, by_vector, wanted).await?,
        };
        Ok(Retrieved {
            passages,
            whole,
            calls,
        })
    }

    /// `None` if it takes too long, or the tenant's other searches do.
    async fn passages_by_text(
        &self,
        caller: &Caller,
        question: &str,
        wanted: Wanted<'_>,
    ) -> Result<Option<Vec<Passage>>> {
        let min_score = caller.account().tenant.retrieval_min_score;
        let turn = self.searches.take(caller.whose(), Need::Asked, SEARCH_TIME);
        let Some(_turn) = turn.await else {
            return Ok(None);
        };
        let mut tx = self.db.tenant_within(caller, SEARCH_TIME).await?;
        let words = asked_words(question);
        let Wanted { top_k, filter } = wanted;
        Ok(tx
            .passages_by_words(&words, top_k, min_score, filter)
            .await?)
    }

    /// The ids of the passages whose vectors are nearest.
    async fn near_passages(
        &self,
        caller: &Caller,
        index: VectorIndex,
        (question, id): (&str, Uuid),
        wanted: Wanted<'_>,
        calls: &mut Vec<ProviderCall>,
    ) -> Result<Vec<Uuid>> {
        let question = [question.to_owned()];
        let (vectors, call) = self.embed(caller, &index.by, id, &question).await;
        calls.push(call);
        let vector = vectors?.into_iter().next().unwrap_or_default();
        let most = match wanted.filter {
            Some(_) => NEAR_FILTERED,
            None => wanted.top_k,
        };
        let how = (wanted.filter, SEARCH_TIME);
        let near = self.near(caller, &index, &vector, most, how).await?;
        let near = near.ok_or(crate::Error::SearchTooSlow)?;
        let min_score = caller.account().tenant.retrieval_min_score;
        let good = near.iter().filter(|near| near.score >= min_score);
        Ok(good.map(|near| near.id).collect())
    }

    /// Merges both lists by reciprocal rank. A vector whose passage is gone, is not this tenant's, or is of a document that
    /// the filter leaves out, finds nothing in the database and drops out.
    async fn fuse(
        &self,
        caller: &Caller,
        by_text: Vec<Passage>,
        mut by_vector: Vec<Uuid>,
        Wanted { top_k, filter }: Wanted<'_>,
    ) -> Result<Vec<Passage>> {
        let text_ids: Vec<Uuid> = by_text.iter().map(|p| p.chunk_id).collect();
        let mut known: HashMap<Uuid, Passage> =
            by_text.into_iter().map(|p| (p.chunk_id, p)).collect();
        let missing: Vec<Uuid> = by_vector
            .iter()
            .filter(|id| !known.contains_key(id))
            .copied()
            .collect();
        if !missing.is_empty() {
            let found = self.db.passages_by_id(caller, &missing, filter).await?;
            known.extend(found.into_iter().map(|p| (p.chunk_id, p)));
        }
        let most = usize::try_from(top_k).unwrap_or(0);
        // Of those that are left, each has the rank that it would have in an index of them alone.
        by_vector.retain(|id| known.contains_key(id));
        by_vector.truncate(most);
        let lists = [text_ids, by_vector];
        let best = ai::best_fused(lists.len());
        let ranked = ai::fuse(&lists).into_iter().filter_map(|(id, score)| {
            let passage = known.remove(&id)?;
            Some(Passage {
                score: score / best,
                ..passage
            })
        });
        Ok(ranked.take(most).collect())
    }
}

/// What of a question is searched for.
fn searched(question: &str) -> String {
    question.chars().take(QUESTION_CHARS).collect()
}

/// The words of a question, each once: of a long one the longest, which are the rarest as a rule. Each costs the database
/// time.
fn asked_words(question: &str) -> Vec<AskedWord> {
    let mut words = words(question);
    words.sort_by_cached_key(|word| (Reverse(word.len()), word.clone()));
    words.dedup();
    words.truncate(MOST_WORDS);
    let asked = |word: String| {
        let said = if is_pair(&word) { PAIR_SAYS } else { 1.0 };
        AskedWord { word, said }
    };
    words.into_iter().map(asked).collect()
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
    }
}
