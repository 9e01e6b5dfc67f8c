//! Tokens: signed for a [`Login`], or for a superuser's [`Assumption`] of a tenant, and for nothing else.

use crate::{Error, Result, Service};
use chrono::TimeDelta;
use db::{Account, Asked, Assumption, Login, Refresh, Role};
use serde::Serialize;
use std::time::Duration;
use tenant_auth::{AccessToken, RefreshClaim};
use utoipa::ToSchema;
use uuid::Uuid;

/// A login ends at the latest after so many days.
const LOGIN_LIFE: TimeDelta = TimeDelta::days(90);
/// A login that is not renewed for so many days has ended.
const IDLE_LIFE: TimeDelta = TimeDelta::days(14);

/// A login's tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenPair {
    /// Sent as `Authorization: Bearer <access_token>`.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9...")]
    access_token: String,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// Life of the access token, in seconds.
    #[schema(example = 900)]
    expires_in: i64,
    /// Traded for a new pair, once, at `POST /login/refresh`.
    refresh_token: String,
    /// Life of the refresh token, in seconds.
    #[schema(example = 1_209_600)]
    refresh_expires_in: i64,
    /// Who logged in.
    user: CurrentUser,
    /// Where.
    tenant: CurrentTenant,
}

/// The tokens of a login whose refresh token is in a cookie.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptLogin {
    /// Sent as `Authorization: Bearer <access_token>`.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9...")]
    access_token: String,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// Life of the access token, in seconds.
    #[schema(example = 900)]
    expires_in: i64,
    /// Life of the cookie, in seconds.
    #[schema(example = 1_209_600)]
    pub refresh_expires_in: i64,
    /// Who logged in.
    user: CurrentUser,
    /// Where.
    tenant: CurrentTenant,
}

impl TokenPair {
    /// The refresh token, and the rest.
    pub fn into_kept(self) -> (String, KeptLogin) {
        let kept = KeptLogin {
            access_token: self.access_token,
            token_type: self.token_type,
            expires_in: self.expires_in,
            refresh_expires_in: self.refresh_expires_in,
            user: self.user,
            tenant: self.tenant,
        };
        (self.refresh_token, kept)
    }
}

/// The user that a token stands for.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrentUser {
    /// The user's id.
    pub id: Uuid,
    /// The address the user logs in with; empty for a visitor.
    #[schema(example = "ada@acme.example")]
    pub email: String,
    /// The user's name; may be empty.
    #[schema(example = "Ada Lovelace")]
    pub full_name: String,
    /// What the user may do in its tenant.
    pub role: Role,
    /// Whether the user may manage tenants.
    pub is_superuser: bool,
}

/// The tenant that a token is good for.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrentTenant {
    /// The tenant's id.
    pub id: Uuid,
    /// The tenant's name in logins.
    #[schema(example = "acme")]
    pub slug: String,
    /// The tenant's name for people.
    #[schema(example = "Acme")]
    pub name: String,
}

/// A superuser's token for one tenant. It cannot be renewed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssumedToken {
    /// Sent as `Authorization: Bearer <access_token>`.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9...")]
    access_token: String,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// Life of the token, in seconds.
    #[schema(example = 900)]
    expires_in: i64,
    /// Where it is good.
    tenant: CurrentTenant,
}

impl CurrentUser {
    /// Whom an account is of.
    pub fn of(account: &Account) -> Self {
        Self {
            id: account.user_id,
            email: address(account.role, &account.email),
            full_name: account.full_name.clone(),
            role: account.role,
            is_superuser: account.is_superuser,
        }
    }
}

/// A visitor's is nobody's.
fn address(role: Role, email: &str) -> String {
    match role {
        Role::Visitor => String::new(),
        Role::Admin | Role::Member => email.to_owned(),
    }
}

impl Service {
    /// When a login that starts now ends whatever happens.
    pub fn login_ends(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now() + LOGIN_LIFE
    }

    /// A login that is not renewed for so long has ended.
    pub(crate) fn idle_life(&self) -> TimeDelta {
        IDLE_LIFE
    }

    /// A login that was not renewed since then has ended.
    pub fn idle_since(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now() - IDLE_LIFE
    }

    /// Signs the tokens of a login.
    pub fn tokens(&self, login: &Login) -> TokenPair {
        let now = self.clock.now();
        let life = self.config.access_token_life;
        let access_token = self.config.secrets.keys.sign(&AccessToken {
            user_id: login.user_id(),
            tenant_id: login.tenant_id(),
            session_id: login.session_id(),
            generation: login.generation(),
            issued_at: now.timestamp(),
            lifetime: life,
        });
        let refresh = &self.keyring.refresh;
        TokenPair {
            access_token,
            token_type: "bearer",
            expires_in: i64::try_from(life.as_secs()).unwrap_or(i64::MAX),
            refresh_token: refresh.issue(login.tenant_id(), login.session_id(), login.generation()),
            refresh_expires_in: IDLE_LIFE.min(login.expires_at() - now).num_seconds(),
            user: CurrentUser {
                id: login.user_id(),
                email: address(login.role(), login.email()),
                full_name: login.full_name().to_owned(),
                role: login.role(),
                is_superuser: login.is_superuser(),
            },
            tenant: CurrentTenant {
                id: login.tenant_id(),
                slug: login.tenant_slug().to_owned(),
                name: login.tenant_name().to_owned(),
            },
        }
    }

    /// Signs the token of a superuser's stay in a tenant.
    pub fn assumed_token(&self, stay: &Assumption) -> AssumedToken {
        let now = self.clock.now();
        let life = (stay.expires_at() - now).num_seconds().max(0);
        let tenant = stay.tenant();
        AssumedToken {
            access_token: self.config.secrets.keys.sign(&AccessToken {
                user_id: stay.actor_id(),
                tenant_id: tenant.id,
                session_id: stay.id(),
                generation: 0,
                issued_at: now.timestamp(),
                lifetime: Duration::from_secs(life.unsigned_abs()),
            }),
            token_type: "bearer",
            expires_in: life,
            tenant: CurrentTenant {
                id: tenant.id,
                slug: tenant.slug.clone(),
                name: tenant.name.clone(),
            },
        }
    }

    /// Trades a refresh token for a new pair.
    ///
    /// # Errors
    /// 401: it is forged, used, or its login has ended.
    pub async fn refresh(&self, token: &str, asked: &Asked) -> Result<TokenPair> {
        let claim = self.refresh_claim(token).ok_or(INVALID)?;
        match self.db.refresh(&claim, asked, IDLE_LIFE).await? {
            Refresh::Renewed(login) => Ok(self.tokens(&login)),
            Refresh::Reused => Err(Error::Unauthorized(
                "refresh_token_reused",
                "This refresh token was used before, so its login was ended. Log in again.",
            )),
            Refresh::Ended => Err(Error::Unauthorized(
                "session_expired",
                "This login has ended. Log in again.",
            )),
        }
    }

    /// What a refresh token claims, if we made it.
    pub fn refresh_claim(&self, token: &str) -> Option<RefreshClaim> {
        self.keyring.refresh.open(token)
    }
}

const INVALID: Error = Error::Unauthorized(
    "invalid_refresh_token",
    "This is not a refresh token. Log in again.",
);
