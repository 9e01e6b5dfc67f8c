//! The superusers' view: which tenants there are.

use crate::{
    PageOf, PlatformTx, Result, TenantAdmin,
    tenants::{Tenant, TenantStatus, tenant_columns},
};
use uuid::Uuid;

/// What a tenant starts with; everything else has a default and can be edited.
#[derive(Debug)]
pub struct NewTenant {
    /// The name in URLs and logins; unique, immutable.
    pub slug: String,
    /// The name for people.
    pub name: String,
}

impl PlatformTx {
    /// Creates a tenant. A taken slug is refused by the constraint `tenants_slug_key`.
    pub async fn create_tenant(&mut self, new: &NewTenant) -> Result<Uuid> {
        let id = Uuid::now_v7();
        sqlx::query("insert into tenants (id, slug, name) values ($1, $2, $3)")
            .bind(id)
            .bind(&new.slug)
            .bind(&new.name)
            .execute(self.conn())
            .await?;
        self.audit(id, "tenant.create").await?;
        Ok(id)
    }

    /// The tenants, newest first.
    pub async fn tenants(&mut self, page: PageOf) -> Result<Vec<Tenant>> {
        let sql = concat!(
            "select ",
            tenant_columns!(),
            " from tenants t
             where $1::uuid is null or t.id < $1
             order by t.id desc
             limit $2"
        );
        let rows = sqlx::query_as(sql).bind(page.after).bind(page.limit);
        Ok(rows.fetch_all(self.conn()).await?)
    }

    /// One tenant.
    pub async fn tenant(&mut self, id: Uuid) -> Result<Option<Tenant>> {
        let sql = concat!(
            "select ",
            tenant_columns!(),
            " from tenants t where t.id = $1"
        );
        Ok(sqlx::query_as(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?)
    }

    /// Lets a tenant's users in, or keeps them out.
    pub async fn set_status(&mut self, id: Uuid, status: TenantStatus) -> Result<()> {
        sqlx::query("update tenants set status = $2, updated_at = now() where id = $1")
            .bind(id)
            .bind(status)
            .execute(self.conn())
            .await?;
        let action = match status {
            TenantStatus::Active => "tenant.activate",
            TenantStatus::Suspended => "tenant.suspend",
        };
        self.audit(id, action).await
    }

    /// Leaves the platform for one tenant, as its administrator. The audit log of that tenant says so before
    /// anything else can be done. `None` if there is no such tenant.
    pub async fn enter(mut self, id: Uuid) -> Result<Option<TenantAdmin>> {
        if self.tenant(id).await?.is_none() {
            return Ok(None);
        }
        self.audit(id, "tenant.enter").await?;
        let actor = self.actor.clone();
        self.commit().await?;
        Ok(Some(TenantAdmin {
            tenant_id: id,
            actor,
        }))
    }
}
