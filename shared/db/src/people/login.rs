//! Logins: who a name and password belong to, and the session that a login starts.

use crate::{
    Db, Need, Result, Whose,
    audit::deeds::{Actor, Asked, Deed},
    people::users::Role,
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tenant_auth::{Authenticated, StoredPassword};
use uuid::Uuid;

/// What was found for an attempted login, before any password was checked.
#[derive(Debug, Default)]
pub struct Candidate {
    /// The tenant that was named, by its slug or by a page that a superuser has approved for it.
    pub tenant_id: Option<Uuid>,
    /// Its browser origins.
    pub allowed_origins: Option<Vec<String>>,
    /// Its account with the address; or without a named tenant the accounts with it, at most two.
    pub stored: Vec<StoredPassword>,
    /// How many accounts there might have been.
    pub tries: usize,
    /// The tenant of one of several accounts, if the page belongs to it.
    pub preferred: Option<Uuid>,
    /// The cost of the costliest bcrypt hash that anybody has.
    pub bcrypt_cost: Option<u32>,
    /// Whether the accounts are of suspended tenants, so that nobody comes in whatever the password is.
    pub is_suspended: bool,
}

/// A login that starts.
#[derive(Debug)]
pub struct NewLogin<'a> {
    /// In which request; it begins now.
    pub asked: &'a Asked,
    /// When the login ends whatever happens.
    pub expires_at: DateTime<Utc>,
    /// Where it comes from and to which address, as one key; none if it is not known from where.
    pub client: Option<&'a str>,
    /// What the client calls itself.
    pub user_agent: Option<&'a str>,
    /// The hash that the password was checked against.
    pub checked: &'a SecretString,
    /// The password hashed anew, if its stored hash was made with weaker parameters.
    pub rehashed: Option<&'a str>,
}

/// Proof of a login: tokens are signed for nothing else. Only [`Db::login`], [`Db::refresh`], [`Db::visit`] and
/// [`Db::recognise`] make one.
///
/// ```compile_fail
/// let login = db::Login { ..loop {} };
/// ```
#[derive(Debug, sqlx::FromRow)]
pub struct Login {
    pub(crate) tenant_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) generation: i64,
    pub(crate) expires_at: DateTime<Utc>,
    email: String,
    full_name: String,
    role: Role,
    is_superuser: bool,
    tenant_slug: String,
    tenant_name: String,
}

#[expect(
    missing_docs,
    reason = "each getter returns the field it is named after"
)]
impl Login {
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }
    pub fn user_id(&self) -> Uuid {
        self.user_id
    }
    pub fn session_id(&self) -> Uuid {
        self.session_id
    }
    /// How often the session was renewed.
    pub fn generation(&self) -> i64 {
        self.generation
    }
    /// When the login ends whatever happens.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
    pub fn email(&self) -> &str {
        &self.email
    }
    pub fn full_name(&self) -> &str {
        &self.full_name
    }
    pub fn role(&self) -> Role {
        self.role
    }
    pub fn is_superuser(&self) -> bool {
        self.is_superuser
    }
    pub fn tenant_slug(&self) -> &str {
        &self.tenant_slug
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
}

/// The columns of [`Login`], of a session `s` with its user `u` and tenant `t`.
macro_rules! login_columns {
    () => {
        "u.tenant_id, u.id as user_id, s.id as session_id, s.generation, s.expires_at, u.email, u.full_name,
         u.role, u.is_superuser, t.slug as tenant_slug, t.name as tenant_name"
    };
}
pub(crate) use login_columns;

impl Db {
    /// Finds the account that a login names: by the tenant's slug; else by the browser's origin, if a superuser has
    /// approved it for a tenant; else those with the email, for the password to decide between. Each takes one query,
    /// whatever is found.
    pub async fn find_login(
        &self,
        slug: Option<&str>,
        origin: Option<&str>,
        email: &str,
        whose: Whose,
    ) -> Result<Candidate> {
        let mut tx = self.outside(whose, Need::Asked).await?;
        let found: Vec<Found> = sqlx::query_as(
            "select tenant_id, allowed_origins, user_id, password_hash, of_page, bcrypt_cost, is_suspended
             from login_accounts($1, $2, $3)",
        )
        .bind(slug)
        .bind(origin)
        .bind(email)
        .fetch_all(tx.conn())
        .await?;
        let named = found.iter().find(|row| row.allowed_origins.is_some());
        let is_named = slug.is_some() || named.is_some();
        let preferred = found.iter().find(|row| row.of_page);
        let cost = found.iter().find_map(|row| row.bcrypt_cost);
        Ok(Candidate {
            tenant_id: named.and_then(|row| row.tenant_id),
            allowed_origins: named.and_then(|row| row.allowed_origins.clone()),
            tries: if is_named { 1 } else { 2 },
            preferred: preferred.and_then(|row| row.tenant_id),
            bcrypt_cost: cost.and_then(|cost| u32::try_from(cost).ok()),
            is_suspended: found.iter().any(|row| row.is_suspended),
            stored: found.into_iter().filter_map(Found::stored).collect(),
        })
    }

    /// Starts a login. `None` if the account was disabled or got another password since its password was checked.
    pub async fn login(&self, who: &Authenticated, new: &NewLogin<'_>) -> Result<Option<Login>> {
        let whose = Whose::user(who.tenant_id(), who.user_id());
        let mut tx = self.open(who.tenant_id(), whose, Need::Begun).await?;
        let login: Option<Login> = sqlx::query_as(concat!(
            "with u as (
               update users set last_login_at = $3, password_hash = coalesce($6, password_hash)
               where id = $2 and is_active and password_hash = $7
               returning tenant_id, id, email, full_name, role, is_superuser
             ), s as (
               insert into login_sessions (id, user_id, refreshed_at, expires_at, user_agent, created_at)
               select $1, u.id, $3, $4, $5, $3 from u
               returning id, generation, expires_at
             )
             select ", login_columns!(), " from u, s, tenants t where t.id = u.tenant_id and t.status = 'active'"
        ))
        .bind(Uuid::now_v7())
        .bind(who.user_id())
        .bind(new.asked.at)
        .bind(new.expires_at)
        .bind(new.user_agent)
        .bind(new.rehashed)
        .bind(new.checked.expose_secret())
        .fetch_optional(tx.conn())
        .await?;
        if let Some(login) = &login {
            let actor = Actor::user(login.tenant_id, login.user_id, new.asked);
            tx.audit_as(&actor, Deed::done("login", login.user_id))
                .await?;
            if let Some(client) = new.client {
                sqlx::query("select remember_client($1)")
                    .bind(client.as_bytes())
                    .execute(tx.conn())
                    .await?;
            }
            tx.commit().await?;
        }
        Ok(login)
    }
}

/// A row of `login_accounts`.
#[derive(sqlx::FromRow)]
struct Found {
    tenant_id: Option<Uuid>,
    allowed_origins: Option<Vec<String>>,
    user_id: Option<Uuid>,
    password_hash: Option<String>,
    of_page: bool,
    bcrypt_cost: Option<i32>,
    is_suspended: bool,
}

impl Found {
    fn stored(self) -> Option<StoredPassword> {
        Some(StoredPassword {
            tenant_id: self.tenant_id?,
            user_id: self.user_id?,
            phc: SecretString::from(self.password_hash?),
        })
    }
}
