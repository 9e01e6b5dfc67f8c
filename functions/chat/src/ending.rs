//! How the making of an answer ends.

use ai::FinishReason;
use anyhow::anyhow;
use db::{MessageStatus, Usage};
use futures_util::FutureExt;
use service::Error;
use std::panic::AssertUnwindSafe;

/// How the work ended.
pub(crate) type Ending = Result<(FinishReason, Usage), Broken>;

/// An answer that is not whole.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) status: MessageStatus,
    pub(crate) cause: Error,
    pub(crate) retryable: bool,
}

/// Runs the work; a panic in it is a failure like others, and ends nothing else.
pub(crate) async fn caught(work: impl Future<Output = Ending>) -> Ending {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    caught.unwrap_or_else(|_| Err(Error::Internal(anyhow!("panic while answering")).into()))
}

pub(crate) fn shut_down() -> Broken {
    Broken {
        status: MessageStatus::Interrupted,
        cause: Error::Stopping,
        retryable: true,
    }
}

pub(crate) fn revoked() -> Broken {
    Broken {
        status: MessageStatus::Interrupted,
        cause: Error::Unauthorized(
            "session_revoked",
            "The login behind this answer has ended, or its user or tenant was suspended. Log in again.",
        ),
        retryable: false,
    }
}

impl From<ai::Error> for Broken {
    fn from(e: ai::Error) -> Self {
        let status = match e {
            ai::Error::Interrupted => MessageStatus::Interrupted,
            _ => MessageStatus::Failed,
        };
        Self {
            status,
            retryable: e.retryable(),
            cause: e.into(),
        }
    }
}

impl From<Error> for Broken {
    fn from(cause: Error) -> Self {
        let retryable = matches!(cause, Error::Unavailable(_));
        Self {
            status: MessageStatus::Failed,
            cause,
            retryable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test] // R57
    async fn a_panic_ends_the_answer_as_failed_and_nothing_else() {
        let ending = caught(async { panic!("a fault of ours") }).await;
        let broken = ending.unwrap_err();
        assert_eq!(broken.status, MessageStatus::Failed);
        assert_eq!(broken.cause.code(), "internal");
    }
}
