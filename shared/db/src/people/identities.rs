//! Visitors whom a tenant's server has identified: the same one is found again, with what it has asked on other devices and
//! before it was known.

use crate::{
    Asked, Db, Login, Need, Result, TenantTx, Whose,
    people::{login::login_columns, refresh::is_retry, visitors::address},
    tenancy::identity_keys::{StoredIdentityKey, identity_key_columns},
};
use chrono::{DateTime, TimeDelta, Utc};
use tenant_auth::{Identity, RefreshClaim, SiteClaim};
use uuid::Uuid;

/// A visitor who comes with an identity.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// Who it is.
    pub identity: &'a Identity,
    /// The login that it had before it was known, whose conversations become its own.
    pub before: Option<&'a RefreshClaim>,
    /// In which request.
    pub asked: &'a Asked,
    /// When the login ends whatever happens.
    pub expires_at: DateTime<Utc>,
    /// For how long a login lasts that is not renewed.
    pub idle: TimeDelta,
}

/// What became of an attempt to come in with an identity.
#[derive(Debug)]
pub enum Recognition {
    /// The visitor is in.
    Begun(Box<Login>),
    /// The identity token was used before.
    UsedToken,
    /// The login before is none of an anonymous visitor of the site.
    NotAnonymous,
    /// The site was closed, or the key deleted, meanwhile.
    Closed,
}

/// The login that a visitor had before.
#[derive(sqlx::FromRow)]
struct Before {
    user_id: Uuid,
    is_anonymous: bool,
    is_live: bool,
    generation: i64,
    used: bool,
    refreshed_at: DateTime<Utc>,
}

impl Db {
    /// The keys by which identities of a site's visitors are signed.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn site_identity_keys(
        &self,
        site: &SiteClaim,
        asked: &Asked,
    ) -> Result<Vec<StoredIdentityKey>> {
        let whose = Whose::client(asked.client_ip);
        let mut tx = self.open(site.tenant_id(), whose, Need::Begun).await?;
        let keys = sqlx::query_as(concat!(
            "select ",
            identity_key_columns!(),
            " from site_identity_keys where site_id = $1 order by id desc"
        ))
        .bind(site.site_id());
        Ok(keys.fetch_all(tx.conn()).await?)
    }

    /// Lets a visitor in who is known: with the conversations that it has, and those of the login before. That one ends.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn recognise(&self, arrival: &Arrival<'_>) -> Result<Recognition> {
        let site = arrival.identity.site();
        let whose = Whose::client(arrival.asked.client_ip);
        let mut tx = self.open(site.tenant_id(), whose, Need::Begun).await?;
        // What is refused has used nothing up: the same token may come without the login before.
        let (token, ends) = (arrival.identity.token(), arrival.identity.expires_at());
        if !tx.use_once(site, token, ends).await? {
            return Ok(Recognition::UsedToken);
        }
        let Some(user) = tx.visitor_of(arrival).await? else {
            return Ok(Recognition::Closed);
        };
        if let Some(claim) = arrival.before
            && !tx.merge(arrival, claim, user).await?
        {
            return Ok(Recognition::NotAnonymous);
        }
        let Some(login) = tx.recognised(arrival, user).await? else {
            return Ok(Recognition::Closed);
        };
        tx.commit().await?;
        Ok(Recognition::Begun(Box::new(login)))
    }
}

impl TenantTx {
    /// Notes that something was used that is good once at a site, until it ends, in seconds since 1970; false if it was before.
    /// Of two at once the second one waits for the first.
    pub(super) async fn use_once(
        &mut self,
        site: &SiteClaim,
        what: &[u8; 32],
        ends: i64,
    ) -> Result<bool> {
        let noted = sqlx::query(
            "insert into used_identity_tokens (site_id, token, expires_at)
             select s.id, $2, to_timestamp($3::double precision) from sites s where s.id = $1
             on conflict (tenant_id, site_id, token) do nothing",
        )
        .bind(site.site_id())
        .bind(&what[..])
        .bind(ends)
        .execute(self.conn())
        .await?;
        Ok(noted.rows_affected() > 0)
    }

