//! The superusers' view: which tenants there are.

use crate::{
    Claim, Deed, IdempotencyKey, PageOf, PlatformTx, Result, TenantAdmin,
    tenancy::prompts::author,
    tenancy::tenants::{Tenant, TenantStatus, tenant_columns},
};
use uuid::Uuid;

/// Where tenants are created; `migrations/0028_repeats.sql` has it as well.
const ROUTE: &str = "POST /tenants";

/// What a tenant starts with; everything else has a default and can be edited.
#[derive(Debug)]
pub struct NewTenant {
    /// The name in URLs and logins; unique, immutable.
    pub slug: String,
    /// The name for people.
    pub name: String,
    /// Whether its users may come in.
    pub status: TenantStatus,
    /// What the model is told before every conversation.
    pub system_prompt: String,
}

impl PlatformTx {
    /// Creates a tenant and commits, unless the same request has created it before. Whoever creates one may also furnish
    /// it. A taken slug is refused by the constraint `tenants_slug_key`. None if another request has the key.
    pub async fn create_tenant(
        mut self,
        new: &NewTenant,
        key: Option<&IdempotencyKey<'_>>,
    ) -> Result<Option<TenantAdmin>> {
        let id = Uuid::now_v7();
        let actor = self.actor.clone();
        let of = |tenant_id| TenantAdmin {
            tenant_id,
            actor: actor.clone(),
        };
        if let Some(key) = key {
            match self.claim(ROUTE, key, id).await? {
                Claim::New => {}
                Claim::Repeat(made) => return Ok(Some(of(made))),
                Claim::OtherBody => return Ok(None),
            }
        }
        author(self.conn(), &actor).await?;
        sqlx::query(
            "insert into tenants (id, slug, name, status, system_prompt) values ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(&new.slug)
        .bind(&new.name)
        .bind(new.status)
        .bind(&new.system_prompt)
        .execute(self.conn())
        .await?;
        self.audit(id, Deed::done("tenant.create", id)).await?;
        self.commit().await?;
        Ok(Some(of(id)))
    }

    /// The tenants, newest first.
    pub async fn tenants(&mut self, search: Option<&str>, page: PageOf) -> Result<Vec<Tenant>> {
        // A position, not LIKE: no character of what is looked for means anything but itself.
        let sql = concat!(
            "select ",
            tenant_columns!(),
            " from tenants t
             where ($1::uuid is null or t.id < $1)
               and ($3::text is null or position(lower($3) in t.slug) > 0 or position(lower($3) in lower(t.name)) > 0)
             order by t.id desc
             limit $2"
        );
        let rows = sqlx::query_as(sql)
            .bind(page.after)
            .bind(page.limit)
            .bind(search);
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

    /// One tenant, locked until the transaction ends so that two changes cannot overwrite each other.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn tenant_for_update(&mut self, id: Uuid) -> Result<Option<Tenant>> {
        let sql = concat!(
            "select ",
            tenant_columns!(),
            " from tenants t where t.id = $1 for no key update"
        );
        Ok(sqlx::query_as(sql)
            .bind(id)
            .fetch_optional(self.conn())
            .await?)
    }

    /// Lets the users of a tenant, which is locked as `tenant`, in, or keeps them out. Where that is so already, nothing is done.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn set_status(&mut self, tenant: &Tenant, status: TenantStatus) -> Result<()> {
        if tenant.status == status {
            return Ok(());
        }
        let id = tenant.id;
        sqlx::query("update tenants set status = $2, updated_at = now() where id = $1")
            .bind(id)
            .bind(status)
            .execute(self.conn())
            .await?;
        let action = match status {
            TenantStatus::Active => "tenant.activate",
            TenantStatus::Suspended => "tenant.suspend",
        };
        self.audit(id, Deed::done(action, id)).await
    }
}
