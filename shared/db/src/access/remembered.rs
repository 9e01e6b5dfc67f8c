//! What is remembered for a moment, so that not every request reads it again, and when it must be.

use crate::access::{accounts::Account, origins::OriginClaim};
use moka::sync::Cache;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tenant_auth::ApiKeyClaim;
use tokio::sync::{Mutex as Turn, watch};
use uuid::Uuid;

/// Whose account something that was shown opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bearer {
    pub(crate) tenant_id: Uuid,
    /// Whose changes are told: the user's, or the API key's.
    pub(crate) id: Uuid,
    pub(crate) shown: Shown,
}

/// What was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shown {
    /// The token of a login; those of the service before this one name none.
    Token(Option<Uuid>),
    /// An API key, by its SHA-256.
    ApiKey([u8; 32]),
}

impl Bearer {
    pub(crate) fn of_key(key: &ApiKeyClaim) -> Self {
        Self {
            tenant_id: key.tenant_id(),
            id: key.key_id(),
            shown: Shown::ApiKey(*key.hash()),
        }
    }
}

/// Something, and when its reading began. What changed after that may not be in it.
type Read<T> = (T, Instant);

/// The last reading of an account: when it began, and what it found. Whoever has this one reads next.
pub(crate) type LastReading = Arc<Turn<Option<(Instant, Option<Arc<Account>>)>>>;

/// How long those whom a change concerns may take until they look, so that they do not all do at once.
const SPREAD: Duration = Duration::from_secs(1);

/// Within what time lookups of origins that nobody allows are counted.
const WHILE: Duration = Duration::from_secs(5);

/// Every origin that some tenant allows.
type Origins = Arc<HashSet<String>>;

/// Accounts and origins as they were a moment ago.
#[derive(Clone)]
pub(crate) struct Remembered {
    life: Duration,
    accounts: Cache<Bearer, Read<Option<Arc<Account>>>>,
    origins: Cache<String, Read<OriginClaim>>,
    readings: Cache<Bearer, LastReading>,
    /// Every origin that some tenant allows.
    all_origins: Arc<Mutex<Option<Read<Origins>>>>,
    /// How many origins that no tenant allows were looked up, and since when.
    strangers: Arc<Mutex<(u32, Instant)>>,
    /// When a user or tenant changed. Kept for as long as something older could be remembered.
    changed: Cache<Uuid, Instant>,
    last: Arc<Mutex<Last>>,
    told: Arc<watch::Sender<()>>,
    heard: watch::Sender<bool>,
}

/// When something changed last.
#[derive(Clone, Copy)]
struct Last {
    /// Whatever it was: what was read later than that needs no further look.
    anything: Instant,
    /// A tenant: which origins are whose may have changed with it.
    any_tenant: Instant,
    /// And it could have been anything.
    everything: Instant,
}

impl Remembered {
    /// Nothing yet. `life` is how long a change may go unnoticed by the next request where nobody tells of it.
    pub(crate) fn nothing(life: Duration) -> Self {
        let now = Instant::now();
        let last = Last {
            anything: now,
            any_tenant: now,
            everything: now,
        };
        Self {
            life,
            accounts: cache(life),
            origins: cache(life),
            readings: cache(life),
            all_origins: Arc::default(),
            strangers: Arc::new(Mutex::new((0, now))),
            changed: cache(2 * life),
            last: Arc::new(Mutex::new(last)),
            told: Arc::default(),
            heard: watch::Sender::new(false),
        }
    }

    /// The account, or that there was none a moment ago.
    pub(crate) fn account(&self, bearer: &Bearer) -> Option<Option<Arc<Account>>> {
        let (account, read_at) = self.accounts.get(bearer)?;
        let last = *self.last();
        let changed = |id| self.changed.get(&id).is_some_and(|at| at >= read_at);
        let is_old = last.anything >= read_at
            && (last.everything >= read_at || changed(bearer.tenant_id) || changed(bearer.id));
        (!is_old).then_some(account)
    }

