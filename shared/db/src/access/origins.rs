//! Which tenants a browser origin belongs to.

use crate::{Db, Result};
use std::time::Instant;
use uuid::Uuid;

/// What is known of a browser origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct OriginClaim {
    /// Whether an active tenant lists it.
    pub is_listed: bool,
    /// The active tenant for which a superuser has approved it. What a tenant alone says of an origin is no reason to
    /// refuse anybody.
    pub owner: Option<Uuid>,
}

impl Db {
    /// Whose `origin` is, at most 5 s old.
    pub async fn origin_claim(&self, origin: &str) -> Result<OriginClaim> {
        if let Some(known) = self.remembered.origin(origin) {
            return Ok(known);
        }
        let read_at = Instant::now();
        let mut tx = self.outside().await?;
        let claim: OriginClaim = sqlx::query_as("select is_listed, owner from origin_claim($1)")
            .bind(origin)
            .fetch_one(tx.conn())
            .await?;
        self.remembered.keep_origin(origin, claim, read_at);
        Ok(claim)
    }
}
