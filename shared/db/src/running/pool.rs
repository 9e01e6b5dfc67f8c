//! Pools whose connections are known to be clean, and known to be bound by row-level security.

use crate::{
    BadDatabaseUrl, Counters, Db, Error, Need, Result, Slot, Slots, Whose,
    access::remembered::Remembered, running::logins::Connecting, running::replica::Replica,
};
use prometheus_client::metrics::{counter::Counter, histogram::Histogram};
use secrecy::SecretString;
use sqlx::{
    Connection, Executor, PgConnection, Postgres, pool::PoolConnection, postgres::PgPoolOptions,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Log in as the app role. Where the first is refused, the next is tried: its password is being replaced.
    pub app_urls: Vec<SecretString>,
    /// Likewise as the platform role.
    pub platform_urls: Vec<SecretString>,
    /// Log in as the app role, and keep their connection to themselves: not behind a transaction pooler.
    pub listen_urls: Vec<SecretString>,
    /// Log in as the app role at a standby; none where there is none.
    pub replica_urls: Vec<SecretString>,
    /// How long a read waits until the standby has what was committed before it.
    pub replica_wait: Duration,
    /// At most so many connections of the app role.
    pub max_connections: u32,
    /// At most so many of the platform role.
    pub max_platform_connections: u32,
    /// How long a request may wait for its turn to use one.
    pub queue: Duration,
    /// How long what has begun may wait for its turn, and then for a connection that is opened.
    pub acquire_timeout: Duration,
    /// Whether a connection that comes back is asked whether it is in no transaction: a message more for each, for tests of
    /// what keeps them out.
    pub ask_returned: bool,
    /// How long accounts and origins are remembered where nobody tells that they have changed.
    pub memory: Duration,
}

/// When the process last woke up. A host that freezes it between requests stops its clock too, so a connection's
/// idle time alone does not tell how long its socket was left alone.
#[derive(Clone, Debug)]
pub(crate) struct Woken(Arc<Mutex<Instant>>);

impl Woken {
    pub(crate) fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(crate) fn again(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn since(&self) -> Duration {
        let at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at.elapsed()
    }
}

/// What the role may set for itself and for good (`alter role`), and the service relies on: set on each connection, so that
/// a stolen moment as this role ends with it. Not as options of the connection, which transaction poolers refuse; behind
/// those it is set on the connection that they have, which other clients of the same role share and want set alike.
///
/// And that nothing is compiled, for which the server may be set up: the search of a tenant with 15,000 documents took 0.1 s
/// and seven more for that, each time.
const SETTINGS: &str =
    "set row_security to on; set search_path to parlance, pg_temp; set statement_timeout to '5s';
     set lock_timeout to '2s'; set idle_in_transaction_session_timeout to '10s'; set jit to off";

/// Connections as one role, and who uses them: fair by tenant, since all wait for them who have work for the database.
#[derive(Clone)]
pub(crate) struct Pool {
    pub(crate) connections: Connecting,
    slots: Slots,
    queue: Duration,
    begun: Duration,
    overloaded: Counter,
    queued: Histogram,
    pooled: Histogram,
}

impl Pool {
    /// A connection, and the right to use it until it is back in the pool.
    ///
    /// # Errors
    /// [`Error::Overloaded`]: it is not the turn of `whose` in time. Or the database is away.
    pub(crate) async fn acquire(
        &self,
        whose: Whose,
        need: Need,
    ) -> Result<(PoolConnection<Postgres>, Slot)> {
        let patience = match need {
            Need::Asked => self.queue,
            Need::Begun => self.begun,
        };
        let begun = Instant::now();
        let slot = self.slots.take(whose, need, patience).await;
        let turn = Instant::now();
        self.queued.observe((turn - begun).as_secs_f64());
        let Some(slot) = slot else {
            self.overloaded.inc();
            return Err(Error::Overloaded);
        };
        let connection = self.connections.acquire().await?;
        self.pooled.observe(turn.elapsed().as_secs_f64());
        Ok((connection, slot))
    }

