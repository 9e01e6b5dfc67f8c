//! A standby that some reads are done at, as long as it has all that was committed before they were asked for.

pub(crate) mod position;

use crate::{
    BadDatabaseUrl, Connections, Counters, Db, Error, Need, Unfit, Whose,
    running::{
        fitness,
        pool::{self, Pool, Woken},
    },
    transaction::Transaction,
};
use position::{Asking, Position, replayed};
use sqlx::{Executor, Row, SqlStr, postgres::PgRow};
use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// How long the standby may say nothing when a transaction is begun there, if a read would not wait for it longer anyway.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait before another look at a standby that is left out.
const AGAIN: Duration = Duration::from_secs(1);
/// How long to wait before asking again whether it has caught up: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(10));

/// Why nothing is read at the standby.
#[derive(Debug, thiserror::Error)]
enum LeftOut {
    #[error("the primary does not say how far it is")]
    Primary,
    #[error("it is no standby")]
    Primacy,
    #[error("it is not a standby of this database")]
    OfAnother,
    #[error(
        "it does not follow this primary: one of the two was promoted, or has not caught up with that"
    )]
    OfBefore,
    #[error("it is too far behind")]
    Behind,
    #[error("it does not answer in time")]
    Silent,
    #[error("others use all of its connections")]
    Busy,
    #[error("a statement failed there")]
    Failed,
    #[error("{0}")]
    Unfit(#[from] Unfit),
    #[error("{0}")]
    Unavailable(Error),
}

impl From<Error> for LeftOut {
    fn from(e: Error) -> Self {
        match e {
            Error::Overloaded => Self::Busy,
            e => Self::Unavailable(e),
        }
    }
}

impl From<sqlx::Error> for LeftOut {
    fn from(e: sqlx::Error) -> Self {
        Self::Unavailable(e.into())
    }
}

/// The standby, and what is known of it.
pub(crate) struct Replica {
    pool: Pool,
    primary: Asking,
    /// How long a read waits for it to catch up.
    wait: Duration,
    /// The timeline of the primary that it follows; 0 while it is left out.
    follows: AtomicI32,
    /// Whether it is being looked at until it can be read at again.
    looked_at: AtomicBool,
    counters: Counters,
}

impl Replica {
    /// None if none is named.
    ///
    /// # Errors
    /// A URL cannot be used.
    pub(crate) fn new(
        connections: &Connections,
        woken: &Woken,
        counters: &Counters,
    ) -> Result<Option<Arc<Self>>, BadDatabaseUrl> {
        let urls = &connections.replica_urls;
        if urls.is_empty() {
            return Ok(None);
        }
        let wait = connections.replica_wait;
        // Whoever finds it busy is better served by the primary.
        let hasty = Connections {
            queue: wait,
            acquire_timeout: wait.max(PATIENCE),
            ..connections.clone()
        };
        Ok(Some(Arc::new(Self {
            pool: pool::open(urls, connections.max_connections, &hasty, woken, counters)?,
            primary: Asking::new(connections)?,
            wait,
            follows: AtomicI32::new(0),
            looked_at: AtomicBool::new(false),
            counters: counters.clone(),
        })))
    }

