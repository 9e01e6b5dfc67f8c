//! How long each part of a call may take, and how long to wait between calls.

use std::time::Duration;

/// The time limits of every call; passing one is [`Error::Timeout`](crate::Error::Timeout), except
/// `connect`, which is [`Error::Unreachable`](crate::Error::Unreachable).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To open a connection, TLS included.
    pub connect: Duration,
    /// From sending a streamed request to a sign of life, and from each to the next, until the answer begins. A comment
    /// is such a sign: models that think, and providers that let one queue, send nothing else for minutes.
    pub first_token: Duration,
    /// Between two events of a stream that has begun.
    pub idle: Duration,
    /// For a whole stream, from the first request on.
    pub total: Duration,
    /// For a whole call that is not streamed: an answer in one piece, or one batch of embeddings.
    pub complete: Duration,
    /// For one whole call to the vector index.
    pub index: Duration,
    /// Between a failed request and the next try, about; the one after waits twice as long.
    pub backoff: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(3),
            first_token: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
            complete: Duration::from_secs(300),
            index: Duration::from_secs(30),
            backoff: Duration::from_millis(250),
        }
    }
}
