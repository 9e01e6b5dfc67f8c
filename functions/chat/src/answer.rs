//! The task that makes an answer: it outlives the request, writes the row as it goes, and ends it.

use crate::{
    ending::{Broken, Ending, caught, revoked, shut_down},
    event::{Delta, Done, Event, Failure, Sources, Start},
    outlet::{Outlet, outlet},
};
use ai::{Message, Passage, Prompt};
use db::{AnswerEnd, Caller, MessageRole, MessageStatus, Source, Turn, Usage};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, Fuse, FusedFuture},
};
use service::{Answering, Result, Service};
use std::{pin::pin, time::Duration};
use tokio::{sync::mpsc, time::Instant};
use tracing::Instrument;
use web::{App, Stop};

/// How much of an answer a crash may lose: a second, or 2 KiB.
const FLUSH_TIME: Duration = Duration::from_secs(1);
const FLUSH_BYTES: usize = 2048;
/// How often the end of an answer is tried to be stored, and how long to wait between.
const STORE_ATTEMPTS: u32 = 5;
const STORE_WAIT: Duration = Duration::from_millis(300);

/// Everything that the making of one answer needs.
pub(crate) struct Answerer {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) turn: Turn,
    pub(crate) question: String,
    pub(crate) answering: Answering,
    pub(crate) stop: Stop,
    pub(crate) streamed: bool,
}

/// What there is of an answer. It is kept apart from the work, so that it survives the work's panic.
#[derive(Default)]
struct Draft {
    text: String,
    sources: Vec<Source>,
}

/// Starts the task; what it does can be read from the receiver, or left unread.
pub(crate) fn start(answerer: Answerer) -> mpsc::Receiver<Event> {
    let (outlet, events) = outlet();
    let tasks = answerer.app.tasks.clone();
    tasks.spawn(answerer.run(outlet).in_current_span());
    events
}

impl Answerer {
    async fn run(self, mut outlet: Outlet) {
        let mut draft = Draft::default();
        // In boxes, here and below: a stream that waits for its next piece must not hold room for all that it has done or may
        // still do.
        let work = Box::pin(self.answer(&mut draft, &mut outlet));
        let ending = caught(work).await;
        let last = Box::pin(self.store(&draft, ending)).await;
        outlet.send(last).await;
    }

    async fn answer(&self, draft: &mut Draft, outlet: &mut Outlet) -> Ending {
        outlet.send(Event::Start(self.begun())).await;
        let passages = Box::pin(self.passages()).await?;
        if !passages.is_empty() {
            draft.sources = passages.iter().map(service::source).collect();
            let sources = draft.sources.clone();
            outlet.send(Event::Sources(Sources { sources })).await;
        }
        let Answering { provider, options } = &self.answering;
        let prompt = self.prompt(passages);
        let mut pieces = self
            .app
            .ai
            .answer(provider, prompt, options.clone(), self.streamed);
        let (mut flushed_at, mut flushed) = (Instant::now(), 0);
        let mut cut_short = pin!(self.cut_short());
        // Beside the pieces: a reader does not wait for the database.
        let mut flush: Fuse<BoxFuture<'_, ()>> = Fuse::terminated();
        loop {
            let piece = tokio::select! {
                piece = pieces.next() => piece,
                () = &mut flush => continue,
                broken = &mut cut_short => return Err(broken),
            };
            match piece {
                Some(Ok(ai::Event::Delta(text))) => {
                    draft.text.push_str(&text);
                    outlet.send(Event::Delta(Delta { text })).await;
                }
                Some(Ok(ai::Event::Reasoning(_))) => continue,
                Some(Ok(ai::Event::Done {
                    finish_reason,
                    usage,
                })) => return Ok((finish_reason, counted(usage))),
                Some(Err(e)) => {
                    let refused = self.app.note_refusal(&self.caller, provider.name(), &e);
                    Box::pin(refused).await?;
                    return Err(e.into());
                }
                None => return Err(ai::Error::Interrupted.into()),
            }
            let is_due =
                draft.text.len() - flushed >= FLUSH_BYTES || flushed_at.elapsed() >= FLUSH_TIME;
            if is_due && flush.is_terminated() {
                flush = self.flush(draft.text.clone()).boxed().fuse();
                (flushed_at, flushed) = (Instant::now(), draft.text.len());
            }
        }
    }

