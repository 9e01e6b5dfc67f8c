//! Who may use what there are few of, such as connections, and who is next: fair by tenant, and within a tenant by user.

mod line;

use line::Line;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::timeout};
use uuid::Uuid;

/// So many of one tenant may wait; more are told at once that there is no room.
const MOST_WAITING: usize = 1_000;

/// Where another tenant has asked within this time, a tenant has at most half.
const RECENTLY: Duration = Duration::from_secs(1);

/// For whom something is done. Whoever belongs to no tenant yet, such as those who log in and preflights, belongs with all
/// others of that kind, and what the service does for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Whose {
    tenant: Option<Uuid>,
    /// A user, or the network of a client.
    who: Uuid,
}

impl Whose {
    /// The service itself.
    pub const SERVICE: Self = Self {
        tenant: None,
        who: Uuid::nil(),
    };

    /// A user of a tenant.
    pub fn user(tenant: Uuid, who: Uuid) -> Self {
        let tenant = Some(tenant);
        Self { tenant, who }
    }

    /// A tenant, whoever of it.
    pub fn tenant(tenant: Uuid) -> Self {
        Self::user(tenant, Uuid::nil())
    }

    /// A client whose tenant is not known.
    pub fn client(ip: Option<IpAddr>) -> Self {
        let number = match ip.map(network) {
            None => 0,
            Some(IpAddr::V4(ip)) => u32::from(ip).into(),
            Some(IpAddr::V6(ip)) => ip.into(),
        };
        Self {
            tenant: None,
            who: Uuid::from_u128(number),
        }
    }
}

/// What one client has to itself: an address, or with IPv6 the network that a household is given, a /64 (RFC 6177).
pub fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) >> 64 << 64).into()),
        v4 => v4,
    }
}

/// How much it matters that it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A request that nothing has been done for: where it waits for too long, it is refused.
    Asked,
    /// The rest of what has begun, such as an answer that is to be stored: it goes before what its tenant asks anew.
    Begun,
}

/// How many there are.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// So many for each tenant.
    ForEach(usize),
    /// So many in all, of which one tenant has at most half while others want some, too.
    Shared(usize),
}

/// The slots, and those who wait for one.
#[derive(Clone, Debug)]
pub struct Slots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    rule: Rule,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many are taken, by tenant; none of those that have none.
    taken: HashMap<Option<Uuid>, usize>,
    /// Who waits, in the order of their turns: a tenant goes to the end when it was its turn.
    waiting: Vec<(Option<Uuid>, Line<oneshot::Sender<Slot>>)>,
    /// Who asked last and when, and when the last one that was another did.
    last: Option<(Option<Uuid>, Instant)>,
    last_other: Option<Instant>,
}

/// The right to use one, until it is dropped.
#[derive(Debug)]
pub struct Slot {
    of: Arc<Shared>,
    tenant: Option<Uuid>,
}

impl Slots {
    /// So many for each tenant, whatever the others do.
    pub fn for_each(most: usize) -> Self {
        Self::new(Rule::ForEach(most))
    }

    /// So many in all.
    pub fn shared(all: usize) -> Self {
        Self::new(Rule::Shared(all))
    }

    fn new(rule: Rule) -> Self {
        let state = Mutex::new(State {
            taken: HashMap::new(),
            waiting: Vec::new(),
            last: None,
            last_other: None,
        });
        Self(Arc::new(Shared { rule, state }))
    }

    /// A slot; none if its turn does not come within `patience`, or too many of its tenant wait already.
    pub async fn take(&self, whose: Whose, need: Need, patience: Duration) -> Option<Slot> {
        let turn = {
            let mut state = self.0.lock();
            state.asks(whose.tenant);
            if state.may_take(self.0.rule, whose.tenant) && !state.waits(whose.tenant) {
                return Some(self.0.clone().taken(&mut state, whose.tenant));
            }
            state.wait(whose, need)?
        };
        // What is sent to one who has left in the meantime is dropped with the channel, and thereby given back.
        timeout(patience, turn).await.ok()?.ok()
    }

