//! Who did what to what: written in the transaction of the deed.

use crate::{AdminTx, Caller, PlatformTx, Result};
use sqlx::PgConnection;
use uuid::Uuid;

/// Who acts, and in which request.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) tenant_id: Uuid,
    pub(crate) user_id: Uuid,
    request_id: String,
}

impl Actor {
    pub(crate) fn new(caller: &Caller, request_id: &str) -> Self {
        Self {
            tenant_id: caller.tenant_id(),
            user_id: caller.user_id(),
            request_id: request_id.to_owned(),
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

async fn write(conn: &mut PgConnection, actor: &Actor, action: &str, target: &str) -> Result<()> {
    sqlx::query(
        "insert into audit_log (id, actor_tenant_id, actor_id, action, target, request_id)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(Uuid::now_v7())
    .bind(actor.tenant_id)
    .bind(actor.user_id)
    .bind(action)
    .bind(target)
    .bind(&actor.request_id)
    .execute(conn)
    .await?;
    Ok(())
}
