//! Superusers inside a tenant: only with a reason, not for long, and written into that tenant's audit log.

use crate::{
    Deed, PlatformTx, Result, TenantTx,
    tenancy::secrets::SealedSecret,
    tenancy::tenants::{Tenant, tenant_columns},
};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Proof of a stay that was written down: a token is signed for it. Only [`PlatformTx::assume`] makes one.
#[derive(Debug)]
pub struct Assumption {
    pub(crate) id: Uuid,
    pub(crate) actor_id: Uuid,
    pub(crate) tenant: Tenant,
    pub(crate) expires_at: DateTime<Utc>,
}

impl Assumption {
    /// Its id, which stands where a login's does.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The superuser.
    pub fn actor_id(&self) -> Uuid {
        self.actor_id
    }

    /// The tenant.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// When it ends, if the superuser's own login does not end before.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

/// A stay as a request finds it: the tenant, and where the superuser comes from.
#[derive(sqlx::FromRow)]
pub(crate) struct Stay {
    pub(crate) actor_tenant_id: Uuid,
    pub(crate) actor_session_id: Option<Uuid>,
    #[sqlx(flatten)]
    pub(crate) tenant: Tenant,
}

impl PlatformTx {
    /// Lets the superuser into a tenant for `how_long`, at most 15 minutes; commits, so that nobody gets in whose stay is
    /// not in the audit log. `None` if there is no such tenant.
    pub async fn assume(
        mut self,
        tenant: Uuid,
        reason: &str,
        how_long: TimeDelta,
    ) -> Result<Option<Assumption>> {
        let Some(tenant) = self.tenant(tenant).await? else {
            return Ok(None);
        };
        let assumed = Deed::done("tenant.assume", tenant.id).detail(reason);
        self.audit(tenant.id, assumed).await?;
        let (id, actor) = (Uuid::now_v7(), self.actor.clone());
        let expires_at = actor.asked.at + how_long;
        sqlx::query(
            "insert into assumptions (id, actor_tenant_id, actor_id, actor_session_id, reason, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(actor.tenant_id)
        .bind(actor.user_id)
        .bind(actor.session_id)
        .bind(reason)
        .bind(actor.asked.at)
        .bind(expires_at)
        .execute(self.conn())
        .await?;
        self.commit().await?;
        Ok(Some(Assumption {
            id,
            actor_id: actor.user_id,
            tenant,
            expires_at,
        }))
    }
}

impl TenantTx {
    /// The superuser's stay in this tenant that has this id, if it has not ended. A suspended tenant can be looked
    /// after.
    pub(crate) async fn stay(
        &mut self,
        user: Uuid,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Stay>> {
        let stay = sqlx::query_as(concat!(
            "select a.actor_tenant_id, a.actor_session_id, ",
            tenant_columns!(),
            "
             from assumptions a join tenants t on t.id = a.tenant_id
             where a.id = $1 and a.actor_id = $2 and a.expires_at > $3"
        ))
        .bind(id)
        .bind(user)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        Ok(stay)
    }

    /// The tenant's own provider keys.
    pub(crate) async fn sealed_secrets(&mut self) -> Result<Vec<SealedSecret>> {
        let rows: Vec<(Uuid, String, Vec<u8>)> =
            sqlx::query_as("select id, provider, sealed from tenant_secrets order by provider")
                .fetch_all(self.conn())
                .await?;
        let secrets = rows.into_iter().map(|(id, provider, sealed)| SealedSecret {
            id,
            provider,
            sealed,
        });
        Ok(secrets.collect())
    }
}