    /// How many are taken, and how many wait for one.
    pub fn count(&self) -> (usize, usize) {
        let state = self.0.lock();
        let waiting = state.waiting.iter().flat_map(|(_, line)| line.iter());
        let waiting = waiting.filter(|turn| !turn.is_closed()).count();
        (state.taken.values().sum(), waiting)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(self: Arc<Self>, state: &mut State, tenant: Option<Uuid>) -> Slot {
        *state.taken.entry(tenant).or_default() += 1;
        Slot { of: self, tenant }
    }
}

impl State {
    fn asks(&mut self, tenant: Option<Uuid>) {
        let now = Instant::now();
        match self.last {
            Some((last, at)) if last != tenant => self.last_other = Some(at),
            _ => {}
        }
        self.last = Some((tenant, now));
    }

    /// Whether anybody else wants some.
    fn is_contended(&self, tenant: Option<Uuid>) -> bool {
        let other_asked = match self.last {
            Some((last, at)) if last != tenant => Some(at),
            _ => self.last_other,
        };
        self.taken.keys().any(|other| *other != tenant)
            || self.waiting.iter().any(|(other, _)| *other != tenant)
            || other_asked.is_some_and(|at| at.elapsed() < RECENTLY)
    }

    fn may_take(&self, rule: Rule, tenant: Option<Uuid>) -> bool {
        let its = self.taken.get(&tenant).copied().unwrap_or_default();
        match rule {
            Rule::ForEach(most) => its < most,
            Rule::Shared(all) => {
                let taken: usize = self.taken.values().sum();
                taken < all && (its < (all / 2).max(1) || !self.is_contended(tenant))
            }
        }
    }

    fn waits(&self, tenant: Option<Uuid>) -> bool {
        self.waiting.iter().any(|(waiting, _)| *waiting == tenant)
    }

    /// Joins the line; none if that is too long.
    fn wait(&mut self, whose: Whose, need: Need) -> Option<oneshot::Receiver<Slot>> {
        let lines = &mut self.waiting;
        let at = lines.iter().position(|(tenant, _)| *tenant == whose.tenant);
        let at = at.unwrap_or_else(|| {
            lines.push((whose.tenant, Line::default()));
            lines.len() - 1
        });
        let line = &mut lines[at].1;
        if line.len() >= MOST_WAITING {
            line.retain(|turn| !turn.is_closed());
        }
        if line.len() >= MOST_WAITING {
            return None;
        }
        let (turn, told) = oneshot::channel();
        line.push(whose.who, need, turn);
        Some(told)
    }

    /// Whose turn it is, if it is anybody's.
    fn next(&mut self, rule: Rule) -> Option<(Option<Uuid>, oneshot::Sender<Slot>)> {
        let mut at = 0;
        while at < self.waiting.len() {
            let tenant = self.waiting[at].0;
            if !self.may_take(rule, tenant) {
                at += 1;
                continue;
            }
            let (_, mut line) = self.waiting.remove(at);
            // Whoever has left takes no turn.
            let turn = std::iter::from_fn(|| line.pop()).find(|turn| !turn.is_closed());
            if !line.is_empty() {
                self.waiting.push((tenant, line));
            }
            if let Some(turn) = turn {
                return Some((tenant, turn));
            }
        }
        None
    }
}

impl Drop for Slot {
    /// Gives it to whoever is next.
    fn drop(&mut self) {
        let mut state = self.of.lock();
        if let Some(taken) = state.taken.get_mut(&self.tenant) {
            *taken -= 1;
            if *taken == 0 {
                state.taken.remove(&self.tenant);
            }
        }
        let mut turns = Vec::new();
        while let Some((tenant, turn)) = state.next(self.of.rule) {
            turns.push((self.of.clone().taken(&mut state, tenant), turn));
        }
        drop(state);
        for (slot, turn) in turns {
            // Who has left just now gives it back by not taking it.
            drop(turn.send(slot));
        }
    }
}

#[cfg(test)]
mod tests;
