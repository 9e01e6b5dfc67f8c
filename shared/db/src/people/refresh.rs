//! Renewing a login.

use crate::{Asked, Db, Deed, Login, Need, Result, TenantTx, Whose, people::login::login_columns};
use chrono::{DateTime, TimeDelta, Utc};
use tenant_auth::RefreshClaim;

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refresh {
    /// A new generation, or the current one again for a client that lost the answer.
    Renewed(Box<Login>),
    /// The token was used before: somebody has a copy. The session is revoked.
    Reused,
    /// The session has ended, or its user or tenant is no longer active.
    Ended,
}

/// How long the refresh token before the current one still gets the current one after that was used: two tabs of one
/// browser may refresh at the same moment. Until it was used, the answer may have been lost, and there is no limit.
const RETRY_WINDOW: TimeDelta = TimeDelta::seconds(10);

/// Whether the token before the current one still gets that, so long after the login was renewed.
pub(crate) fn is_retry(used: bool, since: TimeDelta) -> bool {
    // A clock that was set back must not make it good again for as long.
    !used || since.abs() <= RETRY_WINDOW
}

impl Db {
    /// Renews a login (RFC 9700, section 4.14.2: rotation with reuse detection). One conditional UPDATE
    /// decides, so that of many attempts with one token exactly one advances the session.
    pub async fn refresh(
        &self,
        claim: &RefreshClaim,
        asked: &Asked,
        idle: TimeDelta,
    ) -> Result<Refresh> {
        let now = asked.at;
        let whose = Whose::user(claim.tenant_id(), claim.session_id());
        let mut tx = self.open(claim.tenant_id(), whose, Need::Asked).await?;
        sqlx::query(
            "update login_sessions set generation = generation + 1, refreshed_at = $3, used = false
             where id = $1 and generation = $2 and revoked_at is null and expires_at > $3 and refreshed_at > $4",
        )
        .bind(claim.session_id())
        .bind(claim.generation())
        .bind(now)
        .bind(now - idle)
        .execute(tx.conn())
        .await?;
        let outcome = tx.current_login(claim, asked, now - idle).await?;
        tx.commit().await?;
        Ok(outcome)
    }
}

impl TenantTx {
    /// The login as it stands now: just advanced by this claim, or by another one before it.
    async fn current_login(
        &mut self,
        claim: &RefreshClaim,
        asked: &Asked,
        idle_since: DateTime<Utc>,
    ) -> Result<Refresh> {
        let now = asked.at;
        let row: Option<(DateTime<Utc>, i64, bool)> = sqlx::query_as(
            "select refreshed_at, generation, used from login_sessions
             where id = $1 and revoked_at is null and expires_at > $2 and refreshed_at > $3",
        )
        .bind(claim.session_id())
        .bind(now)
        .bind(idle_since)
        .fetch_optional(self.conn())
        .await?;
        let Some((refreshed_at, generation, used)) = row else {
            return Ok(Refresh::Ended);
        };
        match generation - claim.generation() {
            1 if is_retry(used, now - refreshed_at) => self.login_of(claim).await,
            1.. => {
                let reused = Deed::failed("login.reuse", claim.session_id());
                self.revoke_by_token(claim, asked, reused).await?;
                Ok(Refresh::Reused)
            }
            _ => Ok(Refresh::Ended),
        }
    }

    async fn login_of(&mut self, claim: &RefreshClaim) -> Result<Refresh> {
        let login: Option<Login> = sqlx::query_as(concat!(
            "select ",
            login_columns!(),
            "
             from login_sessions s
             join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
             join tenants t on t.id = u.tenant_id
             where s.id = $1 and u.is_active and t.status = 'active'
               and (u.site_id is null or exists (select from sites w where w.id = u.site_id and w.is_on
                 and (w.identity <> 'required' or u.subject is not null)))
               and (s.identity_key_id is null or exists (select from site_identity_keys k where k.id = s.identity_key_id))"
        ))
        .bind(claim.session_id())
        .fetch_optional(self.conn())
        .await?;
        Ok(login.map_or(Refresh::Ended, |login| Refresh::Renewed(Box::new(login))))
    }
}
