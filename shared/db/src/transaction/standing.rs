//! How a connection stands, after what was answered on it.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// How long one message to the database may take: longer than the role's own `statement_timeout`, which is the server's
/// and says nothing about one that does not answer at all.
pub(crate) const DEADLINE: Duration = Duration::from_secs(7);

/// How a connection stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) state: State,
    /// Told when a statement failed, whatever became of its error.
    pub(super) failed: Option<Arc<AtomicBool>>,
}

impl From<State> for Standing {
    fn from(state: State) -> Self {
        let failed = None;
        Self { state, failed }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There may be a transaction to roll back.
    Open,
    /// There is none.
    Ended,
    /// The connection must not be used again.
    Broken,
}

/// What was answered in time, and what it says of the connection.
pub(super) async fn answered<T>(
    standing: &mut Standing,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let answer = timeout(DEADLINE, answer).await.unwrap_or_else(|_| {
        let silent = "the database did not answer in time";
        Err(std::io::Error::new(ErrorKind::TimedOut, silent).into())
    });
    if let (Err(_), Some(failed)) = (&answer, &standing.failed) {
        failed.store(true, Ordering::Relaxed);
    }
    if answer.as_ref().is_err_and(is_fatal) {
        standing.state = State::Broken;
    }
    answer
}

/// Whether an error says something about the connection rather than about the statement.
fn is_fatal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        // PostgreSQL, appendix A: connection exceptions, read_only_sql_transaction (the server has become a standby),
        // transaction timeouts, and whoever shuts down.
        sqlx::Error::Database(e) => e.code().is_some_and(|code| {
            code.starts_with("08")
                || [
                    "25006", "25P03", "25P04", "57P01", "57P02", "57P03", "57P05",
                ]
                .contains(&&*code)
        }),
        _ => false,
    }
}