    /// The visitor of an identity, with the name and groups that it says now; a new one if it was never here. None if its site
    /// is closed.
    async fn visitor_of(&mut self, arrival: &Arrival<'_>) -> Result<Option<Uuid>> {
        let (identity, new) = (arrival.identity, Uuid::now_v7());
        sqlx::query(
            "insert into users (id, email, full_name, role, is_service, site_id, subject, groups)
             select $1, $2, $3, 'visitor', true, s.id, $5, $6 from sites s where s.id = $4 and s.is_on
             on conflict (tenant_id, site_id, subject) where subject is not null do nothing",
        )
        .bind(new)
        .bind(address(new))
        .bind(identity.name())
        .bind(identity.site().site_id())
        .bind(&identity.subject()[..])
        .bind(identity.groups())
        .execute(self.conn())
        .await?;
        // Whoever comes again and is the same as before writes nothing, but is not deleted meanwhile.
        let user: Option<Uuid> = sqlx::query_scalar(
            "select id from users where site_id = $1 and subject = $2 for key share",
        )
        .bind(identity.site().site_id())
        .bind(&identity.subject()[..])
        .fetch_optional(self.conn())
        .await?;
        sqlx::query(
            "update users set full_name = $2, groups = $3, updated_at = $4
             where id = $1 and (full_name, groups) is distinct from ($2, $3)",
        )
        .bind(user)
        .bind(identity.name())
        .bind(identity.groups())
        .bind(arrival.asked.at)
        .execute(self.conn())
        .await?;
        Ok(user)
    }

    /// Gives `user` the conversations of an anonymous visitor, whose login ends. One that has ended gives nothing. False if it
    /// is a login of anybody else.
    async fn merge(
        &mut self,
        arrival: &Arrival<'_>,
        claim: &RefreshClaim,
        user: Uuid,
    ) -> Result<bool> {
        let site = arrival.identity.site();
        if claim.tenant_id() != site.tenant_id() {
            return Ok(false);
        }
        let now = arrival.asked.at;
        let before: Option<Before> = sqlx::query_as(
            "select s.user_id, s.generation, s.used, s.refreshed_at,
               coalesce(u.site_id = $2 and u.subject is null, false) as is_anonymous,
               s.revoked_at is null and s.expires_at > $3 and s.refreshed_at > $4 as is_live
             from login_sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
             where s.id = $1 for update of s",
        )
        .bind(claim.session_id())
        .bind(site.site_id())
        .bind(now)
        .bind(now - arrival.idle)
        .fetch_optional(self.conn())
        .await?;
        let Some(before) = before else {
            return Ok(true);
        };
        if !before.is_anonymous {
            return Ok(false);
        }
        // As where a login is renewed: an older token is a copy.
        let is_current = match before.generation - claim.generation() {
            0 => true,
            1 => is_retry(before.used, now - before.refreshed_at),
            _ => false,
        };
        if before.is_live && is_current {
            self.move_chats(before.user_id, user).await?;
            self.end_logins(before.user_id, None, now).await?;
        }
        Ok(true)
    }

    /// What an app calls a conversation it may call another one of the new owner: that one keeps the name.
    async fn move_chats(&mut self, from: Uuid, to: Uuid) -> Result<()> {
        sqlx::query(
            "update chat_sessions s set user_id = $2,
               external_id = case when exists (select from chat_sessions o where o.user_id = $2 and o.external_id = s.external_id)
                 then null else s.external_id end
             where s.user_id = $1",
        )
        .bind(from)
        .bind(to)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Begins the login of a visitor; none if its site was closed or the key that has signed for it deleted.
    async fn recognised(&mut self, arrival: &Arrival<'_>, user: Uuid) -> Result<Option<Login>> {
        let login = sqlx::query_as(concat!(
            "with u as (
               select u.* from users u
               join sites w on w.tenant_id = u.tenant_id and w.id = u.site_id and w.is_on
               join site_identity_keys k on k.tenant_id = w.tenant_id and k.site_id = w.id and k.id = $3
               where u.id = $1
             ), s as (
               insert into login_sessions (id, user_id, refreshed_at, expires_at, created_at, identity_key_id)
               select $2, u.id, $4, $5, $4, $3 from u
               returning id, generation, expires_at
             )
             select ", login_columns!(), " from u, s, tenants t where t.id = u.tenant_id"
        ))
        .bind(user)
        .bind(Uuid::now_v7())
        .bind(arrival.identity.key_id())
        .bind(arrival.asked.at)
        .bind(arrival.expires_at);
        Ok(login.fetch_optional(self.conn()).await?)
    }
}
