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

/// Of how many days end users are told apart: their calls are read one by one.
const DAYS_OF_END_USERS: i64 = 31;

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
    /// What to tell the rows apart by: one or more of `day`, `user`, `key`, `endpoint`, `model`, `operation`, `end_user` and,
    /// for superusers who have not assumed a tenant, `tenant`, separated by commas. Those may name neither `user`, `key` nor
    /// `end_user`.
    #[param(default = "day", example = "day,model")]
    group_by: Option<String>,
    /// Whom a server asked for, as it sent that with its questions as `safety_identifier` or `user`. With it, or told apart by
    /// `end_user`, the days are at most 31.
    #[param(min_length = 1, example = "customer-42")]
    end_user: Option<String>,
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
    let mut of = asked.of(app.clock.now().date_naive(), as_file)?;
    let (rows, left) = match &by {
        Overseer::Platform(superuser) => {
            let of_people = [UsageBy::User, UsageBy::Key, UsageBy::EndUser];
            if asked.end_user.is_some() || of.by.iter().any(|by| of_people.contains(by)) {
                return Err(Error::assume_required());
            }
            let mut tx = app.db.platform(superuser).await?;
            (tx.usage(&of).await?, Vec::new())
        }
        Overseer::Tenant(at) => {
            if of.by.contains(&UsageBy::Tenant) {
                return Err(Error::forbidden());
            }
            let tenant = at.caller.tenant_id();
            of.end_user = asked.end_user.map(|name| app.end_user(tenant, &name));
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
        let by = self.by()?;
        if self.end_user.as_deref() == Some("") {
            return Err(Error::field("end_user", "must not be empty"));
        }
        let of_end_users = self.end_user.is_some() || by.contains(&UsageBy::EndUser);
        if of_end_users && (to - from).num_days() >= DAYS_OF_END_USERS {
            let message = "must be so that from and to span at most 31 days, as for all that is asked of end users";
            return Err(Error::field("to", message));
        }
        Ok(UsageOf {
            from,
            to,
            by,
            end_user: None,
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
