//! Where somebody is with a limit, as it is told.

use axum::http::{HeaderName, HeaderValue};
use db::{Exhausted, LimitScope, LimitState, Usd};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A limit, and what is left of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitLeft {
    /// What it is called.
    #[schema(example = "tokens_per_day")]
    pub name: String,
    /// Whose it is, of those that can be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = LimitScope, required = false)]
    pub scope: Option<LimitScope>,
    /// What it is: a number, and of money an amount of USD as a text.
    #[schema(example = json!(1_000_000))]
    pub most: Value,
    /// What is left of it.
    #[schema(example = json!(1234))]
    pub left: Value,
    /// In how many seconds there is more.
    #[schema(example = 3600)]
    pub reset: i64,
}

impl LimitLeft {
    /// `limit` as it is told.
    pub fn of(limit: &LimitState) -> Self {
        let amount = |n: i64| match limit.is_cost() {
            true => json!(Usd::from_nano(n)),
            false => json!(n),
        };
        Self {
            name: limit.name.clone(),
            scope: Some(limit.scope),
            most: amount(limit.most),
            left: amount(limit.left),
            reset: limit.reset,
        }
    }

    /// So many in a minute, none of which is left.
    pub(crate) fn exhausted(limit: &Exhausted) -> Self {
        Self {
            name: limit.name.to_owned(),
            scope: None,
            most: json!(limit.per_minute),
            left: json!(0),
            reset: i64::try_from(limit.seconds()).unwrap_or(i64::MAX),
        }
    }
}

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const WARNING: HeaderName = HeaderName::from_static("limit-warning");

/// The headers that tell of a limit: how much, how much is left, and after how many seconds there is more. Money is in
/// nano-USD.
pub(crate) fn limit_headers(most: i64, left: i64, reset: i64) -> Vec<(HeaderName, HeaderValue)> {
    vec![
        (LIMIT, most.into()),
        (REMAINING, left.into()),
        (RESET, reset.into()),
    ]
}

/// The headers of an answer that a limit allowed: also a warning, where less than a fifth of it is left.
pub fn limit_warning(limit: &LimitState) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = limit_headers(limit.most, limit.left, limit.reset);
    if limit.is_near() {
        let (told, scope) = (LimitLeft::of(limit), json!(limit.scope));
        let text = format!(
            "{} {}: {} of {} left",
            scope.as_str().unwrap_or_default(),
            limit.name,
            plain(&told.left),
            plain(&told.most),
        );
        headers.extend(HeaderValue::try_from(text).map(|text| (WARNING, text)));
    }
    headers
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
