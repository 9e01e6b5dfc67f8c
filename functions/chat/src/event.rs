//! What a turn tells its reader, in the order in which it happens.

use db::{MessageStatus, Source, Usage};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Problem;

/// One event of a turn.
#[derive(Debug)]
pub(crate) enum Event {
    /// Question and answer have their rows; the provider is about to be asked.
    Start(Start),
    /// What the answer draws on.
    Sources(Sources),
    /// A piece of the answer.
    Delta(Delta),
    /// The answer is stored, whole.
    Done(Done),
    /// The answer is stored as far as it came.
    Error(Failure),
}

/// The rows of a turn.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Start {
    pub(crate) session_id: Uuid,
    /// The answer's message.
    pub(crate) message_id: Uuid,
    /// The question's message.
    pub(crate) user_message_id: Uuid,
    pub(crate) model: String,
}

/// What an answer draws on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sources {
    pub(crate) sources: Vec<Source>,
}

/// A piece of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delta {
    pub(crate) text: String,
}

/// The end of a good answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    pub(crate) message_id: Uuid,
    /// `stop`, `length`, `content_filter` or `other`.
    pub(crate) finish_reason: &'static str,
    pub(crate) status: MessageStatus,
    pub(crate) usage: Usage,
}

/// The end of an answer that failed: a problem, and whether asking again may help.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    #[serde(flatten)]
    pub(crate) problem: Problem,
    pub(crate) retryable: bool,
    /// What to return where the answer is not streamed.
    #[serde(skip)]
    pub(crate) cause: web::Error,
}
