//! The end of an answer, stored.

use crate::{
    answer::Answerer,
    ending::{Broken, Ending, Made},
    spans,
};
use db::AnswerEnd;
use service::{AnswerEnded, Error, RunningAnswer};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

/// For how long a reader waits for the end of an answer to be stored; for how long that is tried, then; and the longest wait
/// between.
const STORE_TIME: Duration = Duration::from_secs(20);
const LATE_TIME: Duration = Duration::from_secs(3600);
const STORE_WAIT: Duration = Duration::from_secs(2);

impl Answerer {
    /// Stores the end, then says what it was: a client that reads `done` can rely on the row. If the database is away for so
    /// long that nobody waits, that is said, and the answer is stored all the same when it is back.
    pub(crate) async fn store(&self, answer: &RunningAnswer, made: Made) {
        let (text, reasoning, sources) = {
            let draft = answer.draft();
            let reasoning = Some(draft.reasoning.clone()).filter(|text| !text.is_empty());
            (draft.text.clone(), reasoning, draft.sources.clone())
        };
        let Made { ending, instead } = made;
        let by = instead.as_ref().unwrap_or(&self.answering);
        let (provider, model) = (by.provider.name(), &by.options.model);
        let end = |ending: &Ending| AnswerEnded {
            status: ending.as_ref().map_or_else(|e| e.status, |f| f.status),
            finish_reason: ending.as_ref().ok().map(|f| f.finish_reason),
            usage: ending.as_ref().ok().map(|f| f.usage),
            parts: ending.as_ref().map(|f| f.parts).unwrap_or_default(),
            provider: provider.to_owned(),
            model: model.clone(),
            failure: None,
        };
        let ended = end(&ending);
        let end_user = self.said.as_ref().and_then(|said| said.end_user.as_deref());
        let calls = self
            .calls
            .settled(&self.app, self.turn.message_id, end_user);
        let stored = AnswerEnd {
            status: ended.status,
            content: &text,
            reasoning: reasoning.as_deref(),
            finish_reason: ended.finish_reason,
            error_code: ending.as_ref().err().map(|broken| broken.cause.code()),
            usage: ended.usage,
            sources: &sources,
            provider,
            model,
            calls: &calls,
        };
        let in_time = self.try_to_store(&stored, STORE_TIME);
        let in_time = in_time.instrument(spans::store("end_answer")).await;
        let is_late = in_time.as_ref().is_err_and(Broken::may_pass);
        let ending = match in_time {
            Ok(()) => ending,
            Err(broken) => Err(ending.err().unwrap_or(broken)),
        };
        let ended = end(&ending);
        let failure = ending.err().map(|broken| Arc::new(broken.cause));
        if let Some(cause) = failure.as_ref().filter(|_| self.streamed) {
            // Not streamed, the edge logs it as the request's own failure.
            tracing::warn!(code = cause.code(), cause = ?cause, "an answer failed");
        }
        let outcome = spans::outcome(ended.status);
        let timings = &self.app.timings;
        timings.answer(self.measured, outcome, self.begun.elapsed());
        let end = AnswerEnded { failure, ..ended };
        answer.write(|draft| draft.end = Some(end));
        if is_late {
            self.store_late(&stored).await;
        }
    }

    /// Stores the end of an answer of which nobody is told any more; whoever reads the conversation later finds it.
    async fn store_late(&self, end: &AnswerEnd<'_>) {
        let outcome = tokio::select! {
            outcome = self.try_to_store(end, LATE_TIME) => outcome,
            () = self.stop.requested() => Err(Broken::shut_down()),
        };
        match outcome {
            Ok(()) => tracing::info!("an answer was stored late, now that the database is back"),
            Err(broken) => {
                tracing::warn!(cause = ?broken.cause, "the end of an answer was not stored; what the row has is kept");
            }
        }
    }

    /// Why there is no row: whoever asked is gone, or deleted the conversation.
    pub(crate) async fn gone(&self) -> Broken {
        let caller = self.app.db.reread(&self.caller, self.app.clock.now());
        match caller.await {
            Ok(None) => Broken::revoked(),
            _ => Error::ConversationDeleted.into(),
        }
    }

    async fn try_to_store(&self, end: &AnswerEnd<'_>, time: Duration) -> Result<(), Broken> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(100);
        loop {
            let id = self.turn.message_id;
            match self.app.db.end_answer(&self.caller, id, end).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(self.gone().await),
                Err(db::Error::Unavailable(_) | db::Error::Overloaded)
                    if begun.elapsed() < time =>
                {
                    sleep(pause).await;
                    pause = (2 * pause).min(STORE_WAIT);
                }
                Err(e) => return Err(unstored(e).into()),
            }
        }
    }
}

/// Whatever cannot be stored of an answer is no fault of whoever asked.
fn unstored(e: db::Error) -> Error {
    match Error::from(e) {
        fault @ Error::Invalid(_) => Error::Internal(anyhow::Error::new(fault)),
        e => e,
    }
}
