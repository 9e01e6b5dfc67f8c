//! What is worth a line in the log, but not one for every time that somebody makes it happen.

use moka::sync::Cache;
use std::time::Duration;

/// How long something that was told is not told again.
const PAUSE: Duration = Duration::from_secs(60);
/// So many things are told within that time, whoever makes them up.
const MOST: u64 = 1_000;

/// Tells the first time from the next ones, for each of some things that clients name.
#[derive(Clone)]
pub(crate) struct Seldom(Cache<String, ()>);

impl Seldom {
    pub(crate) fn new() -> Self {
        let cache = Cache::builder().max_capacity(MOST).time_to_live(PAUSE);
        Self(cache.build())
    }

    /// Whether `thing` should be told now: not within the last minute, nor after very many others.
    pub(crate) fn is_new(&self, thing: &str) -> bool {
        if self.0.contains_key(thing) || self.0.entry_count() >= MOST {
            return false;
        }
        self.0.entry(thing.to_owned()).or_insert(()).is_fresh()
    }
}
