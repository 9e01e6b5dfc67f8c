//! Answers that are being made in this process: each is written by one task and read by any number of readers, from
//! wherever in its text they want.

use crate::{Error, count};
use db::{Caller, Leg, MessageStatus, Source, Usage};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Every answer that is being made in this process, by its message; and how many are read here from their rows.
#[derive(Default)]
pub struct Answers {
    running: Mutex<HashMap<Uuid, Arc<RunningAnswer>>>,
    followers: Arc<AtomicUsize>,
}

/// Somebody who reads an answer from its row, as one of so many, until this is dropped.
pub struct Follower(Arc<AtomicUsize>);

/// What an answer belongs to.
#[derive(Clone, Debug)]
pub struct AnswerOf {
    /// The tenant.
    pub tenant_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The conversation.
    pub session_id: Uuid,
    /// The question's message.
    pub user_message_id: Uuid,
    /// The answer's message.
    pub message_id: Uuid,
    /// The model that is asked.
    pub model: String,
}

/// One of them.
pub struct RunningAnswer {
    /// What it belongs to.
    pub of: AnswerOf,
    /// Cancelled when it should end, with what there is of it.
    pub stop: CancellationToken,
    draft: Mutex<Draft>,
    grown: watch::Sender<()>,
    readers: AtomicUsize,
    stops_unread: bool,
}

/// What there is of an answer.
#[derive(Debug, Default)]
pub struct Draft {
    /// Its text.
    pub text: String,
    /// What the model thought, as far as anybody wants to know.
    pub reasoning: String,
    /// What it was given to draw on.
    pub sources: Vec<Source>,
    /// Which ways of finding that were left out.
    pub degraded: Vec<Leg>,
    /// How it ended, once that is stored.
    pub end: Option<AnswerEnded>,
}

/// How an answer ended.
#[derive(Clone, Debug)]
pub struct AnswerEnded {
    /// What became of it.
    pub status: MessageStatus,
    /// Why the model ended, if it did.
    pub finish_reason: Option<&'static str>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// What of that the provider told apart.
    pub parts: UsageParts,
    /// Who answered.
    pub provider: String,
    /// With which model.
    pub model: String,
    /// Why it is not whole.
    pub failure: Option<Arc<Error>>,
}

/// Parts of what an answer cost; 0 where nothing is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageParts {
    /// Tokens in that the provider knew already.
    pub cached_tokens: i32,
    /// Tokens in that it then knew.
    pub cache_write_tokens: i32,
    /// Tokens out that are thoughts.
    pub reasoning_tokens: i32,
}

impl From<ai::Usage> for UsageParts {
    fn from(usage: ai::Usage) -> Self {
        Self {
            cached_tokens: count(usage.cached_tokens),
            cache_write_tokens: count(usage.cache_write_tokens),
            reasoning_tokens: count(usage.reasoning_tokens),
        }
    }
}

impl Draft {
    /// Whether the model wrote nothing that anybody wants to know.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.reasoning.is_empty()
    }
}

impl Answers {
    /// Begins one. With `stops_unread` it is stopped when the last of its readers leaves.
    pub fn begin(&self, of: AnswerOf, stops_unread: bool) -> Arc<RunningAnswer> {
        let id = of.message_id;
        let answer = Arc::new(RunningAnswer {
            of,
            stop: CancellationToken::new(),
            draft: Mutex::default(),
            grown: watch::Sender::new(()),
            readers: AtomicUsize::new(0),
            stops_unread,
        });
        self.all().insert(id, Arc::clone(&answer));
        answer
    }

    /// The caller's running answer with this message; none if it is made elsewhere, has ended, or is not the caller's to
    /// read.
    pub fn of_caller(&self, caller: &Caller, message: Uuid) -> Option<Arc<RunningAnswer>> {
        let answer = self.all().get(&message).cloned()?;
        let of = &answer.of;
        let may_read = caller.reads().is_none_or(|user| user == of.user_id);
        (of.tenant_id == caller.tenant_id() && may_read).then_some(answer)
    }

    /// Asks for the end of an answer, if it is made here.
    pub fn stop(&self, message: Uuid) {
        if let Some(answer) = self.all().get(&message) {
            answer.stop.cancel();
        }
    }

    /// Forgets one whose end is stored.
    pub fn forget(&self, message: Uuid) {
        self.all().remove(&message);
    }

    /// One more who reads from a row.
    pub fn follower(&self) -> Follower {
        self.followers.fetch_add(1, Relaxed);
        Follower(Arc::clone(&self.followers))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<RunningAnswer>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// How long to wait before the next look, so that all of them together look at most this often a second.
    pub fn pause(&self, shortest: Duration, looks_per_second: u32) -> Duration {
        let followers = u32::try_from(self.0.load(Relaxed)).unwrap_or(u32::MAX);
        let turn = Duration::from_secs(1) / looks_per_second;
        shortest.max(turn.saturating_mul(followers))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl RunningAnswer {
    /// What there is of it. Hold it for a moment only: whoever writes it waits.
    pub fn draft(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what there is of it, and wakes its readers.
    pub fn write(&self, change: impl FnOnce(&mut Draft)) {
        change(&mut self.draft());
        self.grown.send_replace(());
    }

    /// A reader, who counts as one until it is dropped.
    pub fn reader(self: &Arc<Self>) -> AnswerReader {
        self.readers.fetch_add(1, Relaxed);
        AnswerReader {
            grown: self.grown.subscribe(),
            answer: Arc::clone(self),
        }
    }
}

/// Somebody who reads a running answer.
pub struct AnswerReader {
    answer: Arc<RunningAnswer>,
    grown: watch::Receiver<()>,
}

impl AnswerReader {
    /// The answer.
    pub fn answer(&self) -> &RunningAnswer {
        &self.answer
    }

    /// Returns when the answer has changed since this was last called. May be dropped and called again.
    pub async fn grown(&mut self) {
        // Never an error: the sender lives in the answer, which this holds.
        self.grown.changed().await.unwrap_or_default();
    }
}

impl Drop for AnswerReader {
    fn drop(&mut self) {
        let was_last = self.answer.readers.fetch_sub(1, Relaxed) == 1;
        if was_last && self.answer.stops_unread {
            self.answer.stop.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_followers_look_no_oftener_than_some() {
        let (answers, quarter) = (Answers::default(), Duration::from_millis(250));
        let first = answers.follower();
        assert_eq!(first.pause(quarter, 200), quarter);
        let others: Vec<_> = (1..1000).map(|_| answers.follower()).collect();
        assert_eq!(first.pause(quarter, 200), Duration::from_secs(5));
        drop(others);
        assert_eq!(first.pause(quarter, 200), quarter);
    }
}
