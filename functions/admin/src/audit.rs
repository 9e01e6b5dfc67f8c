//! `GET /admin/audit`: who did what in the tenant.

use crate::{
    audit_file,
    table::{Format, is_csv},
};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Datelike, Utc};
use db::{AuditFilter, AuditRow, Outcome};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Administrator, App, Error, Json, Listing, PageQuery, Query, Result};

/// Which rows, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// What was done, such as `user.create`; what ends with a dot, such as `user.`, means all that begin so.
    action: Option<String>,
    /// Who did it.
    actor_id: Option<Uuid>,
    /// What it was done to: mostly an id.
    target: Option<String>,
    /// How it ended.
    outcome: Option<Outcome>,
    /// Not before this moment (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Before this moment; later than `from`.
    to: Option<DateTime<Utc>>,
    /// `csv` for a file with all rows; `Accept: text/csv` says the same.
    #[param(inline)]
    format: Option<Format>,
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before; with the same filters.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// What somebody did, or tried to do.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditItem {
    /// Its id.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// What was done, such as `user.create`.
    #[schema(example = "user.create")]
    action: String,
    /// To what: the id of a user, a tenant, a login or a document; the name of a provider; a route. `unknown` for a
    /// login with an address that nobody has.
    target: String,
    /// What that is called now, where it is one of the tenant's documents, connectors, sites, API keys or users, and is still there.
    target_name: Option<String>,
    /// How it ended.
    outcome: Outcome,
    /// What else is told, such as which fields changed, from what to what.
    detail: Option<String>,
    /// Who; null for who could not log in.
    actor: Option<AuditActor>,
    /// The client's address, as far as the host knows it.
    client_ip: Option<String>,
    /// The request, which the service's log knows too.
    request_id: Option<String>,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
struct AuditActor {
    /// The user's id.
    id: Uuid,
    /// Another tenant's id is a superuser's.
    tenant_id: Uuid,
    /// Absent for users that are gone, and for API keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The name of the API key with which it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
}

/// What was done in the caller's tenant, newest first: page by page, or as a CSV file with all rows.
///
/// The file ends as a good answer does (RFC 9112, section 8); one that breaks off is not whole.
#[utoipa::path(get, path = "/admin/audit", operation_id = "listAuditLog", tag = "admin", params(AuditQuery), responses(
    (status = 200, content((Listing<AuditItem> = "application/json"), (String = "text/csv"))),
    (status = 403),
))]
pub(crate) async fn list(
    State(app): State<App>,
    at: Administrator,
    headers: HeaderMap,
    Query(asked): Query<AuditQuery>,
) -> Result<Response> {
    let as_file = is_csv(asked.format, &headers);
    let paged = asked.limit.is_some() || asked.cursor.is_some();
    let page = PageQuery::new(asked.limit, asked.cursor.clone());
    let filter = asked.filter()?;
    if as_file {
        return match paged {
            true => Err(Error::field(
                "format",
                "csv has no pages: leave limit and cursor out",
            )),
            false => audit_file::answer(app, at, filter).await,
        };
    }
    // The filters are a part of the list's name, so that a cursor fits no others.
    let page = page.of(&app, at.admin.tenant_id(), &format!("audit {filter:?}"))?;
    let rows = app
        .db
        .read_as_admin(&at.admin, async |mut tx| {
            tx.audit_rows(&filter, page.of).await
        })
        .await?;
    let items = rows.into_iter().map(AuditItem::from).collect();
    Ok(Json(page.listing(items, |item| item.id)).into_response())
}

impl AuditQuery {
    fn filter(self) -> Result<AuditFilter> {
        for (field, moment) in [("from", self.from), ("to", self.to)] {
            if moment.is_some_and(|moment| !(1..=9999).contains(&moment.year())) {
                return Err(Error::field(field, "must be in the years 1 to 9999"));
            }
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            return Err(Error::field("to", "must be later than from"));
        }
        for (field, text) in [("action", &self.action), ("target", &self.target)] {
            if text.as_ref().is_some_and(|text| text.contains('\0')) {
                return Err(Error::field(
                    field,
                    "holds a character that nothing stored has",
                ));
            }
        }
        Ok(AuditFilter {
            action: self.action,
            actor_id: self.actor_id,
            target: self.target,
            outcome: self.outcome,
            from: self.from,
            to: self.to,
        })
    }
}

impl From<AuditRow> for AuditItem {
    fn from(row: AuditRow) -> Self {
        let who = row.actor_id.zip(row.actor_tenant_id);
        Self {
            id: row.id,
            at: row.at,
            action: row.action,
            target: row.target,
            target_name: row.target_name,
            outcome: row.outcome,
            detail: row.detail,
            actor: who.map(|(id, tenant_id)| AuditActor {
                id,
                tenant_id,
                email: row.actor_email,
                api_key: row.actor_api_key,
            }),
            client_ip: row.client_ip,
            request_id: row.request_id,
        }
    }
}
