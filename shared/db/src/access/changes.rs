//! Changes that other processes make, told by the database as they are committed.

use crate::{Caller, Cause, Db, Lane, Result, transaction::DEADLINE};
use chrono::{DateTime, Utc};
use sqlx::{Executor, postgres::PgListener};
use std::time::{Duration, Instant};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, sleep_until, timeout},
};
use uuid::Uuid;

/// What the triggers of the schema notify on.
const CHANNEL: &str = "parlance";
/// How long to wait before trying again to listen.
const AGAIN: Duration = Duration::from_secs(30);
/// How long nothing may be told before the database is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(30);
/// How often an open stream's caller is looked at where nobody tells of changes.
const LOOK: Duration = Duration::from_secs(10);
/// And that of a visitor.
const LOOK_AT_VISITOR: Duration = Duration::from_secs(4);

impl Db {
    /// Listens for changes, on a connection of its own, until the database is closed. What is remembered of whatever
    /// changes is forgotten at once. Without it, or while the connection is broken, it is forgotten after 5 s. `stop` is
    /// called with each answer whose end is asked for.
    pub async fn listen(&self, stop: impl Fn(Uuid)) {
        while let Err(e) = self.hear(&stop).await {
            self.remembered.hears(false);
            if self.listening.pool.is_closed() {
                return;
            }
            tracing::warn!(
                error = %Cause::from(e),
                "changes by other processes are not told at once; they take effect within 5 s"
            );
            tokio::select! {
                () = sleep(AGAIN) => {}
                () = self.listening.pool.close_event() => return,
            }
        }
    }

    /// Returns when a job was queued since the last time that this lane was told, by whatever process; never where nobody listens.
    pub async fn job_queued(&self, lane: Lane) {
        self.queued[lane as usize].notified().await;
    }

    /// Whether changes by other processes are told to this one, as far as it knows.
    pub fn is_listening(&self) -> bool {
        self.remembered.is_heard()
    }

    /// Changes whenever it may be that something was told and this process did not hear it.
    pub fn heard(&self) -> watch::Receiver<bool> {
        self.remembered.heard()
    }

    async fn hear(&self, stop: &impl Fn(Uuid)) -> Result<(), sqlx::Error> {
        // The listener takes the pool's connection, by a login that was good.
        drop(self.listening.acquire().await?);
        let mut listener = PgListener::connect_with(&self.listening.pool).await?;
        listener.listen(CHANNEL).await?;
        // Whatever was read before may have changed before anybody listened.
        self.remembered.all_changed();
        self.remembered.hears(true);
        tracing::debug!("listening for changes");
        loop {
            let Ok(told) = timeout(QUIET, listener.try_recv()).await else {
                still_there(&mut listener).await?;
                continue;
            };
            let told = told?;
            match told.as_ref().and_then(|told| what(told.payload())) {
                Some(("user", id)) => self.remembered.user_changed(id),
                Some(("tenant", id)) => self.remembered.tenant_changed(id),
                Some(("stop", id)) => stop(id),
                Some(("job", _)) => self.queued.iter().for_each(Notify::notify_one),
                // The connection broke and was made again, or somebody said what nobody understands.
                _ => {
                    self.remembered.all_changed();
                    self.remembered.hears(true);
                }
            }
        }
    }

    /// Returns when the caller is no longer good: its user or tenant was suspended, its login or API key has ended, its site was
    /// closed, or has its page no longer. At the latest some 15 s after that, of a visitor 5, and within a second where changes are
    /// told. What changes of others concerns it not.
    pub async fn revoked(&self, caller: &Caller, now: impl Fn() -> DateTime<Utc>) {
        let bearer = caller.bearer();
        let mut changes = self.remembered.changes();
        let mut looked = Instant::now();
        loop {
            let look = match self.must_look(caller) {
                true => LOOK_AT_VISITOR,
                false => LOOK,
            };
            tokio::select! {
                // Never an error: the sender lives as long as this database.
                _ = changes.changed() => match self.remembered.concerns(&bearer, looked) {
                    Some(wait) => sleep(wait).await,
                    None => continue,
                },
                () = sleep_until((looked + look).into()) => {}
            }
            looked = Instant::now();
            // In a box, so that a stream holds room for a transaction only while there is one.
            match Box::pin(self.still(caller, now())).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(e) => {
                    tracing::warn!(error = %e, "whether a login has ended cannot be told yet")
                }
            }
        }
    }
}

/// Asks whether the other end of a connection on which nothing was told for a while is still there: if not, nothing ever
/// will be.
async fn still_there(listener: &mut PgListener) -> Result<(), sqlx::Error> {
    let silent = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
    timeout(DEADLINE, listener.execute("select 1"))
        .await
        .map_err(silent)?
        .map(drop)
}

/// Of what kind it is that changed, and which one.
fn what(payload: &str) -> Option<(&str, Uuid)> {
    let (kind, id) = payload.split_once(' ')?;
    Some((kind, id.parse().ok()?))
}
