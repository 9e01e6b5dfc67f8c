//! Who did what to what: written in the transaction of the deed.

use crate::{AdminTx, Caller, Db, Need, PlatformTx, Result, TenantTx, Whose, transaction::Conn};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, Postgres};
use std::{fmt::Display, net::IpAddr, sync::Arc};
use utoipa::ToSchema;
use uuid::Uuid;

/// The most characters that a row tells besides action and target.
const DETAIL_CHARS: usize = 500;

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

impl Asked {
    /// What the operator asks now, by a command of the program, which the audit log names in place of a request.
    pub fn by_operator(command: &str, now: DateTime<Utc>) -> Self {
        Self {
            at: now,
            request_id: command.into(),
            client_ip: None,
        }
    }

    /// For whom it is done while nobody is known to ask.
    pub(crate) fn whose(&self) -> Whose {
        Whose::client(self.client_ip)
    }
}

/// Who acts, and in which request.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) tenant_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) api_key_id: Option<Uuid>,
    /// A superuser's address, which the tenants that it acts in cannot look up.
    email: Option<String>,
    pub(crate) asked: Asked,
}

impl Actor {
    pub(crate) fn new(caller: &Caller) -> Self {
        Self {
            session_id: caller.session_id(),
            api_key_id: caller.api_key_id(),
            email: caller
                .account()
                .is_superuser
                .then(|| caller.account().email.clone()),
            ..Self::user(caller.home_tenant_id(), caller.user_id(), caller.asked())
        }
    }

    /// The user whom a password or a refresh token proves.
    pub(crate) fn user(tenant_id: Uuid, user_id: Uuid, asked: &Asked) -> Self {
        Self {
            tenant_id,
            user_id,
            session_id: None,
            api_key_id: None,
            email: None,
            asked: asked.clone(),
        }
    }

    /// A superuser's address.
    pub(crate) fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    async fn write(&self, conn: Conn<'_>, deed: &Deed) -> Result<()> {
        let who = Who {
            tenant_id: Some(self.tenant_id),
            user_id: Some(self.user_id),
            email: self.email.as_deref(),
        };
        write(conn, &who, &self.asked, deed).await
    }
}

/// How a deed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried, and could not be done.
    Failure,
    /// Whoever tried may not do it.
    Denied,
}

impl Outcome {
    /// The name in the API and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Denied => "denied",
        }
    }
}

/// One row of the audit log, but for who and when.
#[derive(Debug)]
pub struct Deed {
    action: &'static str,
    target: String,
    outcome: Outcome,
    detail: Option<String>,
}

impl Deed {
    /// It was done.
    pub fn done(action: &'static str, target: impl Display) -> Self {
        Self {
            action,
            target: target.to_string(),
            outcome: Outcome::Success,
            detail: None,
        }
    }

    /// It was tried in vain.
    pub fn failed(action: &'static str, target: impl Display) -> Self {
        Self {
            outcome: Outcome::Failure,
            ..Self::done(action, target)
        }
    }

    /// Whoever tried may not do it.
    pub fn denied(action: &'static str, target: impl Display) -> Self {
        Self {
            outcome: Outcome::Denied,
            ..Self::done(action, target)
        }
    }

    /// What else may be told: names, reasons and short settings; never a secret, nor what people write. Cut to 500
    /// characters.
    #[must_use]
    pub fn detail(self, detail: impl Display) -> Self {
        let detail = detail.to_string().chars().take(DETAIL_CHARS).collect();
        Self {
            detail: Some(detail),
            ..self
        }
    }
}

impl AdminTx {
    pub(crate) async fn audit(&mut self, deed: Deed) -> Result<()> {
        let actor = self.actor.clone();
        actor.write(self.conn(), &deed).await
    }
}

impl PlatformTx {
    /// The row belongs to the tenant it concerns, so that its own administrators can see it.
    pub(crate) async fn audit(&mut self, tenant: Uuid, deed: Deed) -> Result<()> {
        sqlx::query("select set_config('app.tenant_id', $1, true)")
            .bind(tenant.to_string())
            .execute(self.conn())
            .await?;
        let actor = self.actor.clone();
        actor.write(self.conn(), &deed).await
    }
}

