//! Everything that a request needs to know about its caller, found by one query.

use crate::{
    Limits, Result, TenantTx,
    access::api_keys::UsedKey,
    people::{users::Role, visitors::VisitedSite},
    tenancy::secrets::SealedSecret,
    tenancy::tenants::{Tenant, tenant_columns},
};
use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// A user, its tenant and the tenant's sealed keys, as one query finds them.
#[derive(Clone, Debug)]
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
    /// The user's own limits.
    pub limits: Limits,
    /// The tenant.
    pub tenant: Tenant,
    /// The tenant's own provider keys.
    pub secrets: Vec<SealedSecret>,
    /// The API key that was shown; none of a person.
    pub(crate) api_key: Option<UsedKey>,
    /// The site by which a visitor came in; none of whoever has an account.
    pub(crate) site: Option<VisitedSite>,
    /// The superuser's own tenant, if that is who has assumed this one.
    pub(crate) assumed_from: Option<Uuid>,
    /// The newest generation of the login whose tokens are known to have been used.
    pub(crate) used_generation: i64,
}

impl Account {
    /// Whether it is still good at `now`: a key ends by itself.
    pub(crate) fn is_good_at(&self, now: DateTime<Utc>) -> bool {
        let key = self.api_key.as_ref();
        key.and_then(|key| key.expires_at)
            .is_none_or(|end| end > now)
    }

    /// Whether it is known that tokens of this generation have been used.
    pub(crate) fn knows(&self, generation: Option<i64>) -> bool {
        generation.is_none_or(|generation| generation <= self.used_generation)
    }
}

/// What an account is read from: `u`, the user, and `t`, its tenant.
macro_rules! account_columns {
    () => {
        concat!(
            "u.email, u.full_name, u.role, u.is_superuser, u.limits as own_limits, ",
            tenant_columns!(),
            ", array(select id from tenant_secrets order by provider) as secret_ids,
               array(select provider from tenant_secrets order by provider) as secret_providers,
               array(select sealed from tenant_secrets order by provider) as secret_values"
        )
    };
}
pub(crate) use account_columns;

impl TenantTx {
    /// The account, if user, tenant and login are all still good. Without a login, a change of the password since then
    /// is what ends it.
    pub(crate) async fn account(
        &mut self,
        user: Uuid,
        session: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Option<Account>> {
        let row: Option<LoginRow> = sqlx::query_as(concat!(
            "select coalesce(s.generation - (not s.used)::int::bigint, 0) as used_generation, w.id as site_id,
               w.origins as site_origins, w.limits as site_limits, w.visitor_limits, ", account_columns!(), "
             from users u
             join tenants t on t.id = u.tenant_id
             left join sites w on w.tenant_id = u.tenant_id and w.id = u.site_id and w.is_on
               and (w.identity <> 'required' or u.subject is not null)
             left join login_sessions s on s.tenant_id = u.tenant_id and s.user_id = u.id and s.id = $2
             where u.id = $1 and u.is_active and (not u.is_service or w.id is not null) and t.status = 'active'
               and case when $2::uuid is null then u.password_changed_at is null
                        else s.revoked_at is null and s.expires_at > $3 end
               and (s.identity_key_id is null or exists (select from site_identity_keys k where k.id = s.identity_key_id))"
        ))
        .bind(user)
        .bind(session)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| Account {
            site: row.site.0,
            ..row.account.into_account(user, None)
        }))
    }

    /// The user whom an old token names: by its id there, by the address that it had registered there, letter by letter; or,
    /// if it does not come from there, by its id or address here. Whom an id and an address of two users would fit is nobody.
    pub(crate) async fn legacy_user(&mut self, subject: &str) -> Result<Option<Uuid>> {
        let users: Vec<Uuid> = sqlx::query_scalar(
            "with named as (
               select r.id from legacy_rows r where r.kind in ('user', 'user_key', 'email') and r.legacy_id = $2
               union
               select u.id from users u where (u.id = $1 or u.email = lower($2)) and u.legacy is null
             )
             select u.id from users u join named on named.id = u.id where not u.is_service limit 2",
        )
        .bind(Uuid::try_parse(subject).ok())
        .bind(subject)
        .fetch_all(self.conn())
        .await?;
        Ok(match users[..] {
            [user] => Some(user),
            _ => None,
        })
    }

    /// Notes that a login's present tokens have been used, so that those before them are used up; false if that was
    /// known, or the token is an older one.
    pub(crate) async fn use_generation(&mut self, session: Uuid, generation: i64) -> Result<bool> {
        let used = sqlx::query(
            "update login_sessions set used = true where id = $1 and generation = $2 and not used",
        )
        .bind(session)
        .bind(generation)
        .execute(self.conn())
        .await?;
        Ok(used.rows_affected() > 0)
    }
}

#[derive(sqlx::FromRow)]
struct LoginRow {
    #[sqlx(flatten)]
    site: Visited,
    #[sqlx(flatten)]
    account: AccountRow,
}

/// The columns of a site, or nulls.
struct Visited(Option<VisitedSite>);

impl<'r> sqlx::FromRow<'r, PgRow> for Visited {
    fn from_row(row: &'r PgRow) -> sqlx::Result<Self> {
        let id: Option<Uuid> = row.try_get("site_id")?;
        id.map(|_| VisitedSite::from_row(row)).transpose().map(Self)
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct AccountRow {
    email: String,
    full_name: String,
    role: Role,
    is_superuser: bool,
    #[sqlx(json)]
    own_limits: Limits,
    used_generation: i64,
    #[sqlx(flatten)]
    tenant: Tenant,
    secret_ids: Vec<Uuid>,
    secret_providers: Vec<String>,
    secret_values: Vec<Vec<u8>>,
}

impl AccountRow {
    pub(crate) fn into_account(self, user_id: Uuid, api_key: Option<UsedKey>) -> Account {
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
            limits: self.own_limits,
            tenant: self.tenant,
            secrets: secrets.collect(),
            api_key,
            site: None,
            assumed_from: None,
            used_generation: self.used_generation,
        }
    }
}
