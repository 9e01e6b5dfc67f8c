//! Who waits for a thread, and whose turn it is.

use super::Memory;
use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// Jobs that may wait. With one thread and 30 ms a hash, about what fits into
/// [`MAX_WAIT`](super::MAX_WAIT).
pub(super) const PLACES: usize = 32;

/// Does its work in the memory, or without one tells whoever waits for it that there was no room.
pub(super) type Job = Box<dyn FnOnce(Option<&mut Memory>) + Send>;

/// For whom a password is hashed or checked: where more want it than there is room for, logins come before everything
/// else, and no tenant has more than half of the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Somebody who logs in, to this tenant if one was named that there is. Never the tenant of an account that was only
    /// found: whether there is one must not show.
    Login(Option<Uuid>),
    /// Whatever else hashes a password, in this tenant if in one.
    Other(Option<Uuid>),
}

impl Turn {
    fn tenant(self) -> Option<Uuid> {
        let (Self::Login(tenant) | Self::Other(tenant)) = self;
        tenant
    }

    fn is_login(self) -> bool {
        matches!(self, Self::Login(_))
    }
}

struct Waiting {
    turn: Turn,
    job: Job,
}

/// The queue in front of the threads.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Default)]
struct State {
    /// Oldest first.
    waiting: VecDeque<Waiting>,
    closed: bool,
}

/// What a thread finds when it asks for work.
pub(super) enum Next {
    Job(Job),
    Nothing,
    Closed,
}

impl Queue {
    /// Puts a job in. Without room, it or one that has less right to its place is told so.
    pub(super) fn push(&self, turn: Turn, job: Job) {
        let mut state = self.lock();
        let out = match state.waiting.len() < PLACES {
            true => None,
            false => match state.least_entitled(turn) {
                Some(at) => state.waiting.remove(at).map(|gone| gone.job),
                None => return job(None),
            },
        };
        state.waiting.push_back(Waiting { turn, job });
        drop(state);
        self.ready.notify_one();
        if let Some(job) = out {
            job(None);
        }
    }

    /// The next job: the oldest of a login, else the oldest. Waits for one for at most `patience`.
    pub(super) fn next(&self, patience: Duration) -> Next {
        let idle = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let waited = self.ready.wait_timeout_while(self.lock(), patience, idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let first_login = state.waiting.iter().position(|w| w.turn.is_login());
        match state.waiting.remove(first_login.unwrap_or(0)) {
            Some(next) => Next::Job(next.job),
            None if state.closed => Next::Closed,
            None => Next::Nothing,
        }
    }

    /// Lets the threads end once nothing waits.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whose place a newcomer takes: for a login, the youngest that is none; else the youngest of a tenant with more
    /// than half of the places, if the newcomer's has fewer. None: the newcomer itself has to go.
    fn least_entitled(&self, newcomer: Turn) -> Option<usize> {
        let youngest =
            |fits: &dyn Fn(Turn) -> bool| self.waiting.iter().rposition(|w| fits(w.turn));
        if newcomer.is_login()
            && let Some(at) = youngest(&|turn| !turn.is_login())
        {
            return Some(at);
        }
        let places = |tenant| {
            let its = self.waiting.iter().filter(|w| w.turn.tenant() == tenant);
            its.count()
        };
        if places(newcomer.tenant()) >= PLACES / 2 {
            return None;
        }
        youngest(&|turn| {
            (newcomer.is_login() || !turn.is_login()) && places(turn.tenant()) > PLACES / 2
        })
    }
}
