//! `GET /admin/usage`: what was asked of providers, and what it cost.

use crate::{
    table::{Format, is_csv},
    usage_file,
};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use db::{LimitState, UsageBy, UsageOf, UsageRow};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{App, Error, Json, Manager, Overseer, Query, Result, UsageReport, days};

/// How many rows there may be.
const ROWS: usize = 5_000;
/// And in a file.
const ROWS_OF_FILE: usize = 20_000;

/// Of which days, told apart how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// The first day of UTC; if absent, the first of the month of `to`.
    #[param(value_type = Option<NaiveDate>, example = "2026-11-01")]
    from: Option<String>,
    /// The last day of UTC, at most 365 days later; if absent, today.
    #[param(value_type = Option<NaiveDate>, example = "2026-11-30")]
    to: Option<String>,
    /// What to tell the rows apart by: one or more of `day`, `user`, `key`, `endpoint`, `model`, `operation` and, for superusers
    /// who have not assumed a tenant, `tenant`, separated by commas. Those may name neither `user` nor `key`.
    #[param(default = "day", example = "day,model")]
    group_by: Option<String>,
    /// `csv` for a file; `Accept: text/csv` says the same.
    #[param(inline)]
    format: Option<Format>,
}

/// What the caller's tenant asked of providers and what it cost, and what its limits leave. What is estimated is told apart
/// from what the provider counted. A superuser who has not assumed a tenant sees sums of all tenants, and of no user.
#[utoipa::path(get, path = "/admin/usage", operation_id = "getUsage", tag = "admin", params(UsageQuery), responses(
    (status = 200, content((UsageReport = "application/json"), (String = "text/csv"))),
    (status = 403),
))]
pub(crate) async fn show(
    State(app): State<App>,
    by: Overseer,
    headers: HeaderMap,
    Query(asked): Query<UsageQuery>,
) -> Result<Response> {
    let as_file = is_csv(asked.format, &headers);
    let of = asked.of(app.clock.now().date_naive(), as_file)?;
    let (rows, left) = match &by {
        Overseer::Platform(superuser) => {
            if of
                .by
                .iter()
                .any(|by| [UsageBy::User, UsageBy::Key].contains(by))
            {
                return Err(Error::assume_required());
            }
            let mut tx = app.db.platform(superuser).await?;
            (tx.usage(&of).await?, Vec::new())
        }
        Overseer::Tenant(at) => {
            if of.by.contains(&UsageBy::Tenant) {
                return Err(Error::forbidden());
            }
            of_tenant(&app, at, &of).await?
        }
    };
    if rows.len() > of.most {
        let message = format!(
            "makes more than {} rows: ask for fewer days, or tell less apart",
            of.most
        );
        return Err(Error::field("group_by", message));
    }
    if as_file {
        return Ok(usage_file::answer(&of.by, &rows));
    }
    Ok(Json(UsageReport::new(of, rows, &left)).into_response())
}

/// What one tenant used, and what its limits leave.
async fn of_tenant(
    app: &App,
    at: &Manager,
    of: &UsageOf,
) -> Result<(Vec<UsageRow>, Vec<LimitState>)> {
    let limits = app.limits_of_tenant(&at.caller.account().tenant);
    let mut tx = app.db.admin(&at.admin).await?;
    let rows = tx.usage(of).await?;
    let left = tx.limit_states(&[limits]).await?;
    tx.commit().await?;
    Ok((rows, left))
}

impl UsageQuery {
    fn of(&self, today: NaiveDate, as_file: bool) -> Result<UsageOf> {
        let (from, to) = days(self.from.as_deref(), self.to.as_deref(), today)?;
        Ok(UsageOf {
            from,
            to,
            by: self.by()?,
            most: match as_file {
                true => ROWS_OF_FILE,
                false => ROWS,
            },
        })
    }

    /// What is named, each once and in one order.
    fn by(&self) -> Result<Vec<UsageBy>> {
        let asked: Vec<&str> = match &self.group_by {
            Some(asked) => asked.split(',').collect(),
            None => vec![UsageBy::Day.as_str()],
        };
        let known: Vec<_> = UsageBy::ALL.map(UsageBy::as_str).into();
        if asked.iter().any(|name| !known.contains(name)) {
            let message = format!(
                "must be one or more of {}, separated by commas",
                known.join(", ")
            );
            return Err(Error::field("group_by", message));
        }
        let all = UsageBy::ALL.into_iter();
        Ok(all.filter(|by| asked.contains(&by.as_str())).collect())
    }
}
