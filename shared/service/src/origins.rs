//! Whose pages may call: the deployment's origins for every tenant, a tenant's own for that tenant.

use crate::{Origin, Result, Service};
use db::Caller;
use std::sync::Arc;
use uuid::Uuid;

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
    pub async fn is_known_origin(&self, origin: &str) -> Result<bool> {
        Ok(self.is_deployments_origin(origin) || !self.tenants_of_origin(origin).await?.is_empty())
    }

    /// Whether a token of `caller` may come from a page of `origin`: it may not from one of another tenant.
    ///
    /// # Errors
    /// The database is away.
    pub async fn may_call_from(&self, caller: &Caller, origin: &str) -> Result<bool> {
        let own = &caller.account().tenant.allowed_origins;
        if self.is_deployments_origin(origin) || own.iter().any(|o| o == origin) {
            return Ok(true);
        }
        Ok(self.tenants_of_origin(origin).await?.is_empty())
    }

    async fn tenants_of_origin(&self, origin: &str) -> Result<Arc<[Uuid]>> {
        // Nothing longer is an origin; it must not fill the cache.
        if origin.len() > Origin::MAX_LENGTH {
            return Ok([].into());
        }
        Ok(self.db.who_allows(origin).await?)
    }
}
