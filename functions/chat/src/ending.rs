//! How the making of an answer ends.

use anyhow::anyhow;
use db::{MessageStatus, Usage};
use futures_util::FutureExt;
use service::{Answering, Error, UsageParts, count};
use std::panic::AssertUnwindSafe;

/// How the work ended.
pub(crate) type Ending = Result<Finished, Broken>;

/// How an answer ended, and with whom.
pub(crate) struct Made {
    pub(crate) ending: Ending,
    /// Who made it, if not who was asked first.
    pub(crate) instead: Option<Answering>,
}

/// An answer that is whole, or as long as it was wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    pub(crate) status: MessageStatus,
    pub(crate) finish_reason: &'static str,
    pub(crate) usage: Usage,
    pub(crate) parts: UsageParts,
}

/// Of an answer of which no provider was asked, or it is not yet told what it used.
const NOTHING: Usage = Usage {
    prompt_tokens: 0,
    completion_tokens: 0,
    exact: false,
};

/// An answer that is not whole.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) status: MessageStatus,
    pub(crate) cause: Error,
}

/// Runs the work; a panic in it is a failure like others, and ends nothing else.
pub(crate) async fn caught(work: impl Future<Output = Made>) -> Made {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    let panicked = |_| Err(Error::Internal(anyhow!("panic while answering")).into());
    caught.unwrap_or_else(|panic| Made::from(panicked(panic)))
}

/// Usage as it is stored.
pub(crate) fn counted(usage: ai::Usage) -> Usage {
    Usage {
        prompt_tokens: count(usage.prompt_tokens),
        completion_tokens: count(usage.completion_tokens),
        exact: usage.exact,
    }
}

impl From<Ending> for Made {
    fn from(ending: Ending) -> Self {
        Self {
            ending,
            instead: None,
        }
    }
}

impl Finished {
    /// An answer that the model ended.
    pub(crate) fn complete(finish_reason: &'static str) -> Self {
        Self {
            status: MessageStatus::Complete,
            finish_reason,
            usage: NOTHING,
            parts: UsageParts::default(),
        }
    }

    /// An answer that somebody stopped.
    pub(crate) fn stopped() -> Self {
        Self {
            status: MessageStatus::Stopped,
            finish_reason: "stopped",
            usage: NOTHING,
            parts: UsageParts::default(),
        }
    }
}

impl Broken {
    pub(crate) fn shut_down() -> Self {
        Self::interrupted(Error::Stopping)
    }

    /// Whether the database is what broke it, and may be back.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.cause, Error::Unavailable(_) | Error::Overloaded)
    }

    /// Whether a provider is what broke it.
    pub(crate) fn is_provider_s(&self) -> bool {
        matches!(self.cause, Error::Provider(_))
    }

    pub(crate) fn revoked() -> Self {
        Self::interrupted(Error::Unauthorized(
            "session_revoked",
            "The login behind this answer has ended, or its user or tenant was suspended. Log in again.",
        ))
    }

    fn interrupted(cause: Error) -> Self {
        Self {
            status: MessageStatus::Interrupted,
            cause,
        }
    }
}

impl From<ai::Error> for Broken {
    fn from(e: ai::Error) -> Self {
        match e {
            ai::Error::Interrupted => Self::interrupted(e.into()),
            _ => Error::from(e).into(),
        }
    }
}

impl From<Error> for Broken {
    fn from(cause: Error) -> Self {
        Self {
            status: MessageStatus::Failed,
            cause,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test] // R57
    async fn a_panic_ends_the_answer_as_failed_and_nothing_else() {
        let made = caught(async { panic!("a fault of ours") }).await;
        let broken = made.ending.unwrap_err();
        assert_eq!(broken.status, MessageStatus::Failed);
        assert_eq!(broken.cause.code(), "internal");
    }
}
