//! A step that has to wait for others: it waits for a short time, lets those pass who wait behind it, and tries again.

use super::PartitionError;
use crate::{Operator, OperatorError};
use sqlx::{Executor, PgConnection};
use std::time::Duration;
use tokio::time::sleep;

/// How a step waits.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// For how long each time.
    wait: &'static str,
    /// Between two of these.
    pause: Duration,
    times: u32,
}

/// For a lock that everybody waits behind: the service's statements give up after two seconds (migrations/roles.sql). Three minutes in
/// all, as a migration does.
pub(super) const LOCK: Turn = Turn {
    wait: "1s",
    pause: Duration::from_secs(2),
    times: 60,
};

/// For a row that somebody else is about to change. It gives up before PostgreSQL looks for deadlocks, after a second, so that it is never
/// somebody else who is chosen. Ten minutes in all.
pub(super) const ROWS: Turn = Turn {
    wait: "100ms",
    pause: Duration::from_millis(200),
    times: 2000,
};

impl Operator {
    /// Does a step in a transaction of its own.
    pub(super) async fn in_turn<T>(
        &mut self,
        turn: Turn,
        step: impl AsyncFn(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, OperatorError> {
        let mut times = 1..turn.times;
        loop {
            self.connection.execute("begin").await?;
            let done = once(&mut self.connection, turn.wait, &step).await;
            let end = if done.is_ok() { "commit" } else { "rollback" };
            self.connection.execute(end).await?;
            match done {
                Err(e) if is_in_use(&e) => {}
                done => return Ok(done?),
            }
            if times.next().is_none() {
                return Err(PartitionError::InUse.into());
            }
            sleep(turn.pause).await;
        }
    }
}

async fn once<T>(
    tx: &mut PgConnection,
    wait: &str,
    step: &impl AsyncFn(&mut PgConnection) -> Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    sqlx::query("select set_config('lock_timeout', $1, true)")
        .bind(wait)
        .execute(&mut *tx)
        .await?;
    step(tx).await
}

/// Whether somebody else had it: the wait was over, or each waited for the other.
pub(super) fn is_in_use(e: &sqlx::Error) -> bool {
    let code = e.as_database_error().and_then(|e| e.code());
    // PostgreSQL, appendix A: lock_not_available, deadlock_detected.
    matches!(code.as_deref(), Some("55P03" | "40P01"))
}
