//! `GET /login/me/usage`: what the caller asked of providers, and what it cost.

use axum::extract::State;
use db::{LimitScope, UsageBy, UsageOf};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{App, Json, Own, Query, Result, UsageReport, days};

/// How many rows there may be: one for each day.
const ROWS: usize = 366;

/// Of which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnUsageQuery {
    /// The first day of UTC; if absent, the first of the month of `to`.
    #[param(value_type = Option<chrono::NaiveDate>, example = "2026-11-01")]
    from: Option<String>,
    /// The last day of UTC, at most 365 days later; if absent, today.
    #[param(value_type = Option<chrono::NaiveDate>, example = "2026-11-30")]
    to: Option<String>,
}

/// What the caller asked of providers, day by day, what it cost, and what the caller's own limits leave.
#[utoipa::path(get, path = "/login/me/usage", operation_id = "getMyUsage", tag = "login", params(OwnUsageQuery), responses(
    (status = 200, body = UsageReport),
))]
pub(crate) async fn show(
    State(app): State<App>,
    Own(caller): Own,
    Query(asked): Query<OwnUsageQuery>,
) -> Result<Json<UsageReport>> {
    let today = app.clock.now().date_naive();
    let (from, to) = days(asked.from.as_deref(), asked.to.as_deref(), today)?;
    let of = UsageOf {
        from,
        to,
        by: vec![UsageBy::Day],
        end_user: None,
        most: ROWS,
    };
    let mut limits = app.limits_of(&caller);
    limits.retain(|of| of.scope == LimitScope::User);
    let mut tx = app.db.tenant(&caller).await?;
    let rows = tx.own_usage(&caller, &of).await?;
    let left = tx.limit_states(&limits).await?;
    tx.commit().await?;
    Ok(Json(UsageReport::new(of, rows, &left)))
}
