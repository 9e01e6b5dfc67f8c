//! What is remembered for a moment, so that not every request reads it again, and when it must be.

use crate::accounts::Account;
use moka::sync::Cache;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use uuid::Uuid;

/// How long a change may go unnoticed by the next request where nobody tells of it.
const LIFE: Duration = Duration::from_secs(5);

/// Tenant, user and login of a token.
pub(crate) type Key = (Uuid, Uuid, Option<Uuid>);

/// Something, and when its reading began. What changed after that may not be in it.
type Read<T> = (T, Instant);

/// Accounts and origins as they were at most five seconds ago.
#[derive(Clone)]
pub(crate) struct Remembered {
    accounts: Cache<Key, Read<Arc<Account>>>,
    origins: Cache<String, Read<Arc<[Uuid]>>>,
    /// When a user or tenant changed. Kept for as long as something older could be remembered.
    changed: Cache<Uuid, Instant>,
    everything: Arc<Mutex<Instant>>,
    told: Arc<watch::Sender<()>>,
}

impl Remembered {
    pub(crate) fn nothing() -> Self {
        Self {
            accounts: cache(LIFE),
            origins: cache(LIFE),
            changed: cache(2 * LIFE),
            everything: Arc::new(Mutex::new(Instant::now())),
            told: Arc::default(),
        }
    }

    pub(crate) fn account(&self, key: &Key) -> Option<Arc<Account>> {
        let (account, read_at) = self.accounts.get(key)?;
        let changed = self.changed_since(key.0, read_at) || self.changed_since(key.1, read_at);
        (!changed && read_at > self.everything_changed()).then_some(account)
    }

    pub(crate) fn keep_account(&self, key: Key, account: Arc<Account>, read_at: Instant) {
        self.accounts.insert(key, (account, read_at));
    }

    pub(crate) fn forget_account(&self, key: &Key) {
        self.accounts.invalidate(key);
    }

    /// The tenants of an origin.
    pub(crate) fn origin(&self, origin: &str) -> Option<Arc<[Uuid]>> {
        let (tenants, read_at) = self.origins.get(origin)?;
        (read_at > self.everything_changed()).then_some(tenants)
    }

    pub(crate) fn keep_origin(&self, origin: &str, tenants: Arc<[Uuid]>, read_at: Instant) {
        self.origins.insert(origin.to_owned(), (tenants, read_at));
    }

    /// Notes that a user or tenant has changed. Which origins are whose may have, too.
    pub(crate) fn changed(&self, id: Uuid) {
        self.changed.insert(id, Instant::now());
        self.origins.invalidate_all();
        self.told.send_replace(());
    }

    /// Notes that anything may have changed: for a while, nobody told.
    pub(crate) fn all_changed(&self) {
        *self.lock() = Instant::now();
        self.told.send_replace(());
    }

    /// Wakes up whenever something is told to have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.told.subscribe()
    }

    fn changed_since(&self, id: Uuid, read_at: Instant) -> bool {
        self.changed.get(&id).is_some_and(|at| at >= read_at)
    }

    fn everything_changed(&self) -> Instant {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.everything
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn cache<K, V>(life: Duration) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(10_000)
        .time_to_live(life)
        .build()
}
