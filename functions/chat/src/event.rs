//! What a turn tells its reader, in the order in which it happens.

use db::{Leg, MessageStatus, Source, Usage};
use futures_util::stream::BoxStream;
use serde::Serialize;
use service::UsageParts;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Problem;

/// The events of an answer, each with how many bytes of the answer's text its reader has after it.
pub(crate) type Events = BoxStream<'static, (usize, Event)>;

/// The data of one event of a streamed answer. The event's name says which it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatEvent)]
#[serde(untagged)]
pub(crate) enum Event {
    /// Question and answer have their rows; the provider is about to be asked.
    Start(Start),
    /// What the answer draws on.
    Sources(Sources),
    /// A piece of what the model thinks before it answers.
    Reasoning(Reasoning),
    /// A piece of the answer.
    Delta(Delta),
    /// The answer is stored, whole or as far as it was wanted.
    Done(Done),
    /// The answer is stored as far as it came.
    Error(Failure),
}

/// `event: start`: question and answer are stored, and the model is about to be asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StartEvent)]
pub(crate) struct Start {
    /// The conversation; send it with the next question.
    pub(crate) session_id: Uuid,
    /// The answer's message.
    pub(crate) message_id: Uuid,
    /// The question's message.
    pub(crate) user_message_id: Uuid,
    /// The model that is asked; `done` tells which one answered, where another stood in for it.
    #[schema(example = "gpt-4o-mini")]
    pub(crate) model: String,
}

/// `event: sources`: what the answer draws on; there is none where nothing was found, and nothing left out.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = SourcesEvent)]
pub(crate) struct Sources {
    /// Best first.
    pub(crate) sources: Vec<Source>,
    /// Which ways of finding them were left out, because they failed or took too long.
    #[schema(example = json!([]))]
    pub(crate) degraded: Vec<Leg>,
}

impl Sources {
    /// What is told of what was found; nothing where nothing was found, and nothing left out.
    pub(crate) fn told(sources: &[Source], degraded: &[Leg]) -> Option<Self> {
        let is_told = !sources.is_empty() || !degraded.is_empty();
        is_told.then(|| Self {
            sources: sources.to_vec(),
            degraded: degraded.to_vec(),
        })
    }
}

/// `event: reasoning`: a piece of what the model thinks before it answers, if that was asked for. It is no part of the
/// answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReasoningEvent)]
pub(crate) struct Reasoning {
    /// The piece.
    #[schema(example = "The user asks about refunds.")]
    pub(crate) text: String,
}

/// `event: delta`: a piece of the answer. The answer is all of them, one after the other.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeltaEvent)]
pub(crate) struct Delta {
    /// The piece.
    #[schema(example = "A refund takes")]
    pub(crate) text: String,
}

/// `event: done`: the end of a good answer, which is stored now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoneEvent)]
pub(crate) struct Done {
    /// The answer's message.
    pub(crate) message_id: Uuid,
    /// `stop`, `length`, `content_filter` or `other`; `stopped` for one that somebody stopped.
    #[schema(example = "stop")]
    pub(crate) finish_reason: String,
    /// What became of it: `complete` or `stopped`.
    pub(crate) status: MessageStatus,
    /// What it cost.
    pub(crate) usage: Usage,
    /// What of that is told to those who ask as OpenAI's clients do.
    #[serde(skip)]
    pub(crate) parts: UsageParts,
    /// Who answered.
    #[schema(example = "openai")]
    pub(crate) provider: String,
    /// With which model.
    #[schema(example = "gpt-4o-mini")]
    pub(crate) model: String,
}

/// `event: error`: the end of an answer that failed, as a problem. What there is of the answer is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorEvent)]
pub(crate) struct Failure {
    #[serde(flatten)]
    pub(crate) problem: Problem,
    /// Whether asking again may help.
    pub(crate) retryable: bool,
    /// What to return where the answer is not streamed.
    #[serde(skip)]
    pub(crate) cause: web::Error,
}

impl Failure {
    /// The event of what ended an answer, for whoever asks in that request.
    pub(crate) fn new(cause: web::Error, request_id: &str) -> Self {
        Self {
            problem: cause.problem(request_id),
            retryable: web::is_retryable(cause.code()),
            cause,
        }
    }
}