    /// Returns when the answer must end although it is not whole.
    async fn cut_short(&self) -> Broken {
        let Service { db, clock, .. } = &*self.app;
        tokio::select! {
            () = self.stop.requested() => shut_down(),
            () = db.revoked(&self.caller, || clock.now()) => revoked(),
        }
    }

    fn begun(&self) -> Start {
        Start {
            session_id: self.turn.session_id,
            message_id: self.turn.message_id,
            user_message_id: self.turn.user_message_id,
            model: self.answering.options.model.clone(),
        }
    }

    async fn passages(&self) -> Result<Vec<db::Passage>> {
        let tenant = &self.caller.account().tenant;
        if !tenant.retrieval_enabled {
            return Ok(Vec::new());
        }
        let top_k = tenant.retrieval_top_k;
        let retrieved = self.app.retrieve(&self.caller, &self.question, top_k);
        Ok(retrieved.await?.passages)
    }

    /// Only what the tenant's own transaction found, and roles of our choice.
    fn prompt(&self, passages: Vec<db::Passage>) -> Prompt {
        let tenant = &self.caller.account().tenant;
        let history: Vec<Message> = self.turn.history.iter().map(message).collect();
        let budget = tenant.history_token_budget.unsigned_abs();
        Prompt {
            system: Some(tenant.system_prompt.clone()).filter(|prompt| !prompt.is_empty()),
            history: ai::tokens::within_budget(&history, budget).to_vec(),
            passages: passages.into_iter().map(passage).collect(),
            question: self.question.clone(),
        }
    }

    /// A flush that fails is tried again with the next; the end counts.
    async fn flush(&self, text: String) {
        let id = self.turn.message_id;
        if let Err(e) = self.app.db.flush_answer(&self.caller, id, &text).await {
            tracing::warn!(error = %e, "a part of an answer could not be stored yet");
        }
    }

    /// Stores the end, then says what it was: a client that reads `done` can rely on the row.
    async fn store(&self, draft: &Draft, ending: Ending) -> Event {
        let (status, finish, usage, code) = match &ending {
            Ok((reason, usage)) => (
                MessageStatus::Complete,
                Some(reason.as_str()),
                Some(*usage),
                None,
            ),
            Err(broken) => (broken.status, None, None, Some(broken.cause.code())),
        };
        let end = AnswerEnd {
            status,
            content: &draft.text,
            finish_reason: finish,
            error_code: code,
            usage,
            sources: &draft.sources,
        };
        let ending = match self.try_to_store(&end).await {
            Ok(()) => ending,
            Err(e) => Err(e.into()),
        };
        match ending {
            Ok((finish_reason, usage)) => Event::Done(Done {
                message_id: self.turn.message_id,
                finish_reason: finish_reason.as_str(),
                status,
                usage,
            }),
            Err(broken) => Event::Error(self.failure(broken)),
        }
    }

    async fn try_to_store(&self, end: &AnswerEnd<'_>) -> Result<()> {
        let mut attempt = 1;
        loop {
            let id = self.turn.message_id;
            match self.app.db.end_answer(&self.caller, id, end).await {
                Ok(_) => return Ok(()),
                Err(db::Error::Unavailable(_)) if attempt < STORE_ATTEMPTS => {
                    tokio::time::sleep(STORE_WAIT * attempt).await;
                    attempt += 1;
                }
                Err(e) => return Err(e.into()),
            }
        }
    }

    fn failure(&self, broken: Broken) -> Failure {
        let Broken {
            cause, retryable, ..
        } = broken;
        if self.streamed {
            // Not streamed, the edge logs it as the request's own failure.
            tracing::warn!(code = cause.code(), cause = ?cause, "an answer failed");
        }
        let cause = web::Error::from(cause);
        Failure {
            problem: cause.problem(&self.caller.asked().request_id),
            retryable,
            cause,
        }
    }
}

fn message(said: &db::HistoryMessage) -> Message {
    let role = match said.role {
        MessageRole::User => ai::Role::User,
        MessageRole::Assistant => ai::Role::Assistant,
    };
    Message {
        role,
        content: said.content.clone(),
    }
}

fn passage(found: db::Passage) -> Passage {
    let db::Passage {
        title,
        text,
        source_url,
        ..
    } = found;
    Passage {
        title,
        text,
        source_url,
    }
}

fn counted(usage: ai::Usage) -> Usage {
    let tokens = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    Usage {
        prompt_tokens: tokens(usage.prompt_tokens),
        completion_tokens: tokens(usage.completion_tokens),
        exact: usage.exact,
    }
}
