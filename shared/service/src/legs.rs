//! The ways in which passages are found, each with an end to its patience.

use crate::{
    Result, Service,
    retrieval::Wanted,
    stop_words::telling,
    vectors::{Near, VectorIndex},
    words::{is_pair, words},
};
use db::{AskedWord, Caller, Need, ProviderCall, Worded};
use std::{cmp::Reverse, time::Duration};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

/// How much less than of a word it says of two characters of a script without spaces that no passage has them: many such pairs are
/// the end of one word and the beginning of the next.
const PAIR_SAYS: f32 = 0.2;
/// And so many words of it.
const MOST_WORDS: usize = 32;
/// How long full text may take, and how long it may wait for its turn.
pub(crate) const SEARCH_TIME: Duration = Duration::from_secs(1);
/// How many full text searches of one tenant may go on in this process: each holds a connection of the few that all
/// tenants share.
pub(crate) const AT_ONCE: usize = 2;
/// How many passages each way of finding them names: what is good by both is among the first of each as a rule.
pub(crate) const NAMED: i32 = 50;
/// With a filter, so many of the nearest vectors are looked at: the index does not know which of them it allows.
const NEAR_FILTERED: i32 = 200;
/// How long vectors may take, with the question's own: then full text answers alone.
const VECTOR_TIME: Duration = Duration::from_secs(5);

impl Service {
    /// `None` if it takes too long, or the tenant's other searches do.
    pub(crate) async fn passages_by_text(
        &self,
        caller: &Caller,
        question: &str,
        wanted: Wanted<'_>,
    ) -> Result<Option<Vec<Worded>>> {
        let min_score = caller.account().tenant.retrieval_min_score;
        let turn = self.searches.take(caller.whose(), Need::Asked, SEARCH_TIME);
        let Some(_turn) = turn.await else {
            return Ok(None);
        };
        let words = asked_words(question);
        let Wanted { top_k, filter } = wanted;
        let read = self.db.read_within(caller, SEARCH_TIME, async |mut tx| {
            tx.passages_by_words(caller, &words, top_k.max(NAMED), min_score, filter)
                .await
        });
        Ok(read.await?)
    }

    /// Whether there are vectors, and the passages whose are nearest; none of those if that failed.
    pub(crate) async fn leg_of_vectors(
        &self,
        caller: &Caller,
        (question, id): (&str, Uuid),
        wanted: Wanted<'_>,
        index: impl Future<Output = Result<Option<VectorIndex>>>,
        calls: &mut Vec<ProviderCall>,
    ) -> (bool, Option<Vec<Near>>) {
        let left_out = |code: &str| {
            tracing::warn!(code, "vectors were left out of a search");
            (true, None)
        };
        let until = Instant::now() + VECTOR_TIME;
        let index = match timeout_at(until, index).await {
            Ok(Ok(Some(index))) => index,
            Ok(Ok(None)) => return (false, None),
            Ok(Err(e)) => return left_out(e.code()),
            Err(_) => return left_out("vectors_slow"),
        };
        let question = [question.to_owned()];
        let embedded = timeout_at(until, self.embed(caller, &index.by, id, &question)).await;
        let Ok((vectors, call)) = embedded else {
            // The provider may have worked all the same.
            calls.push(self.lost_embedding(&index.by, id, &question[0]));
            return left_out("vectors_slow");
        };
        calls.push(call);
        let near = async {
            let vector = vectors?.into_iter().next().unwrap_or_default();
            let most = match wanted.filter {
                Some(_) => NEAR_FILTERED,
                None => NAMED,
            };
            let how = (wanted.filter, SEARCH_TIME);
            self.near(caller, &index, &vector, most, how).await
        };
        match timeout_at(until, near).await {
            Ok(Ok(Some(mut near))) => {
                let least = caller.account().tenant.retrieval_min_score;
                near.retain(|near| near.score >= least);
                (true, Some(near))
            }
            Ok(Err(e)) => left_out(e.code()),
            Ok(Ok(None)) | Err(_) => left_out("vectors_slow"),
        }
    }
}

/// The words of a question that say something, each once: of a long one the longest, which are the rarest as a rule. Each costs the database
/// time.
fn asked_words(question: &str) -> Vec<AskedWord> {
    let mut words = telling(words(question));
    words.sort_by_cached_key(|word| (Reverse(word.len()), word.clone()));
    words.dedup();
    words.truncate(MOST_WORDS);
    let asked = |word: String| {
        let said = if is_pair(&word) { PAIR_SAYS } else { 1.0 };
        AskedWord { word, said }
    };
    words.into_iter().map(asked).collect()
}
