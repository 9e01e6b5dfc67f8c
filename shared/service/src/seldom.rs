//! What is worth telling, but not every time that somebody makes it happen.

use moka::sync::Cache;
use std::time::Duration;

/// How long something that was told is not told again.
const PAUSE: Duration = Duration::from_secs(60);
/// So many things are known to have been told.
const KNOWN: u64 = 10_000;

/// Tells the first time within a minute from the next ones, for each of some things.
#[derive(Clone)]
pub struct Seldom {
    told: Cache<String, ()>,
    most: u64,
}

impl Seldom {
    /// For things that clients make up: of very many within a minute, the rest is not told.
    pub fn of_many() -> Self {
        Self::new(1_000)
    }

    /// For what must be told however much there is of it: then some of it is told again.
    pub fn without_bound() -> Self {
        Self::new(u64::MAX)
    }

    fn new(most: u64) -> Self {
        let told = Cache::builder().max_capacity(KNOWN).time_to_live(PAUSE);
        let told = told.build();
        Self { told, most }
    }

    /// Whether `thing` should be told now.
    pub fn is_new(&self, thing: &str) -> bool {
        if self.told.contains_key(thing) || self.told.entry_count() >= self.most {
            return false;
        }
        self.told.entry(thing.to_owned()).or_insert(()).is_fresh()
    }

    /// Takes it back: `thing` could not be told.
    pub fn forget(&self, thing: &str) {
        self.told.invalidate(thing);
    }
}
