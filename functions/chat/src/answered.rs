//! An answer in one piece.

use crate::event::{Done, Event, Events, Sources, Start};
use db::{Leg, MessageStatus, Source, Usage};
use futures_util::StreamExt;
use serde::Serialize;
use service::UsageParts;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Result;

/// A question's answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatAnswer)]
pub(crate) struct Answer {
    /// The conversation; send it with the next question.
    pub(crate) session_id: Uuid,
    /// The answer's message.
    pub(crate) message_id: Uuid,
    /// The question's message.
    pub(crate) user_message_id: Uuid,
    /// The answer.
    #[schema(example = "A refund takes 14 days.")]
    pub(crate) answer: String,
    /// What the model thought before it answered, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning: Option<String>,
    /// What it was given to draw on.
    pub(crate) sources: Vec<Source>,
    /// Which ways of finding that were left out, because they failed or took too long.
    #[schema(example = json!([]))]
    pub(crate) degraded: Vec<Leg>,
    /// Who answered.
    #[schema(example = "local")]
    pub(crate) provider: String,
    /// The model that wrote it.
    #[schema(example = "local-extractive")]
    pub(crate) model: String,
    /// What it cost.
    pub(crate) usage: Usage,
    /// What of that is told to those who ask as OpenAI's clients do.
    #[serde(skip)]
    pub(crate) parts: UsageParts,
    /// `stop`, `length`, `content_filter` or `other`; `stopped` for one that somebody stopped.
    #[schema(example = "stop")]
    pub(crate) finish_reason: String,
    /// What became of it: `complete` or `stopped`.
    #[schema(value_type = MessageStatus, example = "complete")]
    pub(crate) status: MessageStatus,
}

/// Reads an answer to its end.
///
/// # Errors
/// What ended it.
pub(crate) async fn collect(mut events: Events) -> Result<Answer> {
    let (mut begun, mut answer, mut thought) = (None, String::new(), String::new());
    let mut found = Sources::default();
    while let Some((_, event)) = events.next().await {
        match event {
            Event::Start(start) => begun = Some(start),
            Event::Sources(sources) => found = sources,
            Event::Reasoning(piece) => thought.push_str(&piece.text),
            Event::Delta(delta) => answer.push_str(&delta.text),
            Event::Error(failure) => return Err(failure.cause),
            Event::Done(done) => {
                let start = begun.ok_or_else(cut_off)?;
                let thought = Some(thought).filter(|text| !text.is_empty());
                return Ok(whole(start, done, answer, thought, found));
            }
        }
    }
    Err(cut_off())
}

fn cut_off() -> web::Error {
    anyhow::anyhow!("an answer ended without its last event").into()
}

fn whole(
    start: Start,
    done: Done,
    answer: String,
    reasoning: Option<String>,
    found: Sources,
) -> Answer {
    Answer {
        session_id: start.session_id,
        message_id: start.message_id,
        user_message_id: start.user_message_id,
        answer,
        reasoning,
        sources: found.sources,
        degraded: found.degraded,
        provider: done.provider,
        model: done.model,
        usage: done.usage,
        parts: done.parts,
        finish_reason: done.finish_reason,
        status: done.status,
    }
}
