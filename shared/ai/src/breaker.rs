//! Leaving a provider alone that does not answer, and bounding how much it is asked again.
//!
//! All of it is kept for each provider and key, so that what one tenant's key meets is nobody else's loss.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::{Error, Event};

/// How many of the last calls are looked at, and how many of them must have failed.
const WINDOW: usize = 20;
const MOST_FAILED: usize = WINDOW / 2;

/// How often in a row a key may be refused.
const MOST_REFUSED: u32 = 5;

/// How long nothing is sent, and then one call to see.
const PAUSE: Duration = Duration::from_secs(10);

/// What asking again may cost: each call earns a tenth of one, and so many are there to begin with.
const EARNED: f64 = 0.1;
const SAVED: f64 = 4.0;

/// After so long without a call, what was is no sign of what is.
const MEMORY: Duration = Duration::from_secs(300);

/// The breakers of one process.
#[derive(Clone, Debug)]
pub(crate) struct Breakers {
    cells: Cache<u64, Arc<Mutex<Cell>>>,
    /// Of random keys: nobody can choose a key that meets another's.
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Cell {
    /// Whether each of the last calls was answered, newest last.
    last: VecDeque<bool>,
    refused_in_a_row: u32,
    open: Option<Open>,
    /// Of what was [`SAVED`], how much is spent.
    spent: f64,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    /// Whether a call is on its way to see.
    is_probed: bool,
    why: Error,
}

impl Breakers {
    pub(crate) fn new() -> Self {
        let cells = Cache::builder().max_capacity(10_000).time_to_idle(MEMORY);
        Breakers {
            cells: cells.build(),
            hasher: RandomState::new(),
        }
    }

    /// Permission for one call of `service` with `key`.
    ///
    /// # Errors
    /// The reason why there should be none now.
    pub(crate) fn admit(&self, service: &str, key: Option<&SecretString>) -> Result<Permit, Error> {
        let key = key.map(|key| key.expose_secret());
        let hash = self.hasher.hash_one((service, key));
        let cell = self.cells.get_with(hash, Default::default);
        let is_probe = locked(&cell).admit(Instant::now())?;
        Ok(Permit {
            service: service.to_owned(),
            cell,
            is_probe,
        })
    }
}

impl Cell {
    /// Whether this call is the one to see.
    fn admit(&mut self, now: Instant) -> Result<bool, Error> {
        if let Some(open) = &mut self.open {
            if open.is_probed || now < open.until {
                return Err(open.why.clone());
            }
            open.is_probed = true;
        }
        self.spent = (self.spent - EARNED).max(0.0);
        Ok(self.open.is_some())
    }

    /// Takes how a call ended; whether that is the end of calls for now.
    fn saw(&mut self, error: Option<&Error>, is_probe: bool, now: Instant) -> bool {
        if is_probe {
            self.open = None;
            self.last.clear();
        }
        self.refused_in_a_row = match error {
            Some(Error::Auth) => self.refused_in_a_row + 1,
            _ => 0,
        };
        match error {
            None => self.last.push_back(true),
            Some(error) if is_down(error) => self.last.push_back(false),
            // It answers, if not as one would like.
            Some(_) => {}
        }
        if self.last.len() > WINDOW {
            self.last.pop_front();
        }
        let failed = self.last.iter().filter(|good| !**good).count();
        let is_full = self.last.len() == WINDOW && failed >= MOST_FAILED;
        let why = match error {
            Some(Error::Auth) if is_probe || self.refused_in_a_row >= MOST_REFUSED => Error::Auth,
            Some(error) if is_down(error) && (is_probe || is_full) => Error::Unavailable,
            _ => return false,
        };
        self.open = Some(Open {
            until: now + PAUSE,
            is_probed: false,
            why,
        });
        true
    }

    fn spend(&mut self) -> bool {
        let may = self.spent + 1.0 <= SAVED;
        self.spent += f64::from(u8::from(may));
        may
    }
}

fn is_down(error: &Error) -> bool {
    matches!(
        error,
        Error::Timeout | Error::Unreachable | Error::Unavailable | Error::Interrupted
    )
}

fn locked(cell: &Mutex<Cell>) -> MutexGuard<'_, Cell> {
    // Nothing that is done under the lock leaves it half done.
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One call. Dropped without an end, it says nothing about the provider.
pub(crate) struct Permit {
    service: String,
    cell: Arc<Mutex<Cell>>,
    is_probe: bool,
}

impl Permit {
    /// Whether to ask once more is within what it may cost. It counts as done.
    pub(crate) fn spend(&self) -> bool {
        locked(&self.cell).spend()
    }

    /// Takes how the call ended, which is to be told once.
    pub(crate) fn saw(&self, error: Option<&Error>) {
        let opened = locked(&self.cell).saw(error, self.is_probe, Instant::now());
        if opened {
            let (service, seconds) = (&self.service, PAUSE.as_secs());
            tracing::warn!(service, seconds, "a provider is left alone, for one key");
        }
    }

    /// As [`Permit::saw`], of an item of an answer, if that is its end.
    pub(crate) fn saw_item(&self, item: &Result<Event, Error>) {
        match item {
            Ok(Event::Done { .. }) => self.saw(None),
            Ok(Event::Delta(_) | Event::Reasoning(_)) => {}
            Err(error) => self.saw(Some(error)),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Otherwise nobody would ever see whether it is back.
        if self.is_probe
            && let Some(open) = &mut locked(&self.cell).open
        {
            open.is_probed = false;
        }
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
