//! Whose pages may call: the deployment's origins for every tenant, a tenant's own for that tenant.

use crate::{Origin, Result, Service};
use db::{Caller, OriginClaim, Whose};
use std::net::IpAddr;

impl Service {
    /// Whether pages of `origin` may call for every tenant.
    pub fn is_deployments_origin(&self, origin: &str) -> bool {
        let listed = self.config.cors_origins.iter();
        listed.map(Origin::as_str).any(|o| o == origin)
            || (self.config.local_origins && Origin::is_local(origin))
    }

    /// Whether pages of `origin` may call for any tenant; at most 5 s old.
    ///
    /// # Errors
    /// The database is away.
    pub async fn is_known_origin(&self, origin: &str, client: Option<IpAddr>) -> Result<bool> {
        let whose = Whose::client(client);
        Ok(self.is_deployments_origin(origin) || self.origin_claim(origin, whose).await?.is_listed)
    }

    /// Whether the tenant of `caller` allows pages of `origin`.
    pub fn allows_origin(&self, caller: &Caller, origin: &str) -> bool {
        let own = &caller.account().tenant.allowed_origins;
        self.is_deployments_origin(origin) || own.iter().any(|o| o == origin)
    }

    /// Whether a superuser has said that `origin` is another tenant's than that of `caller`; at most 5 s old.
    ///
    /// # Errors
    /// The database is away.
    pub async fn is_anothers_origin(&self, caller: &Caller, origin: &str) -> Result<bool> {
        let owner = self.origin_claim(origin, caller.whose()).await?.owner;
        Ok(owner.is_some_and(|owner| owner != caller.tenant_id()))
    }

    async fn origin_claim(&self, origin: &str, whose: Whose) -> Result<OriginClaim> {
        // Nothing longer is an origin; it must not fill the cache.
        if origin.len() > Origin::MAX_LENGTH {
            return Ok(OriginClaim::default());
        }
        Ok(self.db.origin_claim(origin, whose).await?)
    }
}
