//! Visitors of a tenant's web pages: users without an account, who come in by the site.

use crate::{
    Asked, Caller, Db, Limits, Login, Need, Result, SiteChallenge, SiteIdentity, Whose,
    chat::apps::as_ours, people::login::login_columns,
};
use chrono::{DateTime, Utc};
use tenant_auth::{SiteClaim, SolvedChallenge};
use uuid::Uuid;

/// How many visitors one statement deletes, with what they said.
const AT_ONCE: i64 = 100;

/// The site that a visitor came in by, as far as it concerns what the visitor may do.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct VisitedSite {
    /// Its id, by which is counted what all of its visitors ask and spend.
    #[sqlx(rename = "site_id")]
    pub id: Uuid,
    /// The origins of its pages.
    #[sqlx(rename = "site_origins")]
    pub origins: Vec<String>,
    /// What all of its visitors may ask and spend together.
    #[sqlx(json, rename = "site_limits")]
    pub limits: Limits,
    /// What each of its visitors may ask and spend.
    #[sqlx(json)]
    pub visitor_limits: Limits,
}

/// What whoever wants in must know of a site.
#[derive(Debug, sqlx::FromRow)]
pub struct Entrance {
    /// The origins of its pages.
    pub origins: Vec<String>,
    /// Whether visitors say who they are.
    pub identity: SiteIdentity,
    /// How many new visitors who do not may come in a minute.
    pub visitors_per_minute: i32,
    /// Whether they do a little work first.
    pub challenge: SiteChallenge,
}

impl Db {
    /// What a site asks of whoever wants in; none if there is no such site, it is off, or its tenant is suspended.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn entrance(&self, site: &SiteClaim, asked: &Asked) -> Result<Option<Entrance>> {
        let whose = Whose::client(asked.client_ip);
        let mut tx = self.open(site.tenant_id(), whose, Need::Asked).await?;
        let entrance = sqlx::query_as(
            "select s.origins, s.identity, s.visitors_per_minute, s.challenge from sites s join tenants t on t.id = s.tenant_id
             where s.id = $1 and s.is_on and s.deleted_at is null and t.status = 'active'",
        )
        .bind(site.site_id());
        Ok(entrance.fetch_optional(tx.conn()).await?)
    }

    /// Notes that a challenge of a site was solved; false if it was before.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn use_challenge(
        &self,
        site: &SiteClaim,
        solved: &SolvedChallenge,
        asked: &Asked,
    ) -> Result<bool> {
        let whose = Whose::client(asked.client_ip);
        let mut tx = self.open(site.tenant_id(), whose, Need::Begun).await?;
        let (id, ends) = (solved.id(), solved.expires_at());
        let noted = tx.use_once(site, id, ends).await?;
        tx.commit().await?;
        Ok(noted)
    }

    /// Lets a new visitor in. `None` if the site was closed meanwhile.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn visit(
        &self,
        site: &SiteClaim,
        asked: &Asked,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Login>> {
        let whose = Whose::client(asked.client_ip);
        let mut tx = self.open(site.tenant_id(), whose, Need::Begun).await?;
        let user = Uuid::now_v7();
        let login: Option<Login> = sqlx::query_as(concat!(
            "with u as (
               insert into users (id, email, role, is_service, site_id)
               select $1, $2, 'visitor', true, s.id from sites s where s.id = $3 and s.is_on
               returning tenant_id, id, email, full_name, role, is_superuser
             ), s as (
               insert into login_sessions (id, user_id, refreshed_at, expires_at, created_at)
               select $4, u.id, $5, $6, $5 from u
               returning id, generation, expires_at
             )
             select ",
            login_columns!(),
            " from u, s, tenants t where t.id = u.tenant_id"
        ))
        .bind(user)
        .bind(address(user))
        .bind(site.site_id())
        .bind(Uuid::now_v7())
        .bind(asked.at)
        .bind(expires_at)
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(login)
    }

    /// How many messages the caller's conversation has: `id`, that of the message `beside`, or what an app calls `name`.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn messages_in(
        &self,
        caller: &Caller,
        id: Option<Uuid>,
        beside: Option<Uuid>,
        name: Option<&str>,
    ) -> Result<i64> {
        let mut tx = self.tenant(caller).await?;
        let last: Option<i64> = sqlx::query_scalar(
            "select max(last_seq)::bigint from chat_sessions
             where user_id = $1
               and (id = $2 or external_id = $3 or id = (select m.session_id from chat_messages m where m.id = $4))",
        )
        .bind(caller.user_id())
        .bind(id.or(name.and_then(as_ours)))
        .bind(name)
        .bind(beside)
        .fetch_one(tx.conn())
        .await?;
        Ok(last.unwrap_or_default())
    }

    /// Deletes visitors whom their sites keep no longer, with what they said, in small steps. How many. May run anywhere, at
    /// any time, and twice at once.
    ///
    /// # Errors
    /// The database could not do it; what was done is kept.
    pub async fn purge_visitors(&self) -> Result<i64> {
        self.purge(
            "select tenant, deleted from purge_visitors($1, $2)",
            AT_ONCE,
        )
        .await
    }
}

/// No address can end so (RFC 2606, section 2).
pub(crate) fn address(user: Uuid) -> String {
    format!("{user}@visitors.invalid")
}

impl Caller {
    /// The site by which a visitor came in; none of whoever has an account.
    pub fn site(&self) -> Option<&VisitedSite> {
        self.account().site.as_ref()
    }

    /// By what is counted what is asked and spent with it, beside tenant and user: the API key that was shown, or the site.
    pub fn key_id(&self) -> Option<Uuid> {
        let site = self.site().map(|site| site.id);
        self.api_key_id().or(site)
    }
}
