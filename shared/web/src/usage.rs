//! What was asked of providers and what it cost, as it is told.

use crate::{Error, LimitLeft, Result};
use chrono::{Datelike, NaiveDate};
use db::{LimitState, UsageBy, UsageCounts, UsageOf, UsageRow, Usd};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// How many days a report is about at most: every year has no more.
const DAYS: i64 = 366;

/// What was asked of providers and what it cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReport {
    /// The first day of UTC.
    pub from: NaiveDate,
    /// The last day of UTC.
    pub to: NaiveDate,
    /// What the rows are told apart by.
    pub group_by: Vec<UsageBy>,
    /// All rows together.
    pub total: UsageSums,
    /// The rows, in the order of what they are told apart by. Where there was nothing there is no row.
    pub rows: Vec<UsageItem>,
    /// Where the tenant, or the caller, is with limits to tokens and money. A superuser who has not assumed a tenant is told
    /// nothing.
    pub left: Vec<LimitLeft>,
}

/// What was asked and what it cost, of calls that have something in common. What they are not told apart by is absent, and
/// what they have not, such as a key, too.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageItem {
    /// The day of UTC on which it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<NaiveDate>,
    /// The tenant's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<Uuid>,
    /// The tenant's slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The id of the user who asked, who may be gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    /// The address of the user who asked, while that one is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The id of the API key that it was asked with, or of the site whose visitors asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<Uuid>,
    /// What that key or site is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// The provider that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The model that it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it was asked for: `chat`, `embedding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Whom a server asked for, as `end_user` in the metadata of the question: a hash of what it sent as `safety_identifier` or
    /// `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    /// How much it was.
    #[serde(flatten)]
    pub sums: UsageSums,
}

/// Sums of calls of providers.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageSums {
    /// All calls, whatever became of them.
    pub calls: i64,
    /// Those to which the provider gave nothing.
    pub failed_calls: i64,
    /// Those of which no price is known: what they cost is not in `cost`.
    pub unpriced_calls: i64,
    /// What all calls cost.
    pub cost: Usd,
    /// Calls whose tokens the provider counted.
    pub exact: UsageTokens,
    /// Calls whose tokens are estimated, since they were cut off, or the provider does not count.
    pub estimated: UsageTokens,
}

/// Tokens, and what they cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageTokens {
    /// How many calls.
    pub calls: i64,
    /// Tokens that were sent.
    pub prompt_tokens: i64,
    /// Those of them that the provider read from its cache.
    pub cached_tokens: i64,
    /// Those of them that the provider wrote to its cache.
    pub cache_write_tokens: i64,
    /// Tokens that came back.
    pub completion_tokens: i64,
    /// Those of them that were not the answer.
    pub reasoning_tokens: i64,
    /// What these calls cost.
    pub cost: Usd,
}

impl UsageReport {
    /// The rows that are `of` something, and what is left.
    pub fn new(of: UsageOf, rows: Vec<UsageRow>, left: &[LimitState]) -> Self {
        Self {
            from: of.from,
            to: of.to,
            group_by: of.by,
            total: UsageSums::total(&rows),
            rows: rows.into_iter().map(Into::into).collect(),
            left: left.iter().map(LimitLeft::of).collect(),
        }
    }
}

impl UsageTokens {
    fn of(counts: UsageCounts) -> Self {
        Self {
            calls: counts.calls,
            prompt_tokens: counts.prompt_tokens,
            cached_tokens: counts.cached_tokens,
            cache_write_tokens: counts.cache_write_tokens,
            completion_tokens: counts.completion_tokens,
            reasoning_tokens: counts.reasoning_tokens,
            cost: Usd::from_nano(counts.cost),
        }
    }
}

impl UsageSums {
    fn of(exact: UsageCounts, estimated: UsageCounts) -> Self {
        let all = exact.and(estimated);
        Self {
            calls: all.calls,
            failed_calls: all.failed_calls,
            unpriced_calls: all.unpriced_calls,
            cost: Usd::from_nano(all.cost),
            exact: UsageTokens::of(exact),
            estimated: UsageTokens::of(estimated),
        }
    }

