//! Whose turn it is to do what takes a connection for long.

use moka::sync::Cache;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

/// A tenant that has not asked for so long is forgotten.
const IDLE: Duration = Duration::from_secs(60);

/// Lets so many of one tenant's go on at once in this process, and the others wait: each holds a connection of the few that
/// all tenants share.
pub(crate) struct Turns {
    of: Cache<Uuid, Arc<Semaphore>>,
    at_once: usize,
    patience: Duration,
}

impl Turns {
    /// `patience` is how long one waits for its turn.
    pub(crate) fn new(at_once: usize, patience: Duration) -> Self {
        let of = Cache::builder().max_capacity(10_000).time_to_idle(IDLE);
        Self {
            of: of.build(),
            at_once,
            patience,
        }
    }

    /// The tenant's turn, until it is dropped; none if it does not come in time.
    pub(crate) async fn take(&self, tenant: Uuid) -> Option<OwnedSemaphorePermit> {
        let new = || Arc::new(Semaphore::new(self.at_once));
        let turns = self.of.get_with(tenant, new);
        // Never closed.
        timeout(self.patience, turns.acquire_owned())
            .await
            .ok()?
            .ok()
    }
}
