//! Everything that a request needs to know about its caller, found by one query.

use crate::{
    Result, TenantTx,
    secrets::SealedSecret,
    tenants::{Tenant, tenant_columns},
    users::Role,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A user, its tenant and the tenant's sealed keys, as one query finds them.
#[derive(Debug)]
pub struct Account {
    /// The user's id.
    pub user_id: Uuid,
    /// The user's address, in lower case.
    pub email: String,
    /// The user's name, may be empty.
    pub full_name: String,
    /// What the user may do in its tenant.
    pub role: Role,
    /// Whether the user may manage tenants.
    pub is_superuser: bool,
    /// The tenant.
    pub tenant: Tenant,
    /// The tenant's own provider keys.
    pub secrets: Vec<SealedSecret>,
}

impl TenantTx {
    /// The account, if user, tenant and login are all still good.
    pub(crate) async fn account(
        &mut self,
        user: Uuid,
        session: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Account>> {
        let row: Option<AccountRow> = sqlx::query_as(concat!(
            "select u.email, u.full_name, u.role, u.is_superuser, ", tenant_columns!(), ",
                    array(select id from tenant_secrets order by provider) as secret_ids,
                    array(select provider from tenant_secrets order by provider) as secret_providers,
                    array(select sealed from tenant_secrets order by provider) as secret_values
             from users u
             join tenants t on t.id = u.tenant_id
             join login_sessions s on s.tenant_id = u.tenant_id and s.user_id = u.id
             where u.id = $1 and u.is_active and t.status = 'active'
               and s.id = $2 and s.revoked_at is null and s.expires_at > $3"
        ))
        .bind(user)
        .bind(session)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| row.into_account(user)))
    }
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    email: String,
    full_name: String,
    role: Role,
    is_superuser: bool,
    #[sqlx(flatten)]
    tenant: Tenant,
    secret_ids: Vec<Uuid>,
    secret_providers: Vec<String>,
    secret_values: Vec<Vec<u8>>,
}

impl AccountRow {
    fn into_account(self, user_id: Uuid) -> Account {
        let named = self.secret_ids.into_iter().zip(self.secret_providers);
        let secrets = named
            .zip(self.secret_values)
            .map(|((id, provider), sealed)| SealedSecret {
                id,
                provider,
                sealed,
            });
        Account {
            user_id,
            email: self.email,
            full_name: self.full_name,
            role: self.role,
            is_superuser: self.is_superuser,
            tenant: self.tenant,
            secrets: secrets.collect(),
        }
    }
}
