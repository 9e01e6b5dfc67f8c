//! A chat completion as it is streamed.

use super::{
    completion::{Annotation, CompletionUsage, Extra, annotations},
    names::{created, finish_reason, id},
};
use crate::event::{Done, Event, Start};
use axum::body::Bytes;
use db::Source;
use serde::Serialize;
use utoipa::ToSchema;
use web::OpenAiFailure;

/// A piece of a streamed answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatCompletionChunk {
    /// The answer; the same in all pieces, as are `created` and `model`.
    #[schema(example = "chatcmpl-0193d0f27c207b118f3d5b7f0c9e1d22")]
    id: String,
    /// `chat.completion.chunk`.
    #[schema(example = "chat.completion.chunk")]
    object: &'static str,
    /// When it was begun, in seconds since 1970.
    #[schema(example = 1_764_150_000)]
    created: u64,
    /// The model that is asked.
    #[schema(example = "gpt-6-luna")]
    model: String,
    /// One; none in the piece that tells the usage.
    choices: Vec<ChatCompletionChunkChoice>,
    /// What the answer took: only with `stream_options.include_usage`, and null in all pieces but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CompletionUsage>, required = false)]
    usage: Option<Option<CompletionUsage>>,
    /// What OpenAI has no word for: in the first piece, in one with the sources, and in the last that has a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Extra, required = false)]
    parlance: Option<Extra>,
}

/// The one choice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatCompletionChunkChoice {
    /// 0.
    #[schema(example = 0)]
    index: u32,
    /// What is new.
    delta: ChatCompletionDelta,
    /// Null.
    #[schema(value_type = Option<Object>, required = true)]
    logprobs: (),
    /// Why it ended, in the last: `stop`, `length` or `content_filter`.
    #[schema(required = true, example = "stop")]
    finish_reason: Option<&'static str>,
}

/// What is new in a piece.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ChatCompletionDelta {
    /// `assistant`, in the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "assistant")]
    role: Option<&'static str>,
    /// A piece of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "A refund takes")]
    content: Option<String>,
    /// Where the text cites documents that are published, once it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Annotation>, required = false)]
    annotations: Option<Vec<Annotation>>,
}

/// Writes the pieces of one answer.
pub(super) struct Chunks {
    /// Whether the client wants to know what it took.
    usage: bool,
    start: Option<Start>,
    sources: Vec<Source>,
    text: String,
}

impl Chunks {
    pub(super) fn new(usage: bool) -> Self {
        Self {
            usage,
            start: None,
            sources: Vec::new(),
            text: String::new(),
        }
    }

    /// What an event is on the wire: lines of `data:` and nothing else, which some clients take amiss.
    pub(super) fn write(&mut self, event: Event) -> Bytes {
        let mut out = Vec::new();
        match event {
            Event::Start(start) => self.start(start, &mut out),
            Event::Sources(found) => {
                self.sources.clone_from(&found.sources);
                let extra = Extra {
                    sources: Some(found.sources),
                    ..Extra::default()
                };
                self.chunk(text(String::new()), None, Some(extra), &mut out);
            }
            Event::Reasoning(_) => {}
            Event::Delta(delta) => {
                if !self.sources.is_empty() {
                    self.text.push_str(&delta.text);
                }
                self.chunk(text(delta.text), None, None, &mut out);
            }
            Event::Done(done) => self.end(done, &mut out),
            Event::Error(failure) => data(&OpenAiFailure::from(&failure.cause), &mut out),
        }
        out.into()
    }

    fn start(&mut self, start: Start, out: &mut Vec<u8>) {
        let extra = Extra {
            session_id: Some(start.session_id),
            message_id: Some(start.message_id),
            ..Extra::default()
        };
        self.start = Some(start);
        let delta = ChatCompletionDelta {
            role: Some("assistant"),
            ..text(String::new())
        };
        self.chunk(delta, None, Some(extra), out);
    }

    fn end(&self, done: Done, out: &mut Vec<u8>) {
        let cited = annotations(&self.text, &self.sources);
        if !cited.is_empty() {
            let delta = ChatCompletionDelta {
                annotations: Some(cited),
                ..ChatCompletionDelta::default()
            };
            self.chunk(delta, None, None, out);
        }
        let extra = Extra {
            message_id: Some(done.message_id),
            provider: Some(done.provider),
            model: Some(done.model),
            status: Some(done.status),
            exact: Some(done.usage.exact),
            ..Extra::default()
        };
        let reason = finish_reason(&done.finish_reason);
        self.chunk(
            ChatCompletionDelta::default(),
            Some(reason),
            Some(extra),
            out,
        );
        if self.usage {
            let usage = CompletionUsage::new(done.usage, done.parts);
            self.piece(Vec::new(), Some(usage), None, out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn chunk(
        &self,
        delta: ChatCompletionDelta,
        finish_reason: Option<&'static str>,
        extra: Option<Extra>,
        out: &mut Vec<u8>,
    ) {
        let choice = ChatCompletionChunkChoice {
            index: 0,
            delta,
            logprobs: (),
            finish_reason,
        };
        self.piece(vec![choice], None, extra, out);
    }

    fn piece(
        &self,
        choices: Vec<ChatCompletionChunkChoice>,
        usage: Option<CompletionUsage>,
        parlance: Option<Extra>,
        out: &mut Vec<u8>,
    ) {
        let Some(start) = &self.start else {
            return;
        };
        let chunk = ChatCompletionChunk {
            id: id("chatcmpl-", start.message_id),
            object: "chat.completion.chunk",
            created: created(start.message_id),
            model: start.model.clone(),
            choices,
            usage: self.usage.then_some(usage),
            parlance,
        };
        data(&chunk, out);
    }
}

fn text(content: String) -> ChatCompletionDelta {
    ChatCompletionDelta {
        content: Some(content),
        ..ChatCompletionDelta::default()
    }
}

/// One line of JSON, which has no bare line break whatever a model writes.
fn data(value: &impl Serialize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut *out, value).expect("structs with string keys always serialise");
    out.extend_from_slice(b"\n\n");
}
