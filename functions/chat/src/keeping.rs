//! Keeping a running answer's row: alive, and not far behind.

use crate::{
    answer::Answerer,
    ending::{Ending, Finished},
};
use db::Grown;
use service::RunningAnswer;
use std::time::Duration;
use tokio::time::Instant;

/// How much of an answer a crash may lose: less than a second, or 2 KiB.
const FLUSH_TIME: Duration = Duration::from_millis(750);
const FLUSH_BYTES: usize = 2048;
/// How often the row of an answer that does not grow is told that it is alive: well within the minute after which it is
/// taken for dead.
const ALIVE: Duration = Duration::from_secs(15);
/// And where nobody tells this process that somebody asks for its end.
const ALIVE_ALONE: Duration = Duration::from_secs(1);

/// What became of an attempt to store what is new.
pub(crate) enum Kept {
    Stored,
    /// It is tried again with the next.
    NotYet,
    /// The row says that the answer must end.
    Over(Ending),
}

impl Answerer {
    /// Stores what is new, and says that the answer is alive.
    pub(crate) async fn keep(&self, answer: &RunningAnswer, new: Grown) -> Kept {
        let id = answer.of.message_id;
        match self.app.db.keep_answer(&self.caller, id, &new).await {
            Ok(db::Kept::Running) => Kept::Stored,
            Ok(db::Kept::Stopping) => Kept::Over(Ok(Finished::stopped())),
            Ok(db::Kept::Gone) => Kept::Over(Err(self.gone().await)),
            Err(e) => {
                tracing::warn!(error = %e, "a part of an answer could not be stored yet");
                Kept::NotYet
            }
        }
    }

    /// How often to say that the answer is alive.
    pub(crate) fn alive(&self) -> Duration {
        match self.app.db.is_listening() {
            true => ALIVE,
            false => ALIVE_ALONE,
        }
    }
}

/// How much of an answer its row has, and since when.
pub(crate) struct Stored {
    bytes: usize,
    thought: usize,
    sources: bool,
    at: Instant,
    /// Whether the answer has not grown since.
    was_whole: bool,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            bytes: 0,
            thought: 0,
            sources: false,
            at: Instant::now(),
            was_whole: true,
        }
    }
}

impl Stored {
    /// When to store again.
    pub(crate) fn due(&self, answer: &RunningAnswer, alive: Duration) -> Instant {
        let draft = answer.draft();
        let has_grown = draft.text.len() > self.bytes || draft.reasoning.len() > self.thought;
        self.at + if has_grown { FLUSH_TIME } else { alive }
    }

    /// Whether what is new is enough to be stored now.
    pub(crate) fn is_due(&self, answer: &RunningAnswer) -> bool {
        let draft = answer.draft();
        let new = draft.text.len() - self.bytes + draft.reasoning.len() - self.thought;
        new >= FLUSH_BYTES || self.at.elapsed() >= FLUSH_TIME
    }

    /// Whether this is the first that is new, so that it must be stored sooner than it was said to be.
    pub(crate) fn first_growth(&mut self) -> bool {
        std::mem::take(&mut self.was_whole)
    }

    /// Nothing counts as stored.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// What is new, which from now on counts as stored.
    pub(crate) fn take(&mut self, answer: &RunningAnswer) -> Grown {
        let draft = answer.draft();
        let new = Grown {
            text: (draft.text.len() > self.bytes).then(|| draft.text.clone()),
            reasoning: (draft.reasoning.len() > self.thought).then(|| draft.reasoning.clone()),
            sources: (!self.sources && !draft.sources.is_empty()).then(|| draft.sources.clone()),
        };
        *self = Self {
            bytes: draft.text.len(),
            thought: draft.reasoning.len(),
            sources: self.sources || new.sources.is_some(),
            at: Instant::now(),
            was_whole: true,
        };
        new
    }
}
