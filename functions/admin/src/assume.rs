//! `POST /admin/tenants/{id}/assume`: a superuser goes into a tenant.

use axum::extract::State;
use chrono::TimeDelta;
use db::Superuser;
use serde::Deserialize;
use service::AssumedToken;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Path, Result};

/// Why, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssumeTenantRequest)]
pub(crate) struct Assume {
    /// What the tenant's administrators will read in their audit log, 1 to 500 characters.
    #[schema(
        min_length = 1,
        max_length = 500,
        example = "Ticket 4711: answers lack sources"
    )]
    reason: String,
    /// How long, 1 to 15 minutes; 15 if absent.
    #[schema(minimum = 1, maximum = 15, default = 15)]
    minutes: Option<i64>,
}

/// Gives a superuser a token for one tenant: with it, everything its administrators can do, and every conversation can be
/// read, but nothing be done in a user's name. It ends after the minutes asked for, with the superuser's own login, or
/// with that role, whichever comes first (OWASP ASVS 5.0, 8.4.2).
#[utoipa::path(post, path = "/admin/tenants/{id}/assume", operation_id = "assumeTenant", tag = "admin", params(("id" = Uuid, Path)),
    request_body = Assume,
    responses((status = 200, body = AssumedToken), (status = 403))
)]
pub(crate) async fn assume(
    State(app): State<App>,
    superuser: Superuser,
    Path(tenant): Path<Uuid>,
    Json(asked): Json<Assume>,
) -> Result<Json<AssumedToken>> {
    let reason = asked.reason.trim();
    if !(1..=500).contains(&reason.chars().count()) {
        return Err(Error::field("reason", "must be 1 to 500 characters"));
    }
    let minutes = asked.minutes.unwrap_or(15);
    if !(1..=15).contains(&minutes) {
        return Err(Error::field("minutes", "must be from 1 to 15"));
    }
    let tx = app.db.platform(&superuser).await?;
    let stay = tx.assume(tenant, reason, TimeDelta::minutes(minutes));
    let stay = stay.await?.ok_or(Error::NotFound)?;
    Ok(Json(app.assumed_token(&stay)))
}