    /// Keeps what was read. That there is none is kept of keys alone: what ended a login may be taken back, and whoever
    /// takes it back does not wait.
    pub(crate) fn keep_account(
        &self,
        bearer: Bearer,
        account: Option<Arc<Account>>,
        read_at: Instant,
    ) {
        match (&account, bearer.shown) {
            (None, Shown::Token(_)) => self.accounts.invalidate(&bearer),
            _ => self.accounts.insert(bearer, (account, read_at)),
        }
    }

    /// The turn to read an account: one reads at a time, and who asked before that began need not.
    pub(crate) fn reading(&self, bearer: &Bearer) -> LastReading {
        self.readings.get_with(*bearer, LastReading::default)
    }

    /// How long to wait before a caller is looked at again, if something has changed since `then` that may concern it: its
    /// user, and then there are few; or its tenant, or anything.
    pub(crate) fn concerns(&self, bearer: &Bearer, then: Instant) -> Option<Duration> {
        let since = |at: Instant| at >= then;
        let changed = |id| self.changed.get(&id).is_some_and(since);
        if changed(bearer.id) {
            return Some(Duration::ZERO);
        }
        let everything = self.last().everything;
        let some_part = || SPREAD.mul_f64(f64::from(rand_byte()) / 256.0);
        (since(everything) || changed(bearer.tenant_id)).then(some_part)
    }

    /// Whose an origin is.
    pub(crate) fn origin(&self, origin: &str) -> Option<OriginClaim> {
        let (claim, read_at) = self.origins.get(origin)?;
        (read_at > self.last().any_tenant).then_some(claim)
    }

    pub(crate) fn keep_origin(&self, origin: &str, claim: OriginClaim, read_at: Instant) {
        if !claim.is_listed {
            let strangers = self.strangers.lock();
            let (count, since) = &mut *strangers.unwrap_or_else(PoisonError::into_inner);
            if since.elapsed() >= WHILE {
                (*count, *since) = (0, Instant::now());
            }
            *count += 1;
        }
        self.origins.insert(origin.to_owned(), (claim, read_at));
    }

    /// How many origins that nobody allows were looked up within the last five seconds.
    pub(crate) fn strangers(&self) -> u32 {
        let strangers = self.strangers.lock();
        let (count, since) = *strangers.unwrap_or_else(PoisonError::into_inner);
        if since.elapsed() < WHILE { count } else { 0 }
    }

    /// Every origin that some tenant allows.
    pub(crate) fn all_origins(&self) -> Option<Origins> {
        let all = self.all_origins.lock();
        let all = all.unwrap_or_else(PoisonError::into_inner).clone();
        let (origins, read_at) = all?;
        (read_at.elapsed() < self.life && read_at > self.last().any_tenant).then_some(origins)
    }

    pub(crate) fn keep_all_origins(&self, origins: &Origins, read_at: Instant) {
        let all = self.all_origins.lock();
        *all.unwrap_or_else(PoisonError::into_inner) = Some((origins.clone(), read_at));
    }

    /// Notes that a user has changed, or one of its logins.
    pub(crate) fn user_changed(&self, id: Uuid) {
        let now = Instant::now();
        self.changed.insert(id, now);
        self.last().anything = now;
        self.told.send_replace(());
    }

    /// Notes that a tenant has changed, or one of its keys: what a user's change means, and for origins as well.
    pub(crate) fn tenant_changed(&self, id: Uuid) {
        self.last().any_tenant = Instant::now();
        self.user_changed(id);
    }

    /// Notes that anything may have changed: for a while, nobody told.
    pub(crate) fn all_changed(&self) {
        let now = Instant::now();
        *self.last() = Last {
            anything: now,
            any_tenant: now,
            everything: now,
        };
        self.told.send_replace(());
    }

    /// Notes whether anybody listens now, who may not have before.
    pub(crate) fn hears(&self, heard: bool) {
        self.heard.send_replace(heard);
    }

    /// Wakes up whenever somebody may have missed what was told.
    pub(crate) fn heard(&self) -> watch::Receiver<bool> {
        self.heard.subscribe()
    }

    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        *self.heard.borrow()
    }

    /// Wakes up whenever something is told to have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.told.subscribe()
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Any byte.
fn rand_byte() -> u8 {
    Uuid::new_v4().as_bytes()[0]
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
