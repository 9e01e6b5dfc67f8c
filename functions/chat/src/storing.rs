//! The end of an answer, stored.

use crate::{
    answer::Answerer,
    ending::{Broken, Ending, Made},
};
use db::AnswerEnd;
use service::{AnswerEnded, Error, RunningAnswer};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// For how long the end of an answer is tried to be stored, and the longest wait between.
const STORE_TIME: Duration = Duration::from_secs(20);
const STORE_WAIT: Duration = Duration::from_secs(2);

impl Answerer {
    /// Stores the end, then says what it was: a client that reads `done` can rely on the row.
    pub(crate) async fn store(&self, answer: &RunningAnswer, made: Made) -> AnswerEnded {
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
        let ending = match self.try_to_store(&stored).await {
            Ok(()) => ending,
            Err(broken) => Err(ending.err().unwrap_or(broken)),
        };
        let ended = end(&ending);
        let failure = ending.err().map(|broken| Arc::new(broken.cause));
        if let Some(cause) = failure.as_ref().filter(|_| self.streamed) {
            // Not streamed, the edge logs it as the request's own failure.
            tracing::warn!(code = cause.code(), cause = ?cause, "an answer failed");
        }
        AnswerEnded { failure, ..ended }
    }

    /// Why there is no row: whoever asked is gone, or deleted the conversation.
    pub(crate) async fn gone(&self) -> Broken {
        let caller = self.app.db.reread(&self.caller, self.app.clock.now());
        match caller.await {
            Ok(None) => Broken::revoked(),
            _ => Error::ConversationDeleted.into(),
        }
    }

    async fn try_to_store(&self, end: &AnswerEnd<'_>) -> Result<(), Broken> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(100);
        loop {
            let id = self.turn.message_id;
            match self.app.db.end_answer(&self.caller, id, end).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(self.gone().await),
                Err(db::Error::Unavailable(_) | db::Error::Overloaded)
                    if begun.elapsed() < STORE_TIME =>
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