    /// The sums of all `rows`.
    fn total(rows: &[UsageRow]) -> Self {
        let none = UsageCounts::default();
        let (exact, estimated) = rows.iter().fold((none, none), |(exact, estimated), row| {
            (exact.and(row.exact), estimated.and(row.estimated))
        });
        Self::of(exact, estimated)
    }
}

impl From<UsageRow> for UsageItem {
    fn from(row: UsageRow) -> Self {
        let of = row.group;
        Self {
            day: of.day,
            tenant_id: of.tenant_id,
            tenant: of.tenant,
            user_id: of.user_id,
            email: of.email,
            api_key_id: of.api_key_id,
            api_key: of.api_key,
            endpoint: of.endpoint,
            model: of.model,
            operation: of.operation,
            end_user: of.end_user,
            sums: UsageSums::of(row.exact, row.estimated),
        }
    }
}

/// The days from `from` to `to`, both included: `to` is today if absent, and `from` the first of its month.
///
/// # Errors
/// 422: what is no day, not in order, or more than a year.
pub fn days(
    from: Option<&str>,
    to: Option<&str>,
    today: NaiveDate,
) -> Result<(NaiveDate, NaiveDate)> {
    let to = to.map_or(Ok(today), |text| day("to", text))?;
    let first = to.with_day(1).unwrap_or(to);
    let from = from.map_or(Ok(first), |text| day("from", text))?;
    if from > to {
        return Err(Error::field("to", "must not be before from"));
    }
    if (to - from).num_days() >= DAYS {
        let message = format!("must be so that from and to span at most {DAYS} days");
        return Err(Error::field("to", message));
    }
    Ok((from, to))
}

fn day(field: &str, text: &str) -> Result<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    // chrono takes other lengths and signs, too.
    let day = day.filter(|day| text.len() == 10 && (1..=9999).contains(&day.year()));
    let message = "must be a day such as 2026-01-31, in the years 1 to 9999";
    day.ok_or_else(|| Error::field(field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_usual_and_a_year_the_most() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
        let told = |from, to| {
            let days = days(from, to, today);
            days.map(|(from, to)| format!("{from} {to}"))
                .map_err(|e| match e {
                    Error::Service(service::Error::Invalid(fields)) => fields[0].field.clone(),
                    other => panic!("{other:?}"),
                })
        };
        for (from, to, expected) in [
            (None, None, Ok("2026-11-01 2026-11-26")),
            (None, Some("2024-02-29"), Ok("2024-02-01 2024-02-29")),
            (Some("2026-11-26"), None, Ok("2026-11-26 2026-11-26")),
            (
                Some("2024-01-01"),
                Some("2024-12-31"),
                Ok("2024-01-01 2024-12-31"),
            ),
            (Some("2025-01-01"), Some("2026-01-02"), Err("to")),
            (Some("2026-11-27"), None, Err("to")),
            (Some("2026-12-01"), Some("2026-11-30"), Err("to")),
            (
                Some("9999-12-01"),
                Some("9999-12-31"),
                Ok("9999-12-01 9999-12-31"),
            ),
            (
                Some("0001-01-01"),
                Some("0001-01-01"),
                Ok("0001-01-01 0001-01-01"),
            ),
            (Some("0000-12-31"), Some("0001-01-01"), Err("from")),
            (Some("2026-02-30"), None, Err("from")),
            (Some("2026-1-1"), None, Err("from")),
            (Some("+12026-01-01"), None, Err("from")),
            (Some("-0001-01-01"), None, Err("from")),
            (Some("2026-11-01T00:00:00Z"), None, Err("from")),
            (Some(""), None, Err("from")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(told(from, to), expected, "{from:?} {to:?}");
        }
    }
}
