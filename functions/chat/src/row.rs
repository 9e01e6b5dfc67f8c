//! Reading an answer from its row: one that has ended, or that another process makes.

use crate::{
    event::{Delta, Done, Event, Events, Failure, Reasoning, Sources, Start},
    resume::no_position,
};
use db::{AnswerRow, Caller, Details, MessageStatus, Usage};
use futures_util::{StreamExt, stream};
use service::{Follower, UsageParts};
use std::{collections::VecDeque, time::Duration};
use tokio::time::sleep;
use uuid::Uuid;
use web::App;

/// How often a row is read. Whoever makes the answer stores it about as often.
const LOOK: Duration = Duration::from_millis(250);
/// And how often a second, by all readers of rows in this process together: there may be thousands, and the database has
/// other work.
const LOOKS_PER_SECOND: u32 = 200;
/// How often in a row the database may fail to tell.
const PATIENCE: u32 = 40;

/// A reader, and what it has been told.
pub(crate) struct Rows {
    app: App,
    caller: Caller,
    follower: Follower,
    message: Uuid,
    wants_reasoning: bool,
    at: usize,
    told: Told,
    sourced: bool,
    reasoned: usize,
    /// Whether the row has more of the text than was read at once.
    has_more: bool,
    failed: u32,
    waiting: VecDeque<(usize, Event)>,
}

#[derive(PartialEq, Eq)]
enum Told {
    Nothing,
    Start,
    End,
}

impl Rows {
    /// Reads from `at` bytes of its text on. `row` is what there is after them now.
    pub(crate) fn new(
        app: App,
        caller: Caller,
        message: Uuid,
        wants_reasoning: bool,
        at: usize,
        row: AnswerRow,
    ) -> Self {
        let mut rows = Self {
            follower: app.answers.follower(),
            app,
            caller,
            message,
            wants_reasoning,
            at,
            told: Told::Nothing,
            sourced: false,
            reasoned: 0,
            has_more: false,
            failed: 0,
            waiting: VecDeque::new(),
        };
        rows.take(row);
        rows
    }

    pub(crate) fn events(self) -> Events {
        let next = |mut rows: Self| async { rows.next().await.map(|event| (event, rows)) };
        stream::unfold(self, next).boxed()
    }

    async fn next(&mut self) -> Option<(usize, Event)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.told == Told::End {
                return None;
            }
            if !self.has_more {
                sleep(self.follower.pause(LOOK, LOOKS_PER_SECOND)).await;
            }
            let details = Details {
                sources: !self.sourced,
                reasoning: self.wants_reasoning,
            };
            let row = self
                .app
                .db
                .read_answer(&self.caller, self.message, self.at, details);
            // In a box, so that a reader holds room for a statement only while there is one.
            match Box::pin(row).await {
                Ok(Some(row)) => self.take(row),
                Ok(None) => self.fail(service::Error::ConversationDeleted.into()),
                Err(e) if self.failed < PATIENCE => {
                    self.has_more = false;
                    tracing::debug!(error = %e, "an answer cannot be read on yet");
                    self.failed += 1;
                }
                Err(e) => self.fail(e.into()),
            }
        }
    }

    fn take(&mut self, row: AnswerRow) {
        self.failed = 0;
        let is_over = row.status != MessageStatus::Streaming;
        if self.told == Told::Nothing {
            self.told = Told::Start;
            self.tell(Event::Start(Start {
                session_id: row.session_id,
                message_id: self.message,
                user_message_id: row.user_message_id,
                model: row.model.clone(),
            }));
        }
        if !self.sourced
            && let Some(found) = Sources::told(&row.sources, &row.degraded)
        {
            self.sourced = true;
            self.tell(Event::Sources(found));
        }
        let thought = row.reasoning.as_deref().unwrap_or_default();
        if self.wants_reasoning && thought.len() > self.reasoned {
            let text = thought.get(self.reasoned..).unwrap_or_default().to_owned();
            self.reasoned = thought.len();
            self.tell(Event::Reasoning(Reasoning { text }));
        }
        let Some(text) = whole_characters(&row.rest) else {
            // Its reader claimed to have more than there was, and that was no part of this text.
            return self.fail(no_position());
        };
        if !text.is_empty() {
            self.at += text.len();
            let text = text.to_owned();
            self.tell(Event::Delta(Delta { text }));
        }
        self.has_more = self.at < row.size;
        if is_over && self.at > row.size {
            return self.fail(no_position());
        }
        if is_over && !self.has_more {
            self.end(row);
        }
    }

    fn end(&mut self, row: AnswerRow) {
        let is_good = matches!(row.status, MessageStatus::Complete | MessageStatus::Stopped);
        if !is_good {
            // One of a release that wrote no code for it.
            let code = row.error_code.as_deref().unwrap_or("answer_interrupted");
            return self.fail(web::Error::again(code));
        }
        self.told = Told::End;
        self.tell(Event::Done(Done {
            message_id: self.message,
            finish_reason: row.finish_reason.unwrap_or_else(|| "stopped".to_owned()),
            status: row.status,
            // Its process was gone before it was stopped.
            usage: row.usage.unwrap_or(Usage {
                prompt_tokens: 0,
                completion_tokens: 0,
                exact: false,
            }),
            // The row knows nothing of them.
            parts: UsageParts::default(),
            provider: row.provider,
            model: row.model,
        }));
    }

    fn fail(&mut self, cause: web::Error) {
        self.told = Told::End;
        let failure = Failure::new(cause, &self.caller.asked().request_id);
        self.tell(Event::Error(failure));
    }

    fn tell(&mut self, event: Event) {
        self.waiting.push_back((self.at, event));
    }
}

/// The text, without the first bytes of a character whose others were not read; none if it is no text.
fn whole_characters(bytes: &[u8]) -> Option<&str> {
    let end = match std::str::from_utf8(bytes) {
        Ok(text) => return Some(text),
        Err(e) => e.error_len().is_none().then(|| e.valid_up_to())?,
    };
    std::str::from_utf8(&bytes[..end]).ok()
}
