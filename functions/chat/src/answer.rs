//! The task that makes an answer: it outlives the request, writes the row as it goes, and ends it.

use crate::{
    ending::{Broken, Ending, Finished, caught, counted},
    keeping::{Kept, Stored, stopped},
};
use db::{Caller, Grown, MessageStatus, Turn};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, Fuse, FusedFuture},
};
use service::{AnswerOf, Answering, RunningAnswer, Service};
use std::{pin::pin, sync::Arc};
use tokio::time::{sleep, sleep_until};
use tracing::Instrument;
use web::{App, Stop};

/// Everything that the making of one answer needs.
pub(crate) struct Answerer {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) turn: Turn,
    pub(crate) question: String,
    pub(crate) answering: Answering,
    pub(crate) stop: Stop,
    /// Whether the model is asked for it piece by piece.
    pub(crate) streamed: bool,
    /// Whether what the model thinks is kept.
    pub(crate) reasoning: bool,
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
        let ending = caught(Box::pin(self.make(answer))).await;
        let end = Box::pin(self.store(answer, ending)).await;
        answer.write(|draft| draft.end = Some(end));
        self.app.answers.forget(answer.of.message_id);
    }

    async fn make(&self, answer: &RunningAnswer) -> Ending {
        let prompt = tokio::select! {
            prompt = Box::pin(self.prompt(answer)) => prompt?,
            ending = Box::pin(self.wait(answer)) => return ending,
        };
        let prompt_tokens = prompt.tokens();
        let Answering { provider, options } = &self.answering;
        let mut pieces = self
            .app
            .ai
            .answer(provider, prompt, options.clone(), self.streamed);
        let mut cut_short = pin!(self.cut_short());
        // Beside the pieces: a reader does not wait for the database.
        let mut keeping: Fuse<BoxFuture<'_, Kept>> = Fuse::terminated();
        let mut stored = Stored::default();
        let mut due = pin!(sleep_until(stored.due(answer, self.alive())));
        loop {
            let piece = tokio::select! {
                piece = pieces.next() => piece,
                kept = &mut keeping => {
                    match kept {
                        Kept::Over(ending) => return ending,
                        Kept::NotYet => stored.forget(),
                        Kept::Stored => {}
                    }
                    due.as_mut().reset(stored.due(answer, self.alive()));
                    continue;
                }
                () = &mut due, if keeping.is_terminated() => {
                    keeping = self.keep(answer, stored.take(answer)).boxed().fuse();
                    continue;
                }
                broken = &mut cut_short => return Err(broken),
                () = answer.stop.cancelled() => return Ok(stopped(answer, prompt_tokens)),
            };
            match piece {
                Some(Ok(ai::Event::Delta(text))) => {
                    answer.write(|draft| draft.text.push_str(&text));
                }
                Some(Ok(ai::Event::Reasoning(text))) => {
                    if !self.reasoning {
                        continue;
                    }
                    answer.write(|draft| draft.reasoning.push_str(&text));
                }
                Some(Ok(ai::Event::Done {
                    finish_reason,
                    spent,
                })) => {
                    return Ok(Finished {
                        status: MessageStatus::Complete,
                        finish_reason: finish_reason.as_str(),
                        usage: counted(spent.usage),
                    });
                }
                Some(Err(e)) => {
                    let refused = self.app.note_refusal(&self.caller, provider.name(), &e);
                    Box::pin(refused).await?;
                    return Err(e.into());
                }
                None => return Err(ai::Error::Interrupted.into()),
            }
            if !keeping.is_terminated() {
                continue;
            }
            if stored.is_due(answer) {
                keeping = self.keep(answer, stored.take(answer)).boxed().fuse();
            } else if stored.first_growth() {
                due.as_mut().reset(stored.due(answer, self.alive()));
            }
        }
    }

    /// Keeps the row alive until the answer must end.
    async fn wait(&self, answer: &RunningAnswer) -> Ending {
        let alive = async {
            loop {
                sleep(self.alive()).await;
                if let Kept::Over(ending) = self.keep(answer, Grown::default()).await {
                    return ending;
                }
            }
        };
        tokio::select! {
            ending = alive => ending,
            broken = self.cut_short() => Err(broken),
            () = answer.stop.cancelled() => Ok(stopped(answer, 0)),
        }
    }

    /// Returns when the answer must end although it is not whole.
    async fn cut_short(&self) -> Broken {
        let Service { db, clock, .. } = &*self.app;
        tokio::select! {
            () = self.stop.requested() => Broken::shut_down(),
            () = db.revoked(&self.caller, || clock.now()) => Broken::revoked(),
        }
    }
}