impl TenantTx {
    /// Writes down what the caller did, or tried to do.
    pub async fn audit(&mut self, caller: &Caller, deed: Deed) -> Result<()> {
        self.audit_as(&Actor::new(caller), deed).await
    }

    /// As [`TenantTx::audit`], unless the same was written within the last hour: for what fails with every question
    /// until somebody puts it right.
    pub async fn audit_hourly(&mut self, caller: &Caller, deed: Deed) -> Result<()> {
        let known: bool = sqlx::query_scalar(
            "select exists (select from audit_log
                            where action = $1 and target = $2 and at > now() - interval '1 hour')",
        )
        .bind(deed.action)
        .bind(&deed.target)
        .fetch_one(self.conn())
        .await?;
        if known {
            return Ok(());
        }
        self.audit(caller, deed).await
    }

    pub(crate) async fn audit_as(&mut self, actor: &Actor, deed: Deed) -> Result<()> {
        actor.write(self.conn(), &deed).await
    }
}

impl Db {
    /// Writes down that somebody could not log in to `tenants` as `email`, which is told only as the id of the account
    /// that has it: people type passwords there. Where it was a hash that cannot be used, that is told as well. Without a
    /// tenant there is nowhere to write, and the same work is done and undone, so that the time it takes tells no more
    /// than the answer.
    pub async fn audit_failed_login(
        &self,
        asked: &Asked,
        tenants: &[Uuid],
        email: &str,
        unusable: &[(Uuid, Uuid)],
    ) -> Result<()> {
        let places: Vec<Option<Uuid>> = match tenants {
            [] => vec![None],
            tenants => tenants.iter().copied().map(Some).collect(),
        };
        for tenant in places {
            let mut tx = self
                .open(tenant.unwrap_or(Uuid::nil()), asked.whose(), Need::Begun)
                .await?;
            let user: Option<Uuid> = sqlx::query_scalar("select id from users where email = $1")
                .bind(email)
                .fetch_optional(tx.conn())
                .await?;
            let target = user.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
            write(tx.conn(), &NOBODY, asked, &Deed::failed("login", target)).await?;
            for (_, user) in unusable.iter().filter(|(of, _)| Some(*of) == tenant) {
                let deed = Deed::failed("password.unusable", user);
                write(tx.conn(), &NOBODY, asked, &deed).await?;
            }
            if tenant.is_some() {
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

/// Who is written down.
pub(crate) struct Who<'a> {
    tenant_id: Option<Uuid>,
    user_id: Option<Uuid>,
    email: Option<&'a str>,
}

/// Where nobody has logged in.
pub(crate) const NOBODY: Who<'_> = Who {
    tenant_id: None,
    user_id: None,
    email: None,
};

pub(crate) async fn write<'c>(
    conn: impl Executor<'c, Database = Postgres>,
    who: &Who<'_>,
    asked: &Asked,
    deed: &Deed,
) -> Result<()> {
    sqlx::query(
        "insert into audit_log
           (id, actor_tenant_id, actor_id, actor_email, action, target, outcome, detail, request_id, client_ip)
         values ($1, $2, $3, case when $2 = current_tenant() then null else $4 end,
                 $5, $6, $7, $8, $9, $10::text::inet)",
    )
    .bind(Uuid::now_v7())
    .bind(who.tenant_id)
    .bind(who.user_id)
    .bind(who.email)
    .bind(deed.action)
    .bind(&deed.target)
    .bind(deed.outcome)
    .bind(&deed.detail)
    .bind(&*asked.request_id)
    .bind(asked.client_ip.map(|ip| ip.to_string()))
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_cut_between_characters() {
        let deed = Deed::done("x", "y").detail("ä".repeat(501));
        assert_eq!(deed.detail.unwrap().chars().count(), DETAIL_CHARS);
    }
}
