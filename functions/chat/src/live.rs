//! Reading an answer that is made in this process.

use crate::event::{Delta, Done, Event, Events, Failure, Reasoning, Sources, Start};
use futures_util::{StreamExt, stream};
use service::{AnswerEnded, AnswerOf, AnswerReader, Draft};
use std::sync::Arc;

/// How much of a text one event has at most, in bytes: whoever reads slowly holds a whole one.
const MOST: usize = 64 * 1024;

/// A reader, and what it has been told.
pub(crate) struct Live {
    reader: AnswerReader,
    request_id: Arc<str>,
    wants_reasoning: bool,
    started: bool,
    sourced: bool,
    reasoned: usize,
    at: usize,
    over: bool,
}

impl Live {
    /// Reads from `at` bytes of its text on, which must be between two characters of it.
    pub(crate) fn new(
        reader: AnswerReader,
        request_id: Arc<str>,
        wants_reasoning: bool,
        at: usize,
    ) -> Self {
        Self {
            reader,
            request_id,
            wants_reasoning,
            started: false,
            sourced: false,
            reasoned: 0,
            at,
            over: false,
        }
    }

    pub(crate) fn events(self) -> Events {
        let next = |mut live: Self| async { live.next().await.map(|event| (event, live)) };
        stream::unfold(self, next).boxed()
    }

    async fn next(&mut self) -> Option<(usize, Event)> {
        while !self.over {
            match self.ready() {
                Some(event) => return Some((self.at, event)),
                None => self.reader.grown().await,
            }
        }
        None
    }

    /// What can be told now.
    fn ready(&mut self) -> Option<Event> {
        let answer = self.reader.answer();
        if !self.started {
            self.started = true;
            return Some(Event::Start(Start::from(&answer.of)));
        }
        let draft = answer.draft();
        let Draft {
            text,
            reasoning,
            sources,
            degraded,
            end,
        } = &*draft;
        if !self.sourced
            && let Some(found) = Sources::told(sources, degraded)
        {
            self.sourced = true;
            return Some(Event::Sources(found));
        }
        if self.wants_reasoning && reasoning.len() > self.reasoned {
            let piece = reasoning[self.reasoned..].to_owned();
            self.reasoned = reasoning.len();
            return Some(Event::Reasoning(Reasoning { text: piece }));
        }
        if text.len() > self.at {
            let end = text.floor_char_boundary(self.at + MOST);
            let piece = text[self.at..end].to_owned();
            self.at = end;
            return Some(Event::Delta(Delta { text: piece }));
        }
        let end = end.clone()?;
        self.over = true;
        Some(last(&answer.of, end, &self.request_id))
    }
}

impl From<&AnswerOf> for Start {
    fn from(of: &AnswerOf) -> Self {
        Self {
            session_id: of.session_id,
            message_id: of.message_id,
            user_message_id: of.user_message_id,
            model: of.model.clone(),
        }
    }
}

fn last(of: &AnswerOf, end: AnswerEnded, request_id: &str) -> Event {
    match (end.failure, end.usage, end.finish_reason) {
        (None, Some(usage), Some(finish_reason)) => Event::Done(Done {
            message_id: of.message_id,
            finish_reason: finish_reason.to_owned(),
            status: end.status,
            usage,
            parts: end.parts,
            provider: end.provider,
            model: end.model,
        }),
        (Some(cause), ..) => Event::Error(Failure::new(web::Error::Shared(cause), request_id)),
        (None, ..) => Event::Error(Failure::new(web::Error::again("internal"), request_id)),
    }
}
