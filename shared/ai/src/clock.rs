//! The deadlines of one streamed answer.

use tokio::time::{Instant, timeout_at};

use crate::{Error, Timeouts};

/// When to give up on a stream: at the next deadline, or at the last one if that is sooner.
pub(crate) struct Clock {
    timeouts: Timeouts,
    next: Instant,
    last: Instant,
}

impl Clock {
    /// Starts waiting for the first piece of the answer.
    pub(crate) fn start(timeouts: Timeouts) -> Self {
        let now = Instant::now();
        Clock {
            timeouts,
            next: now + timeouts.first_token,
            last: now + timeouts.total,
        }
    }

    /// Starts waiting for the first piece anew: there was a sign of life.
    pub(crate) fn expect_first(&mut self) {
        self.next = Instant::now() + self.timeouts.first_token;
    }

    /// Starts waiting for the next event. To be called when the caller is ready for it, so that the
    /// caller's own pace is not held against the provider.
    pub(crate) fn expect_next(&mut self) {
        self.next = Instant::now() + self.timeouts.idle;
    }

    /// Waits for `work`, but not past the deadline.
    ///
    /// # Errors
    /// [`Error::Timeout`] at the deadline, or the error of `work`.
    pub(crate) async fn limit<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error>
    where
        Error: From<E>,
    {
        let done = timeout_at(self.next.min(self.last), work).await;
        Ok(done.map_err(|_| Error::Timeout)??)
    }
}
