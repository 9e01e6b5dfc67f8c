//! The logins of a user: where it is logged in, and the end of that.

use crate::{Asked, Caller, Db, Deed, Need, PageOf, Result, TenantTx, Whose, audit::deeds::Actor};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tenant_auth::{RefreshClaim, StoredPassword};
use utoipa::ToSchema;
use uuid::Uuid;

/// A login that has not ended.
#[derive(Debug, Serialize, sqlx::FromRow, ToSchema)]
pub struct LoginSession {
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last renewed.
    pub refreshed_at: DateTime<Utc>,
    /// When it ends whatever happens.
    pub expires_at: DateTime<Utc>,
    /// What the client called itself when it logged in.
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Db {
    /// Ends a login. Ending one that has ended, or never was, is no error.
    pub async fn logout(&self, claim: &RefreshClaim, asked: &Asked) -> Result<()> {
        let whose = Whose::user(claim.tenant_id(), claim.session_id());
        let mut tx = self.open(claim.tenant_id(), whose, Need::Asked).await?;
        let ended = Deed::done("logout", claim.session_id());
        tx.revoke_by_token(claim, asked, ended).await?;
        tx.commit().await
    }
}

impl TenantTx {
    /// The caller's logins that could still be renewed at `now`, newest first. One that was not renewed since
    /// `idle_since` has ended.
    pub async fn login_sessions(
        &mut self,
        caller: &Caller,
        now: DateTime<Utc>,
        idle_since: DateTime<Utc>,
        page: PageOf,
    ) -> Result<Vec<LoginSession>> {
        let sessions = sqlx::query_as(
            "select id, created_at, refreshed_at, expires_at, user_agent, coalesce(id = $2, false) as current from login_sessions
             where user_id = $1 and revoked_at is null and expires_at > $3 and refreshed_at > $4
               and ($5::uuid is null or id < $5)
             order by id desc
             limit $6",
        )
        .bind(caller.user_id())
        .bind(caller.session_id())
        .bind(now)
        .bind(idle_since)
        .bind(page.after)
        .bind(page.limit)
        .fetch_all(self.conn())
        .await?;
        Ok(sessions)
    }

    /// Ends one login of the caller; false if it has none with this id. Ending one that has ended is no error.
    pub async fn end_login_session(
        &mut self,
        caller: &Caller,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let before: Option<Option<DateTime<Utc>>> = sqlx::query_scalar(
            "select revoked_at from login_sessions where id = $1 and user_id = $2 for update",
        )
        .bind(id)
        .bind(caller.user_id())
        .fetch_optional(self.conn())
        .await?;
        if before == Some(None) {
            self.revoke_session(id, now).await?;
            self.audit(caller, Deed::done("login.end", id)).await?;
        }
        Ok(before.is_some())
    }

    /// Ends the login of a refresh token. What is written down is its user's deed, whoever holds the token; one that
    /// had ended is not written about again.
    pub(crate) async fn revoke_by_token(
        &mut self,
        claim: &RefreshClaim,
        asked: &Asked,
        deed: Deed,
    ) -> Result<()> {
        match self.revoke_session(claim.session_id(), asked.at).await? {
            Some(user) => {
                let actor = Actor::user(claim.tenant_id(), user, asked);
                self.audit_as(&actor, deed).await
            }
            None => Ok(()),
        }
    }

    /// Ends a login; whose it was, if it had not ended.
    async fn revoke_session(&mut self, id: Uuid, now: DateTime<Utc>) -> Result<Option<Uuid>> {
        let user = sqlx::query_scalar(
            "update login_sessions set revoked_at = $2 where id = $1 and revoked_at is null
             returning user_id",
        )
        .bind(id)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        Ok(user)
    }

    /// Ends every login of a user, but for the one that is to stay.
    pub(crate) async fn end_logins(
        &mut self,
        user: Uuid,
        stays: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "update login_sessions set revoked_at = $3
             where user_id = $1 and id is distinct from $2 and revoked_at is null",
        )
        .bind(user)
        .bind(stays)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// What the caller's password is checked against; none if the user was deleted meanwhile.
    pub async fn stored_password(&mut self, caller: &Caller) -> Result<Option<StoredPassword>> {
        let hash: Option<Option<String>> =
            sqlx::query_scalar("select password_hash from users where id = $1")
                .bind(caller.user_id())
                .fetch_optional(self.conn())
                .await?;
        Ok(hash.flatten().map(|hash| StoredPassword {
            tenant_id: caller.tenant_id(),
            user_id: caller.user_id(),
            phc: hash.into(),
        }))
    }

    /// Replaces the caller's password and ends its other logins (OWASP ASVS 5.0, 7.4.3); false if the password is no
    /// longer `old`.
    pub async fn change_password(
        &mut self,
        caller: &Caller,
        old: &StoredPassword,
        new: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let changed = sqlx::query(
            "update users set password_hash = $3, updated_at = $4, password_changed_at = $4 where id = $1 and password_hash = $2",
        )
        .bind(caller.user_id())
        .bind(old.phc.expose_secret())
        .bind(new.expose_secret())
        .bind(now)
        .execute(self.conn())
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        self.end_logins(caller.user_id(), caller.session_id(), now)
            .await?;
        self.audit(caller, Deed::done("password.change", caller.user_id()))
            .await?;
        Ok(true)
    }
}
