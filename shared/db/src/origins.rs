//! Which tenants a browser origin belongs to.

use crate::{Db, Result};
use uuid::Uuid;

impl Db {
    /// The active tenants that allow `origin`, by id and slug; at most 100.
    pub async fn tenants_of_origin(&self, origin: &str) -> Result<Vec<(Uuid, String)>> {
        let mut tx = self.outside().await?;
        let tenants = sqlx::query_as("select id, slug from tenants_of_origin($1)")
            .bind(origin)
            .fetch_all(&mut *tx)
            .await?;
        Ok(tenants)
    }
}
