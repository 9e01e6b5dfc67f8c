//! What the audit log of a tenant holds.

use crate::{AdminReadTx, Outcome, PageOf, Result};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Which rows are wanted; what is absent does not matter.
#[derive(Debug, Default)]
pub struct AuditFilter {
    /// What was done; one that ends with a dot means all that begin so.
    pub action: Option<String>,
    /// Who did it.
    pub actor_id: Option<Uuid>,
    /// What it was done to.
    pub target: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
}

/// A row.
#[derive(Debug, sqlx::FromRow)]
pub struct AuditRow {
    /// Its id.
    pub id: Uuid,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// What that is called now: a document, connector, site, API key or user of the tenant that is still there, and no visitor.
    pub target_name: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What else is told.
    pub detail: Option<String>,
    /// The tenant of who did it; a superuser's is not the one the row is in.
    pub actor_tenant_id: Option<Uuid>,
    /// Who did it; none before a login.
    pub actor_id: Option<Uuid>,
    /// The address of who did it: of a superuser, or of a user of this tenant that is still there.
    pub actor_email: Option<String>,
    /// The name of the API key with which it was done.
    pub actor_api_key: Option<String>,
    /// Where it was asked for.
    pub client_ip: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
}

impl AdminReadTx {
    /// The rows of the managed tenant that `filter` lets through, newest first.
    pub async fn audit_rows(
        &mut self,
        filter: &AuditFilter,
        page: PageOf,
    ) -> Result<Vec<AuditRow>> {
        let action = filter.action.as_deref();
        let rows = sqlx::query_as(
            "select l.id, l.at, l.action, l.target, l.outcome, l.detail, l.actor_tenant_id, l.actor_id,
                    coalesce(
                      (select d.title from documents d where d.id = named.id and d.deleted_at is null),
                      (select c.name from connectors c where c.id = named.id),
                      (select s.name from sites s where s.id = named.id),
                      (select coalesce(nullif(t.full_name, ''), t.email) from users t where t.id = named.id and t.site_id is null)
                    ) as target_name,
                    case when u.is_service is not true then coalesce(u.email, l.actor_email) end as actor_email,
                    case when u.is_service then u.full_name end as actor_api_key, host(l.client_ip) as client_ip, l.request_id
             from audit_log l
             left join users u on u.tenant_id = l.tenant_id and u.id = l.actor_id
               and l.actor_tenant_id = l.tenant_id
             cross join lateral (
               select case when l.target ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then l.target::uuid end as id) named
             where ($1::uuid is null or l.id < $1)
               and ($2::text is null or l.action = $2)
               and ($3::text is null or starts_with(l.action, $3))
               and ($4::uuid is null or l.actor_id = $4)
               and ($5::text is null or l.target = $5)
               and ($6::text is null or l.outcome = $6)
               and ($7::timestamptz is null or l.at >= $7)
               and ($8::timestamptz is null or l.at < $8)
             order by l.id desc
             limit $9",
        )
        .bind(page.after)
        .bind(action.filter(|action| !action.ends_with('.')))
        .bind(action.filter(|action| action.ends_with('.')))
        .bind(filter.actor_id)
        .bind(&filter.target)
        .bind(filter.outcome)
        .bind(filter.from)
        .bind(filter.to)
        .bind(page.limit)
        .fetch_all(self.conn())
        .await?;
        Ok(rows)
    }
}
