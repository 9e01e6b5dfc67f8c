//! Which tenants a browser origin belongs to.

use crate::{Db, Result};
use std::{sync::Arc, time::Instant};
use uuid::Uuid;

impl Db {
    /// The active tenants that allow `origin`, by id and slug; at most 100.
    pub(crate) async fn tenants_of_origin(&self, origin: &str) -> Result<Vec<(Uuid, String)>> {
        let mut tx = self.outside().await?;
        let tenants = sqlx::query_as("select id, slug from tenants_of_origin($1)")
            .bind(origin)
            .fetch_all(tx.conn())
            .await?;
        Ok(tenants)
    }

    /// The ids of those tenants, at most 5 s old.
    pub async fn who_allows(&self, origin: &str) -> Result<Arc<[Uuid]>> {
        if let Some(known) = self.remembered.origin(origin) {
            return Ok(known);
        }
        let read_at = Instant::now();
        let tenants = self.tenants_of_origin(origin).await?;
        let tenants: Arc<[Uuid]> = tenants.into_iter().map(|(id, _)| id).collect();
        self.remembered
            .keep_origin(origin, tenants.clone(), read_at);
        Ok(tenants)
    }
}
