//! The task that makes an answer: it outlives the request, writes the row as it goes, and ends it.

use crate::{
    asked::Said,
    calls::Calls,
    ending::{Broken, Ending, Finished, caught},
    keeping::Kept,
};
use db::{Caller, Grown, MetadataFilter, Turn};
use service::{AnswerOf, Answering, Measured, RunningAnswer, Service, Wishes};
use std::{sync::Arc, time::Instant};
use tokio::time::sleep;
use tracing::Instrument;
use web::{App, Stop};

/// Everything that the making of one answer needs.
pub(crate) struct Answerer {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) turn: Turn,
    pub(crate) question: String,
    pub(crate) answering: Answering,
    pub(crate) said: Option<Said>,
    /// What is wanted of whoever answers.
    pub(crate) wishes: Wishes,
    pub(crate) stop: Stop,
    pub(crate) calls: Calls,
    /// Whether the model is asked for it piece by piece.
    pub(crate) streamed: bool,
    /// Whether what the model thinks is kept.
    pub(crate) reasoning: bool,
    /// Which documents it may draw on.
    pub(crate) filter: Option<MetadataFilter>,
    /// What it is measured as, and since when.
    pub(crate) measured: Measured,
    pub(crate) begun: Instant,
}

impl Answerer {
    /// Starts the task. With `stops_unread` it ends when the last of the answer's readers leaves.
    pub(crate) fn start(self, stops_unread: bool) -> Arc<RunningAnswer> {
        let of = AnswerOf {
            tenant_id: self.caller.tenant_id(),
            user_id: self.caller.user_id(),
            session_id: self.turn.session_id,
            user_message_id: self.turn.user_message_id,
            message_id: self.turn.message_id,
            model: self.answering.options.model.clone(),
        };
        let answer = self.app.answers.begin(of, stops_unread);
        let tasks = self.app.tasks.clone();
        let running = Arc::clone(&answer);
        tasks.spawn(async move { self.run(&running).await }.in_current_span());
        answer
    }

    async fn run(self, answer: &RunningAnswer) {
        // In boxes, here and below: a stream that waits for its next piece must not hold room for all that it has done or may
        // still do.
        let made = caught(Box::pin(self.make(answer))).await;
        Box::pin(self.store(answer, made)).await;
        self.app.answers.forget(answer.of.message_id);
    }

    /// Keeps the row alive until the answer must end.
    pub(crate) async fn wait(&self, answer: &RunningAnswer) -> Ending {
        let mut heard = self.app.db.heard();
        let alive = async {
            loop {
                tokio::select! {
                    () = sleep(self.alive()) => {}
                    _ = heard.changed() => {}
                }
                if let Kept::Over(ending) = self.keep(answer, Grown::default()).await {
                    return ending;
                }
            }
        };
        tokio::select! {
            ending = alive => ending,
            broken = self.cut_short() => Err(broken),
            () = answer.stop.cancelled() => Ok(Finished::stopped()),
        }
    }

    /// Returns when the answer must end although it is not whole.
    pub(crate) async fn cut_short(&self) -> Broken {
        tokio::select! {
            () = self.stop.requested() => Broken::shut_down(),
            () = self.revoked() => Broken::revoked(),
        }
    }

    /// Returns when whoever waits for the answer is no longer good. A visitor who was identified meanwhile still waits.
    async fn revoked(&self) {
        let Service { db, clock, .. } = &*self.app;
        db.revoked(&self.caller, || clock.now()).await;
        let heir = db.heir(&self.caller, self.turn.message_id, clock.now());
        match Box::pin(heir).await {
            Ok(Some(heir)) => Box::pin(db.revoked(&heir, || clock.now())).await,
            Ok(None) => {}
            Err(e) => {
                tracing::warn!(error = %e, "who has an answer now could not be read, so it ends");
            }
        }
    }
}
