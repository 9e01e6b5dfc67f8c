//! How far the log of the primary is: the one thing that it must be asked for a read elsewhere.

use crate::{
    BadDatabaseUrl, Connections, Result, running::logins::Connecting, transaction::Transaction,
};
use sqlx::postgres::PgPoolOptions;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// A place in the log, after which what was committed before is visible wherever the log was replayed as far.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct Position {
    /// One more for each time that a standby was promoted: from there on the log is another.
    pub(super) timeline: i32,
    bytes: i64,
}

impl Position {
    /// Whether a standby that has replayed so much has come so far.
    pub(super) fn is_in(self, replayed: Option<i64>) -> bool {
        replayed.is_some_and(|replayed| replayed >= self.bytes)
    }
}

/// The column that tells how much a standby has replayed; null of what is none.
macro_rules! replayed {
    () => {
        "case when pg_is_in_recovery() then (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint end"
    };
}
pub(crate) use replayed;

/// A commit is answered when it was flushed, unless the server is told not to wait for that.
const POSITION: &str = "select ('x' || left(pg_walfile_name(at), 8))::bit(32)::integer as timeline, (at - '0/0'::pg_lsn)::bigint as bytes
     from (select case current_setting('synchronous_commit')
             when 'off' then pg_current_wal_insert_lsn() else pg_current_wal_flush_lsn() end) p(at)";

/// Which server and which database this is: a standby has both of its primary.
const IDENTITY: &str = "select s.system_identifier, d.oid::bigint
     from pg_control_system() s, pg_database d where d.datname = current_database()";

/// Whether this is a standby, of what, and of which timeline it has a checkpoint, or what came after that.
pub(super) const OF_STANDBY: &str =
    "select pg_is_in_recovery(), s.system_identifier, d.oid::bigint,
       greatest(c.timeline_id, r.min_recovery_end_timeline)
     from pg_control_system() s, pg_control_checkpoint() c, pg_control_recovery() r, pg_database d
     where d.datname = current_database()";

/// A connection to the primary of its own, on which those who want to know ask together.
pub(super) struct Asking {
    connecting: Connecting,
    /// How many have come.
    came: AtomicU64,
    /// What those were told that came first, so many.
    told: Mutex<(u64, Option<Position>)>,
}

impl Asking {
    /// # Errors
    /// A URL cannot be used.
    pub(super) fn new(connections: &Connections) -> Result<Self, BadDatabaseUrl> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(connections.acquire_timeout)
            .test_before_acquire(false);
        Ok(Self {
            connecting: Connecting::new(pool, &connections.app_urls, "parlance")?,
            came: AtomicU64::new(0),
            told: Mutex::default(),
        })
    }

    /// Where the log is at a moment after this was called; none if the primary does not say. Whoever comes while it is being
    /// asked waits for the next answer, and all who wait share that.
    pub(super) async fn position(&self) -> Option<Position> {
        let nth = self.came.fetch_add(1, Ordering::SeqCst) + 1;
        let mut told = self.told.lock().await;
        if told.0 < nth {
            let all = self.came.load(Ordering::SeqCst);
            let position = self.ask().await.inspect_err(|e| {
                tracing::debug!(error = %e, "how far the log is cannot be told");
            });
            *told = (all, position.ok());
        }
        told.1
    }

    async fn ask(&self) -> Result<Position> {
        let mut tx = Transaction::at_once(&self.connecting).await?;
        let asked = sqlx::query_as(POSITION).fetch_one(tx.conn());
        Ok(asked.await?)
    }

    pub(super) async fn identity(&self) -> Result<(i64, i64)> {
        let mut tx = Transaction::at_once(&self.connecting).await?;
        let asked = sqlx::query_as(IDENTITY).fetch_one(tx.conn());
        Ok(asked.await?)
    }

    pub(super) fn is_busy(&self) -> bool {
        let pool = &self.connecting.pool;
        usize::try_from(pool.size()) != Ok(pool.num_idle())
    }

    pub(super) async fn close(&self) {
        self.connecting.pool.close().await;
    }
}
