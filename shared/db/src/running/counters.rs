//! What should happen seldom, counted since the process began, for whoever watches the service.

use crate::Db;
use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// The counters of one service. Clones count together.
#[derive(Clone, Debug, Default)]
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
    /// Connections that came back in a transaction.
    pub stale_tx_closed: Counter,
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
            "stale_tx_closed",
            "Database connections that came back in a transaction",
            &self.stale_tx_closed,
        );
    }
}
