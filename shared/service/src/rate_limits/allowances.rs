//! What a process knows of limits, so that what is within them, and what is far beyond, costs the database nothing.

use crate::{Error, Result};
use db::{Exhausted, RateLimit};
use moka::sync::Cache;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What is known of a limit is forgotten after that time, in which every bucket becomes full.
const MEMORY: Duration = Duration::from_secs(60);

/// Which part of what is allowed in a minute each process lets through before it asks.
const TRUST: u32 = 10;

/// Those who have tried too often, until when: whatever else they send costs the database nothing. Forgets some where they
/// are very many, and then the database says it again.
#[derive(Clone)]
pub(crate) struct Flooding(Cache<String, (Instant, Exhausted)>);

impl Flooding {
    pub(crate) fn nobody() -> Self {
        Self(cache())
    }

    /// # Errors
    /// 429: it is known that there is none left.
    pub(crate) fn check(&self, limit: &RateLimit) -> Result<()> {
        let Some((until, exhausted)) = self.0.get(&limit.key) else {
            return Ok(());
        };
        let wait = until.saturating_duration_since(Instant::now());
        match wait.is_zero() {
            true => Ok(()),
            false => Err(Error::TooMany(Exhausted { wait, ..exhausted })),
        }
    }

    pub(super) fn is(&self, limit: &RateLimit, exhausted: Exhausted) {
        let until = Instant::now() + exhausted.wait;
        self.0.insert(limit.key.clone(), (until, exhausted));
    }
}

/// What was let through and not told to the database yet, by limit.
#[derive(Clone)]
pub(crate) struct Allowances(Cache<String, Arc<Mutex<Allowance>>>);

/// Of one limit.
struct Allowance {
    untold: u32,
    /// So much may be untold.
    credit: u32,
}

impl Allowances {
    pub(crate) fn none() -> Self {
        Self(cache())
    }

    /// Lets one through, or says for how many it is time to ask.
    pub(super) fn spend(&self, limit: &RateLimit) -> Option<u32> {
        let new = || {
            Arc::new(Mutex::new(Allowance {
                untold: 0,
                credit: credit(limit),
            }))
        };
        let allowance = match self.0.get(&limit.key) {
            Some(known) => known,
            None => self.0.get_with(limit.key.clone(), new),
        };
        let mut allowance = allowance.lock().unwrap_or_else(PoisonError::into_inner);
        allowance.untold += 1;
        let due = allowance.untold >= allowance.credit;
        due.then(|| std::mem::take(&mut allowance.untold))
    }

    /// So many remain, of which other processes take some as well.
    pub(super) fn remain(&self, limit: &RateLimit, left: u32) {
        if let Some(allowance) = self.0.get(&limit.key) {
            let mut allowance = allowance.lock().unwrap_or_else(PoisonError::into_inner);
            allowance.credit = left.clamp(1, credit(limit));
        }
    }
}

fn credit(limit: &RateLimit) -> u32 {
    (limit.per_minute / TRUST).max(1)
}

fn cache<V: Clone + Send + Sync + 'static>() -> Cache<String, V> {
    let cache = Cache::builder().max_capacity(10_000);
    cache.time_to_live(MEMORY).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `asked` are let through, and how often the database is asked, which has `bucket` tokens.
    fn through(per_minute: u32, asked: u32, mut bucket: u32) -> (u32, u32) {
        let allowances = Allowances::none();
        let limit = RateLimit::new("tests", "somebody", per_minute);
        let (mut passed, mut questions) = (0, 0);
        for _ in 0..asked {
            let Some(tokens) = allowances.spend(&limit) else {
                passed += 1;
                continue;
            };
            questions += 1;
            if bucket > 0 {
                passed += 1;
                bucket = bucket.saturating_sub(tokens);
                allowances.remain(&limit, bucket);
            }
        }
        (passed, questions)
    }

    #[test] // R79
    fn what_is_ordinary_is_not_asked_for_and_a_flood_gets_what_there_is() {
        assert_eq!(through(300, 29, 300), (29, 0));
        assert_eq!(through(300, 300, 300), (300, 10));
        assert_eq!(through(300, 1000, 300).0, 300);
        assert_eq!(through(5, 20, 5), (5, 20));
        assert_eq!(through(10, 20, 10).0, 10);
        // Another process has taken some: at most a tenth more is let through.
        assert!(through(300, 1000, 100).0 <= 130);
    }
}
