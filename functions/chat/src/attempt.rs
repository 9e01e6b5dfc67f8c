//! Asking a tenant's providers for an answer: one, and another where that one cannot.

use crate::{
    answer::Answerer,
    ending::{Broken, Ending, Finished, Made, counted},
    keeping::{Kept, Stored},
    spans,
};
use ai::{Answer, Markers, Prompt};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, Fuse, FusedFuture},
};
use service::{Answering, Error, RunningAnswer};
use std::pin::pin;
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

impl Answerer {
    /// Asks whom the tenant chose; and if that fails before anything was written, whom it chose for that.
    pub(crate) async fn make(&self, answer: &RunningAnswer) -> Made {
        let prompt = tokio::select! {
            prompt = Box::pin(self.prompt(answer)) => prompt.map_err(Broken::from),
            ending = Box::pin(self.wait(answer)) => return ending.into(),
        };
        let prompt = match prompt {
            Ok(prompt) => prompt,
            Err(broken) => return Err(broken).into(),
        };
        let tenant = &self.caller.account().tenant;
        let mut spare = tenant.fallback_provider.as_ref().map(|_| prompt.clone());
        let first = self.ask(answer, &self.answering, prompt, &mut spare).await;
        match (first, spare) {
            (Err(broken), Some(prompt)) => Box::pin(self.fall_back(answer, broken, prompt)).await,
            (first, _) => first.into(),
        }
    }

    /// Asks the second, if another than the first may answer. Where it cannot either, the answer fails as the first did: that
    /// is whom the tenant chose, and whose fault is to be seen.
    async fn fall_back(&self, answer: &RunningAnswer, first: Broken, prompt: Prompt) -> Made {
        match &first.cause {
            Error::Provider(e) if e.others_may_answer() => {}
            _ => return Err(first).into(),
        }
        let second = match self.app.fallback(&self.caller).await {
            Ok(Some(mut second)) => {
                let format = self.wishes.format.as_ref();
                if format.is_some_and(|format| !self.app.takes_format(&second, format)) {
                    tracing::info!(
                        "a tenant's fallback has no answers of the form that is asked for"
                    );
                    return Err(first).into();
                }
                self.wishes.apply(&mut second.options);
                second
            }
            Ok(None) => return Err(first).into(),
            Err(e) => {
                tracing::warn!(code = e.code(), cause = ?e, "a tenant's fallback cannot be asked");
                return Err(first).into();
            }
        };
        let (provider, code) = (second.provider.name(), first.cause.code());
        tracing::info!(provider, code, "a tenant's fallback is asked for an answer");
        self.app.db.counters().fallback_used.inc();
        let mut spare = None;
        let (ending, noted) = tokio::join!(
            self.ask(answer, &second, prompt, &mut spare),
            Box::pin(self.note_answerer(&second)),
        );
        if let Err(e) = noted {
            // The end of the answer tells it again.
            tracing::warn!(error = %e, "who makes an answer could not be stored yet");
        }
        match ending {
            Err(broken) if broken.is_provider_s() && answer.draft().is_empty() => {
                let code = broken.cause.code();
                tracing::warn!(provider, code, "a tenant's fallback failed, too");
                Err(first).into()
            }
            ending => Made {
                ending,
                instead: Some(second),
            },
        }
    }

    /// Stores who makes the answer now: for whoever reads it meanwhile, and should this process not live to end it.
    async fn note_answerer(&self, by: &Answering) -> db::Result<()> {
        let (id, provider) = (self.turn.message_id, by.provider.name());
        let mut tx = self.app.db.tenant(&self.caller).await?;
        tx.note_answerer(id, provider, &by.options.model).await?;
        tx.commit().await
    }

    /// Asks one provider. Every call ends here: of whom, for which model, and what came of it. `spare` is forgotten once the
    /// model begins to write.
    async fn ask(
        &self,
        answer: &RunningAnswer,
        by: &Answering,
        prompt: Prompt,
        spare: &mut Option<Prompt>,
    ) -> Ending {
        let Answering { provider, options } = by;
        let mut options = options.clone();
        options.thoughts = self.reasoning;
        let span = spans::chat(by, self.turn.session_id, self.streamed);
        let pieces = (self.app.ai).answer(provider, prompt, options, self.streamed);
        let meter = pieces.meter().clone();
        self.calls.begin(by, meter.clone());
        let read = self.read(answer, pieces, spare).instrument(span.clone());
        let mut ending = read.await;
        self.calls.end(&ending);
        let spent = meter.spent();
        spans::answered(&span, &spent, &ending);
        if let Ok(finished) = &mut ending {
            finished.usage = counted(spent.usage);
            finished.parts = spent.usage.into();
        }
        if let Err(Broken {
            cause: Error::Provider(e),
            ..
        }) = &ending
        {
            let refused = self.app.note_refusal(&self.caller, provider.name(), e);
            Box::pin(refused).await?;
        }
        ending
    }

    /// What takes citations of nothing out of the answer: of one that was given passages, and is a text.
    fn markers(&self, answer: &RunningAnswer) -> Option<Markers> {
        let count = answer.draft().sources.len();
        (count > 0 && self.wishes.format.is_none()).then(|| Markers::of(count))
    }

    /// Reads what a provider answers, and keeps the row not far behind.
    async fn read(
        &self,
        answer: &RunningAnswer,
        pieces: Answer,
        spare: &mut Option<Prompt>,
    ) -> Ending {
        let mut markers = self.markers(answer);
        let ending = self.pieces(answer, pieces, spare, &mut markers).await;
        // However it ends, what might have become a marker is text.
        let rest = markers.map(|mut markers| markers.finish());
        if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
            answer.write(|draft| draft.text.push_str(&rest));
        }
        ending
    }

    async fn pieces(
        &self,
        answer: &RunningAnswer,
        mut pieces: Answer,
        spare: &mut Option<Prompt>,
        markers: &mut Option<Markers>,
    ) -> Ending {
        let mut cut_short = pin!(self.cut_short());
        // Beside the pieces: a reader does not wait for the database.
        let mut keeping: Fuse<BoxFuture<'_, Kept>> = Fuse::terminated();
        let mut stored = Stored::default();
        let mut heard = self.app.db.heard();
        let mut due = pin!(sleep_until(stored.due(answer, self.alive())));
        let mut is_first = true;
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
                // Nobody may have told that somebody asks for the end.
                _ = heard.changed(), if keeping.is_terminated() => {
                    due.as_mut().reset(Instant::now());
                    continue;
                }
                () = &mut due, if keeping.is_terminated() => {
                    keeping = self.keep(answer, stored.take(answer)).boxed().fuse();
                    continue;
                }
                broken = &mut cut_short => return Err(broken),
                () = answer.stop.cancelled() => return Ok(Finished::stopped()),
            };
            match piece.unwrap_or(Err(ai::Error::Interrupted))? {
                ai::Event::Delta(text) => {
                    let text = match markers {
                        Some(markers) => markers.push(&text),
                        None => text,
                    };
                    if !text.is_empty() {
                        answer.write(|draft| draft.text.push_str(&text));
                    }
                }
                ai::Event::Reasoning(text) if self.reasoning => {
                    answer.write(|draft| draft.reasoning.push_str(&text));
                }
                ai::Event::Reasoning(_) => {}
                ai::Event::Done { finish_reason, .. } => {
                    return Ok(Finished::complete(finish_reason.as_str()));
                }
            }
            *spare = None;
            if std::mem::take(&mut is_first) {
                let timings = &self.app.timings;
                timings.first_token(self.measured, self.begun.elapsed());
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
}