    /// Begins a transaction at the standby that sees all that was committed before this was called. `begin` does that, so that each
    /// of its statements sees what had been replayed when that began, and asks last how much that is. The second tells from then on
    /// whether a statement failed. None while the standby is left out.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        whose: Whose,
        begin: SqlStr,
    ) -> Option<(Transaction, Arc<AtomicBool>)> {
        let begun = match self.follows.load(Ordering::Acquire) {
            0 => {
                self.look_at();
                None
            }
            follows => match self.try_to_begin(follows, whose, begin).await {
                Ok(begun) => Some(begun),
                // Says nothing about the standby.
                Err(LeftOut::Primary | LeftOut::Busy) => None,
                Err(why) => {
                    self.leave_out(&why);
                    None
                }
            },
        };
        match begun {
            Some(_) => self.counters.replica_read.inc(),
            None => self.counters.replica_missed.inc(),
        };
        begun
    }

    /// Says that a statement failed: whoever asked for it asks the primary instead.
    pub(crate) fn failed(self: &Arc<Self>) {
        self.counters.replica_missed.inc();
        self.leave_out(&LeftOut::Failed);
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.pool.is_busy() || self.primary.is_busy()
    }

    pub(crate) async fn close(&self) {
        self.primary.close().await;
        self.pool.connections.pool.close().await;
    }

    async fn try_to_begin(
        &self,
        follows: i32,
        whose: Whose,
        begin: SqlStr,
    ) -> Result<(Transaction, Arc<AtomicBool>), LeftOut> {
        let position = self.primary.position().await.ok_or(LeftOut::Primary)?;
        if position.timeline != follows {
            return Err(LeftOut::OfBefore);
        }
        let begun = self.begin_after(position, whose, begin);
        let begun = timeout(self.wait.max(PATIENCE), begun).await;
        begun.unwrap_or(Err(LeftOut::Silent))
    }

    /// Begins a transaction that sees all that the primary had done at `position`. The standby is asked in the transaction itself:
    /// behind one address there may be several.
    async fn begin_after(
        &self,
        position: Position,
        whose: Whose,
        begin: SqlStr,
    ) -> Result<(Transaction, Arc<AtomicBool>), LeftOut> {
        let (mut tx, failed) = Transaction::watched(&self.pool, whose, Need::Asked).await?;
        let until = Instant::now() + self.wait;
        let mut ask = begin;
        let (mut pause, longest) = PAUSE;
        while !position.is_in(replayed(&tx.conn().fetch_all(ask).await?)?) {
            if Instant::now() + pause > until {
                return Err(LeftOut::Behind);
            }
            sleep(pause).await;
            pause = longest.min(2 * pause);
            ask = SqlStr::from_static(concat!("select ", replayed!()));
        }
        Ok((tx, failed))
    }

    fn leave_out(self: &Arc<Self>, why: &LeftOut) {
        if self.follows.swap(0, Ordering::AcqRel) != 0 {
            tracing::warn!(%why, "nothing is read at the replica for now, but all at the primary");
        }
        self.look_at();
    }

    /// Looks at the standby, beside the requests, until it can be read at.
    fn look_at(self: &Arc<Self>) {
        if self.looked_at.swap(true, Ordering::AcqRel) {
            return;
        }
        let replica = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut told = None;
            while let Some(again) = Self::look(&replica, &mut told).await {
                sleep(again).await;
            }
        });
    }

    /// One look. None if that was the last.
    async fn look(replica: &Weak<Self>, told: &mut Option<String>) -> Option<Duration> {
        let this = replica.upgrade()?;
        if this.pool.connections.pool.is_closed() {
            return None;
        }
        match this.examine().await {
            Ok(follows) => {
                this.follows.store(follows, Ordering::Release);
                this.looked_at.store(false, Ordering::Release);
                tracing::info!("the replica is read at");
                None
            }
            Err(why) => {
                let why = why.to_string();
                if told.as_ref() != Some(&why) {
                    tracing::warn!(why, "the replica cannot be read at");
                }
                *told = Some(why);
                Some(AGAIN)
            }
        }
    }

    /// Confirms that it is a standby of this primary that has caught up, and that row-level security binds the service there:
    /// the timeline that it follows.
    async fn examine(&self) -> Result<i32, LeftOut> {
        let (server, database) = self.primary.identity().await?;
        let mut tx = Transaction::at_once(&self.pool.connections).await?;
        fitness::examine(&mut tx).await?;
        let (is_standby, its_server, its_database, follows): (bool, i64, i64, i32) =
            sqlx::query_as(position::OF_STANDBY)
                .fetch_one(tx.conn())
                .await?;
        drop(tx);
        if !is_standby {
            return Err(LeftOut::Primacy);
        }
        if (its_server, its_database) != (server, database) {
            return Err(LeftOut::OfAnother);
        }
        let begin = SqlStr::from_static(concat!("begin read only; select ", replayed!()));
        drop(self.try_to_begin(follows, Whose::SERVICE, begin).await?);
        Ok(follows)
    }
}

/// What the last column of the last of several statements says.
fn replayed(rows: &[PgRow]) -> Result<Option<i64>, sqlx::Error> {
    let last = rows.last().ok_or(sqlx::Error::RowNotFound)?;
    last.try_get(last.len().saturating_sub(1))
}

impl Db {
    /// Whether reads are done at the replica, if there is one. One that is left out is looked at.
    pub fn reads_at_replica(&self) -> Option<bool> {
        let replica = self.replica.as_ref()?;
        let is_read_at = replica.follows.load(Ordering::Acquire) != 0;
        if !is_read_at {
            replica.look_at();
        }
        Some(is_read_at)
    }
}
