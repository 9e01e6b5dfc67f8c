//! What an answer consists of.

use serde::Serialize;

use crate::Spent;

/// One item of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The next piece of the text; never empty. It holds no U+0000.
    Delta(String),
    /// The next piece of what the model thinks before it answers, where it tells; never empty, and no part of the text.
    Reasoning(String),
    /// The end of a complete answer; always the last item.
    Done {
        /// Why the model stopped.
        finish_reason: FinishReason,
        /// What the answer took.
        spent: Spent,
    },
}

/// Why a model stopped: an allow-list, so that a provider's free text goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The answer is complete.
    Stop,
    /// The limit on the length of the answer was reached.
    Length,
    /// The provider withheld content.
    ContentFilter,
    /// Anything else, or nothing given.
    Other,
}

impl FinishReason {
    /// The name, as in records and in the API: `stop`, `length`, `content_filter` or `other`.
    pub fn as_str(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Other => "other",
        }
    }

    /// The reason that a provider calls `name`.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "stop" => FinishReason::Stop,
            "length" => FinishReason::Length,
            "content_filter" => FinishReason::ContentFilter,
            _ => FinishReason::Other,
        }
    }
}
