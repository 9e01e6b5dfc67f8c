//! Who did what to what: written in the transaction of the deed.

use crate::{AdminTx, Caller, PlatformTx, Result, TenantTx};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::{net::IpAddr, sync::Arc};
use uuid::Uuid;

/// When something is asked, in which request, and from where.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Now.
    pub at: DateTime<Utc>,
    /// The request, for the audit log.
    pub request_id: Arc<str>,
    /// The client's address, likewise.
    pub client_ip: Option<IpAddr>,
}

/// Who acts, and in which request.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) tenant_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) asked: Asked,
}

impl Actor {
    pub(crate) fn new(caller: &Caller) -> Self {
        Self {
            tenant_id: caller.home_tenant_id(),
            user_id: caller.user_id(),
            session_id: caller.session_id(),
            asked: caller.asked().clone(),
        }
    }
}

impl AdminTx {
    pub(crate) async fn audit(&mut self, action: &str, target: &str) -> Result<()> {
        let actor = self.actor.clone();
        write(self.conn(), &actor, action, target).await
    }
}

impl PlatformTx {
    /// The row belongs to the tenant it concerns, so that its own administrators can see it.
    pub(crate) async fn audit(&mut self, tenant: Uuid, action: &str) -> Result<()> {
        sqlx::query("select set_config('app.tenant_id', $1, true)")
            .bind(tenant.to_string())
            .execute(self.conn())
            .await?;
        let actor = self.actor.clone();
        write(self.conn(), &actor, action, &tenant.to_string()).await
    }
}

impl TenantTx {
    /// Notes that a provider key could not be opened. Once an hour is enough: every question fails until it is
    /// set again.
    pub async fn audit_unreadable_key(&mut self, caller: &Caller, provider: &str) -> Result<()> {
        let known: bool = sqlx::query_scalar(
            "select exists (select from audit_log
                            where action = 'secret.unreadable' and target = $1 and at > now() - interval '1 hour')",
        )
        .bind(provider)
        .fetch_one(self.conn())
        .await?;
        if known {
            return Ok(());
        }
        self.audit(caller, "secret.unreadable", provider).await
    }

    pub(crate) async fn audit(
        &mut self,
        caller: &Caller,
        action: &str,
        target: &str,
    ) -> Result<()> {
        write(self.conn(), &Actor::new(caller), action, target).await
    }
}

async fn write(conn: &mut PgConnection, actor: &Actor, action: &str, target: &str) -> Result<()> {
    sqlx::query(
        "insert into audit_log (id, actor_tenant_id, actor_id, action, target, request_id, client_ip)
         values ($1, $2, $3, $4, $5, $6, $7::text::inet)",
    )
    .bind(Uuid::now_v7())
    .bind(actor.tenant_id)
    .bind(actor.user_id)
    .bind(action)
    .bind(target)
    .bind(&*actor.asked.request_id)
    .bind(actor.asked.client_ip.map(|ip| ip.to_string()))
    .execute(conn)
    .await?;
    Ok(())
}
