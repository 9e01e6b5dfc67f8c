//! Which tenants a browser origin belongs to.

use crate::{Db, Need, Result, Whose};
use std::{collections::HashSet, sync::Arc, time::Instant};
use uuid::Uuid;

/// So many origins that nobody allows are looked up one by one within five seconds. Until then the connection for all of
/// them is not needed, which functions would otherwise hold in addition.
const STRANGERS: u32 = 20;

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
    pub async fn origin_claim(&self, origin: &str, whose: Whose) -> Result<OriginClaim> {
        if let Some(known) = self.remembered.origin(origin) {
            return Ok(known);
        }
        // Anybody can make up origins. When many do, the database is asked once for all of them.
        if self.remembered.strangers() >= STRANGERS && !self.all_origins().await?.contains(origin) {
            return Ok(OriginClaim::default());
        }
        let read_at = Instant::now();
        let mut tx = self.outside(whose, Need::Asked).await?;
        let claim: OriginClaim = sqlx::query_as("select is_listed, owner from origin_claim($1)")
            .bind(origin)
            .fetch_one(tx.conn())
            .await?;
        self.remembered.keep_origin(origin, claim, read_at);
        Ok(claim)
    }

    /// All origins that active tenants allow, at most 5 s old. Whoever asks while they are being read waits for them.
    async fn all_origins(&self) -> Result<Arc<HashSet<String>>> {
        if let Some(known) = self.remembered.all_origins() {
            return Ok(known);
        }
        let _reading = self.reading_origins.lock().await;
        if let Some(known) = self.remembered.all_origins() {
            return Ok(known);
        }
        let read_at = Instant::now();
        let mut tx = self.outside_as_platform(Whose::SERVICE).await?;
        let origins: Vec<String> = sqlx::query_scalar(
            "select distinct unnest(allowed_origins) from tenants where status = 'active'",
        )
        .fetch_all(tx.conn())
        .await?;
        let origins = Arc::new(HashSet::from_iter(origins));
        self.remembered.keep_all_origins(&origins, read_at);
        Ok(origins)
    }
}
