//! How connections are treated, and who is believed about where they come from.

use std::time::Duration;

/// Who is believed about a client's address. A header counts only where something in front of this program is known
/// to write it (OWASP ASVS 5.0, 4.1.3): everybody else can send one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Nobody: the peer is the client.
    Direct,
    /// Railway's edge, which writes `X-Real-IP` itself.
    Railway,
    /// So many proxies, each of which appends the address it was called from to `X-Forwarded-For`.
    Proxies(u8),
}

/// How long connections wait for their clients, and the like. Only the first is a setting; the others are here for who
/// tests them.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionTimes {
    /// For the next request.
    pub idle: Duration,
    /// For the rest of a header that has begun to come.
    pub header: Duration,
    /// For any progress in sending an answer.
    pub write: Duration,
    /// How long an answer to `/ready` is as good as a new one.
    pub ready: Duration,
    /// For a whole answer of what a connector reads.
    pub outside: Duration,
}

impl ConnectionTimes {
    pub(super) fn new(idle_seconds: u64) -> Self {
        Self {
            idle: Duration::from_secs(idle_seconds),
            header: Duration::from_secs(10),
            write: Duration::from_secs(30),
            ready: Duration::from_secs(1),
            outside: Duration::from_secs(30),
        }
    }
}
