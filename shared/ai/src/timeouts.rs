//! How long each part of a call may take.

use std::time::Duration;

/// The time limits of every call; passing one is [`Error::Timeout`](crate::Error::Timeout), except
/// `connect`, which is [`Error::Unreachable`](crate::Error::Unreachable).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To open a connection, TLS included.
    pub connect: Duration,
    /// From sending a streamed request to the first piece of the answer. Keep-alive comments do not
    /// count, or a provider could hold a user waiting for ever.
    pub first_token: Duration,
    /// Between two events of a stream that has begun, and for one whole call to the vector index.
    pub idle: Duration,
    /// For a whole stream.
    pub total: Duration,
    /// For a whole call that is not streamed: an answer in one piece, or one batch of embeddings.
    pub complete: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(3),
            first_token: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
            complete: Duration::from_secs(120),
        }
    }
}