    /// Whether a connection is being used, opened or closed.
    pub(crate) fn is_busy(&self) -> bool {
        let pool = &self.connections.pool;
        usize::try_from(pool.size()) != Ok(pool.num_idle())
    }
}

/// A lazy pool.
///
/// A connection that was idle, for long or since before the process woke up, is tried before use: its socket may have died
/// unseen.
///
/// # Errors
/// A URL cannot be used.
pub(crate) fn open(
    urls: &[SecretString],
    max: u32,
    connections: &Connections,
    woken: &Woken,
    counters: &Counters,
) -> Result<Pool, BadDatabaseUrl> {
    let woken = woken.clone();
    let pool = PgPoolOptions::new()
        .max_connections(max)
        .acquire_timeout(connections.acquire_timeout)
        .idle_timeout(Duration::from_secs(300))
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(SETTINGS).await.map(drop) })
        })
        .before_acquire(move |connection, meta| {
            let trusted = woken.since().min(Duration::from_secs(15));
            Box::pin(async move {
                if meta.idle_for < trusted {
                    return Ok(true);
                }
                let alive =
                    tokio::time::timeout(Duration::from_millis(500), connection.ping()).await;
                Ok(matches!(alive, Ok(Ok(()))))
            })
        });
    let pool = match connections.ask_returned {
        true => asking(pool, counters),
        false => pool,
    };
    Ok(Pool {
        connections: Connecting::new(pool, urls, "parlance")?,
        slots: Slots::shared(usize::try_from(max).unwrap_or(usize::MAX)),
        queue: connections.queue,
        begun: connections.acquire_timeout,
        overloaded: counters.overloaded.clone(),
        queued: counters.queue.clone(),
        pooled: counters.pool.clone(),
    })
}

/// Closes a connection that comes back in a transaction, and counts it.
fn asking(pool: PgPoolOptions, counters: &Counters) -> PgPoolOptions {
    let stale = counters.stale_tx_closed.clone();
    pool.after_release(move |connection, _| {
        let stale = stale.clone();
        Box::pin(async move {
            let clean = is_clean(connection).await?;
            if !clean {
                tracing::error!("closed a connection that was left in a transaction");
                stale.inc();
            }
            Ok(clean)
        })
    })
}

/// A pool for the one connection on which changes are told.
///
/// # Errors
/// A URL cannot be used.
pub(crate) fn listening(urls: &[SecretString]) -> Result<Connecting, BadDatabaseUrl> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(10));
    Connecting::new(pool, urls, "parlance listen")
}

/// Outside a transaction `now()` is the statement's own time; inside it is older.
async fn is_clean(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    use sqlx::Row;
    let row = connection
        .fetch_one("select now() <> statement_timestamp()")
        .await?;
    let stale: bool = row.try_get(0)?;
    Ok(!stale)
}

impl Db {
    /// Prepares both pools; connects on first use.
    ///
    /// # Errors
    /// A URL cannot be used.
    pub fn new(connections: &Connections) -> Result<Self, BadDatabaseUrl> {
        let woken = Woken::now();
        let counters = Counters::default();
        let growing = usize::try_from(connections.max_connections / 2)
            .unwrap_or(1)
            .max(1);
        let pool = |urls, most| open(urls, most, connections, &woken, &counters);
        Ok(Self {
            app: pool(&connections.app_urls, connections.max_connections)?,
            platform: pool(
                &connections.platform_urls,
                connections.max_platform_connections,
            )?,
            replica: Replica::new(connections, &woken, &counters)?,
            fit: Arc::default(),
            woken,
            counters,
            growing: Arc::new(Semaphore::new(growing)),
            listening: listening(&connections.listen_urls)?,
            remembered: Remembered::nothing(connections.memory),
            reading_origins: Arc::default(),
            queued: Arc::default(),
        })
    }

    /// How many of the app role's connections are used, and how many wait for their turn to use one.
    pub fn in_use(&self) -> (usize, usize) {
        self.app.slots.count()
    }

    /// Says that the process may have been frozen until now: every connection is tried before it is used again.
    pub fn woke(&self) {
        self.woken.again();
    }

    /// Waits until no connection is on its way back to its pool, or `at_most` has passed: what happens after a host
    /// has frozen the process happens at no time that anybody knows.
    pub async fn at_rest(&self, at_most: Duration) {
        let rest = async {
            let replica = || {
                self.replica
                    .as_ref()
                    .is_some_and(|replica| replica.is_busy())
            };
            while self.app.is_busy() || self.platform.is_busy() || replica() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        if tokio::time::timeout(at_most, rest).await.is_err() {
            tracing::warn!("a database connection is still busy at the end of a request");
        }
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.listening.pool.close().await;
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
        self.app.connections.pool.close().await;
        self.platform.connections.pool.close().await;
    }
}
