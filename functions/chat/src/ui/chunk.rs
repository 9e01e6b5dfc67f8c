//! An answer as the parts of a UI message stream. Many installed versions of `ai` end a chat at a part or a field that they do
//! not know, so these are what all versions from 5.0.0 on have in common.

use super::message::{UiMetadata, UiSource};
use crate::{
    event::{Done, Event, Events, Failure, Start},
    sse,
};
use axum::{
    body::Bytes,
    http::{HeaderName, HeaderValue},
    response::Response,
};
use db::{MessageStatus, Source};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// One part of a UI message stream; `type` says which.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum UiChunk {
    /// What the answer draws on.
    Source(UiSource),
    /// Anything else.
    Step(UiStep),
}

/// A part of a UI message stream that is no source.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum UiStep {
    /// Question and answer are stored, and the model is about to be asked.
    Start {
        /// The answer's message, here and in the client.
        #[serde(rename = "messageId")]
        message_id: Uuid,
        /// `session_id`, `user_message_id` and `model`.
        #[serde(rename = "messageMetadata")]
        message_metadata: UiMetadata,
    },
    /// The answer begins.
    StartStep {},
    /// A piece of what the model thinks begins.
    ReasoningStart {
        /// Which piece.
        id: String,
    },
    /// More of it.
    ReasoningDelta {
        /// Which piece.
        id: String,
        /// The text that follows.
        delta: String,
    },
    /// It ends.
    ReasoningEnd {
        /// Which piece.
        id: String,
    },
    /// A text begins.
    TextStart {
        /// Which text.
        id: String,
    },
    /// More of it.
    TextDelta {
        /// Which text.
        id: String,
        /// The text that follows.
        delta: String,
    },
    /// It ends.
    TextEnd {
        /// Which text.
        id: String,
    },
    /// The answer is whole.
    FinishStep {},
    /// More about the message, before `abort` and `error`.
    MessageMetadata {
        /// What there is besides what `start` said.
        #[serde(rename = "messageMetadata")]
        message_metadata: UiMetadata,
    },
    /// The end of a good answer, which is stored now.
    Finish {
        /// `status`, `finish_reason`, `usage`, `provider` and `model`.
        #[serde(rename = "messageMetadata")]
        message_metadata: UiMetadata,
    },
    /// The end of an answer that was stopped.
    Abort {},
    /// The end of an answer that failed.
    Error {
        /// What happened and what to do, for people.
        #[serde(rename = "errorText")]
        error_text: String,
    },
}

/// Streams an answer.
pub(super) fn stream(events: Events) -> Response {
    let mut writer = Writer::default();
    let mut answer = sse::stream(events, move |_, event| writer.write(event));
    let name = HeaderName::from_static("x-vercel-ai-ui-message-stream");
    let headers = answer.headers_mut();
    headers.insert(name, HeaderValue::from_static("v1"));
    answer
}

/// What is open in the client's message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Reasoning,
    Text,
}

/// Writes events as parts.
#[derive(Default)]
struct Writer {
    open: Option<Open>,
    /// How many were opened.
    opened: usize,
    written: Vec<u8>,
}

impl Writer {
    fn write(&mut self, event: Event) -> Bytes {
        match event {
            Event::Start(start) => self.start(start),
            Event::Sources(found) => self.sources(found.sources),
            Event::Reasoning(piece) => self.piece(Open::Reasoning, piece.text),
            Event::Delta(piece) => self.piece(Open::Text, piece.text),
            Event::Done(done) => self.done(done),
            Event::Error(failure) => self.fail(&failure),
        }
        std::mem::take(&mut self.written).into()
    }

    fn part(&mut self, part: &UiChunk) {
        self.written.extend_from_slice(b"data: ");
        serde_json::to_writer(&mut self.written, part)
            .expect("structs with string keys always serialise");
        self.written.extend_from_slice(b"\n\n");
    }

    fn step(&mut self, step: UiStep) {
        self.part(&UiChunk::Step(step));
    }

    fn start(&mut self, start: Start) {
        self.step(UiStep::Start {
            message_id: start.message_id,
            message_metadata: UiMetadata {
                session_id: Some(start.session_id),
                user_message_id: Some(start.user_message_id),
                model: Some(start.model),
                ..UiMetadata::default()
            },
        });
        self.step(UiStep::StartStep {});
    }

    fn sources(&mut self, sources: Vec<Source>) {
        for source in UiSource::all(sources) {
            self.part(&UiChunk::Source(source));
        }
    }

    fn piece(&mut self, kind: Open, delta: String) {
        if self.open != Some(kind) {
            self.close();
            self.opened += 1;
            self.open = Some(kind);
            let id = self.id(kind);
            self.step(match kind {
                Open::Reasoning => UiStep::ReasoningStart { id },
                Open::Text => UiStep::TextStart { id },
            });
        }
        let id = self.id(kind);
        self.step(match kind {
            Open::Reasoning => UiStep::ReasoningDelta { id, delta },
            Open::Text => UiStep::TextDelta { id, delta },
        });
    }

    fn close(&mut self) {
        if let Some(kind) = self.open.take() {
            let id = self.id(kind);
            self.step(match kind {
                Open::Reasoning => UiStep::ReasoningEnd { id },
                Open::Text => UiStep::TextEnd { id },
            });
        }
    }

    fn id(&self, kind: Open) -> String {
        let kind = match kind {
            Open::Reasoning => "reasoning",
            Open::Text => "text",
        };
        format!("{kind}-{}", self.opened)
    }

    fn done(&mut self, done: Done) {
        self.close();
        let is_stopped = done.status == MessageStatus::Stopped;
        let message_metadata = UiMetadata {
            status: Some(done.status),
            finish_reason: Some(done.finish_reason),
            usage: Some(done.usage),
            provider: Some(done.provider),
            model: Some(done.model),
            ..UiMetadata::default()
        };
        if is_stopped {
            self.step(UiStep::MessageMetadata { message_metadata });
            self.step(UiStep::Abort {});
        } else {
            self.step(UiStep::FinishStep {});
            self.step(UiStep::Finish { message_metadata });
        }
        self.end();
    }

    fn fail(&mut self, failure: &Failure) {
        self.close();
        let message_metadata = UiMetadata {
            error_code: Some(failure.cause.code().to_owned()),
            retryable: Some(failure.retryable),
            ..UiMetadata::default()
        };
        self.step(UiStep::MessageMetadata { message_metadata });
        let error_text = failure.cause.in_words();
        self.step(UiStep::Error { error_text });
        self.end();
    }

    fn end(&mut self) {
        self.written.extend_from_slice(b"data: [DONE]\n\n");
    }
}
