//! What should happen seldom, counted since the process began, for whoever watches the service.

use crate::Db;
use prometheus_client::{
    metrics::{counter::Counter, histogram::Histogram},
    registry::Registry,
};

/// Bounds, in seconds, of what is waited for at the database.
const WAITS: [f64; 10] = [0.0005, 0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// The counters of one service. Clones count together.
#[derive(Clone, Debug)]
pub struct Counters {
    /// Requests that were refused for a role or a page (403).
    pub authz_denied: Counter,
    /// Rows of other tenants that a vector index gave, and nobody was shown.
    pub cross_tenant_drop: Counter,
    /// Provider keys that could not be opened.
    pub decrypt_failed: Counter,
    /// Answers that a tenant's second provider was asked for, since the first could not.
    pub fallback_used: Counter,
    /// Logins that failed (401).
    pub login_failed: Counter,
    /// Answers that were asked of a model which its provider switches off within 60 days, or has.
    pub model_ending: Counter,
    /// Requests that waited too long for their turn at the database (503), and whatever else did.
    pub overloaded: Counter,
    /// Attempts that came too often (429).
    pub rate_limited: Counter,
    /// Refresh tokens that were used twice.
    pub refresh_reuse: Counter,
    /// Reads that were done at the replica.
    pub replica_read: Counter,
    /// Reads that were done at the primary, since the replica was not fit for them.
    pub replica_missed: Counter,
    /// Connections that came back in a transaction.
    pub stale_tx_closed: Counter,
    /// How long requests, and the like, wait for their turn to use a connection, whether or not it comes.
    pub(crate) queue: Histogram,
    /// How long they wait for a connection then: one that is idle, or is opened.
    pub(crate) pool: Histogram,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            authz_denied: Counter::default(),
            cross_tenant_drop: Counter::default(),
            decrypt_failed: Counter::default(),
            fallback_used: Counter::default(),
            login_failed: Counter::default(),
            model_ending: Counter::default(),
            overloaded: Counter::default(),
            rate_limited: Counter::default(),
            refresh_reuse: Counter::default(),
            replica_read: Counter::default(),
            replica_missed: Counter::default(),
            stale_tx_closed: Counter::default(),
            queue: Histogram::new(WAITS),
            pool: Histogram::new(WAITS),
        }
    }
}

impl Db {
    /// What this service has counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl Counters {
    /// Puts each into `registry`, under the name of its field.
    pub fn register(&self, registry: &mut Registry) {
        let mut put =
            |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        put(
            "authz_denied",
            "Requests that were refused for a role or a page",
            &self.authz_denied,
        );
        put(
            "cross_tenant_drop",
            "Rows of other tenants that a vector index gave, and that were dropped",
            &self.cross_tenant_drop,
        );
        put(
            "decrypt_failed",
            "Provider keys that could not be opened",
            &self.decrypt_failed,
        );
        put(
            "fallback_used",
            "Answers that a tenant's second provider was asked for, since the first could not",
            &self.fallback_used,
        );
        put("login_failed", "Logins that failed", &self.login_failed);
        put(
            "model_ending",
            "Answers asked of a model that its provider switches off within 60 days",
            &self.model_ending,
        );
        put(
            "overloaded",
            "Requests that waited too long for their turn at the database",
            &self.overloaded,
        );
        put(
            "rate_limited",
            "Attempts that came too often",
            &self.rate_limited,
        );
        put(
            "refresh_reuse",
            "Refresh tokens that were used twice",
            &self.refresh_reuse,
        );
        put(
            "replica_read",
            "Reads that were done at the replica",
            &self.replica_read,
        );
        put(
            "replica_missed",
            "Reads that were done at the primary, since the replica was not fit for them",
            &self.replica_missed,
        );
        put(
            "stale_tx_closed",
            "Database connections that came back in a transaction",
            &self.stale_tx_closed,
        );
        registry.register(
            "database_queue_seconds",
            "Waiting for one's turn to use a database connection",
            self.queue.clone(),
        );
        registry.register(
            "database_pool_seconds",
            "Waiting for a database connection in one's turn: one that is idle, or is opened",
            self.pool.clone(),
        );
    }
}
