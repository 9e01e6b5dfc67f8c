//! Leaving: a tenant, a user or a visitor is erased, with a receipt; a tenant is taken to another deployment.

pub(crate) mod deleting;
pub(crate) mod moving;
pub(crate) mod receipts;
pub(crate) mod tables;

use crate::{Db, Result, Whose};
use uuid::Uuid;

impl Db {
    /// The tenant with a slug, if there is one.
    pub(crate) async fn tenant_of_slug(&self, slug: &str) -> Result<Option<Uuid>> {
        let mut tx = self.outside_as_platform(Whose::SERVICE).await?;
        let tenant = sqlx::query_scalar("select id from tenants where slug = $1")
            .bind(slug)
            .fetch_optional(tx.conn())
            .await?;
        Ok(tenant)
    }
}
