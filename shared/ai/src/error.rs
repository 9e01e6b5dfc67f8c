//! The one error of every call to a provider, without anything the provider said.

use std::time::Duration;

/// Why a provider gave no usable answer.
///
/// The sentences are written for a tenant's users and administrators. No variant can hold a
/// provider's words, because an error body may repeat the key or the prompt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A limit of [`Timeouts`](crate::Timeouts) passed.
    #[error("The provider took too long to answer. Please try again in a moment.")]
    Timeout,
    /// No connection, or none that could carry the request.
    #[error("The provider could not be reached. Please try again in a moment.")]
    Unreachable,
    /// Status 401 or 403, or a key that cannot be sent at all, or one that was refused too often to be sent now.
    #[error("The provider refused the API key. An administrator should check the key.")]
    Auth,
    /// Status 429.
    #[error(
        "The provider is limiting requests for this API key. Please try again later; an \
         administrator can raise the limit with the provider."
    )]
    RateLimited {
        /// How long the provider asked to wait, at most an hour; `None` if it did not say.
        retry_after: Option<Duration>,
    },
    /// The provider's account has no room for more, whatever the key.
    #[error(
        "The provider's account has reached the most that its plan allows. An administrator should \
         delete what is no longer needed there, or choose a larger plan."
    )]
    Quota,
    /// A vector index takes vectors of another length than the model makes.
    #[error(
        "The vector index takes vectors of {index} numbers, and the embedding model makes {model}. \
         An administrator should choose another index or another embedding model."
    )]
    Dimensions {
        /// Numbers in a vector of the index.
        index: u32,
        /// Numbers in a vector of the model.
        model: u32,
    },
    /// Status 402 or 404 of a chat: nothing is wrong with the question.
    #[error(
        "The provider does not have the model that is set, or its account has no balance. An administrator should \
         check both."
    )]
    Misconfigured,
    /// What the prompt says is nothing that the provider answers.
    #[error("The provider does not answer what was asked. Please ask it otherwise.")]
    Content,
    /// The prompt is longer than the model can read.
    #[error(
        "What was asked, with what belongs to it, is longer than the model can read. Please ask something shorter."
    )]
    TooLong,
    /// The provider does not take the [format](crate::Options::format) that was asked for.
    #[error(
        "The provider does not take the form of answers that is asked for. Check the schema; where any JSON will do, \
         the messages must say that it is to be JSON."
    )]
    Format,
    /// Any other 4xx status but 408.
    #[error(
        "The provider refused the request. If it is not about what was asked, an administrator should check the \
         model or index settings."
    )]
    Rejected,
    /// A 5xx status, or 408; or it failed too often lately and is not asked for now.
    #[error("The provider has a problem of its own. Please try again in a few minutes.")]
    Unavailable,
    /// An answer that cannot be parsed, is over a cap, is a redirect, or contradicts the request.
    #[error(
        "The provider sent an answer that could not be read. Please try again; if it keeps \
         happening, an administrator should check the provider settings."
    )]
    Invalid,
    /// The answer ended early, or the provider reported an error in the middle of it.
    #[error("The provider broke off before the answer was complete. Please ask again.")]
    Interrupted,
}

impl Error {
    /// One of every kind, for whoever must know them all.
    pub const KINDS: [Self; 14] = [
        Error::Timeout,
        Error::Unreachable,
        Error::Auth,
        Error::RateLimited { retry_after: None },
        Error::Quota,
        Error::Dimensions { index: 1, model: 2 },
        Error::Misconfigured,
        Error::Content,
        Error::TooLong,
        Error::Format,
        Error::Rejected,
        Error::Unavailable,
        Error::Invalid,
        Error::Interrupted,
    ];

    /// The stable name of this failure, for a client to branch on and for a log to count.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Timeout => "provider_timeout",
            Error::Unreachable => "provider_unreachable",
            Error::Auth => "provider_auth_failed",
            Error::RateLimited { .. } => "provider_rate_limited",
            Error::Quota => "provider_quota_exceeded",
            Error::Dimensions { .. } => "index_mismatch",
            Error::Misconfigured => "provider_misconfigured",
            Error::Content => "content_filter",
            Error::TooLong => "context_length_exceeded",
            Error::Format => "format_rejected",
            Error::Rejected => "provider_rejected",
            Error::Unavailable => "provider_unavailable",
            Error::Invalid => "upstream_invalid",
            Error::Interrupted => "provider_interrupted",
        }
    }

    /// Whether another provider may answer what this one could not: nothing was wrong with the key or the request.
    pub fn others_may_answer(&self) -> bool {
        !matches!(self, Error::Auth | Error::Misconfigured) && !self.is_refusal()
    }

    /// Whether the request is what the provider minds, so that it would do so again.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Error::Content | Error::TooLong | Error::Format | Error::Rejected
        )
    }

    /// How long the provider asked to wait, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::RateLimited { retry_after } => *retry_after,
            _ => None,
        }
    }

    /// Whether the same request, unchanged, may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Error::Timeout
            | Error::Unreachable
            | Error::RateLimited { .. }
            | Error::Unavailable
            | Error::Interrupted => true,
            Error::Auth
            | Error::Quota
            | Error::Dimensions { .. }
            | Error::Misconfigured
            | Error::Content
            | Error::TooLong
            | Error::Format
            | Error::Rejected
            | Error::Invalid => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_sentences_end() {
        let all = Error::KINDS;
        let codes: std::collections::HashSet<_> = all.iter().map(Error::code).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|error| error.to_string().ends_with('.')));
    }
}
