//! What was used, as a CSV file.

use crate::table;
use axum::response::{IntoResponse, Response};
use db::{UsageBy, UsageCounts, UsageRow, Usd};

/// Of all calls of a row.
const SUMS: [&str; 4] = ["calls", "failed_calls", "unpriced_calls", "cost_usd"];
/// Of those that are exact, and those that are estimated.
const TOKENS: [&str; 7] = [
    "calls",
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cost_usd",
];

/// The file: a column for whatever `by` names, and then the same ones always.
pub(crate) fn answer(by: &[UsageBy], rows: &[UsageRow]) -> Response {
    let names = by.iter().flat_map(|by| columns(*by));
    let names = names.map(|name| (*name).to_owned());
    let sums = SUMS.map(str::to_owned).into_iter();
    let tokens = ["exact", "estimated"].map(|kind| TOKENS.map(|name| format!("{kind}_{name}")));
    let head = names
        .chain(sums)
        .chain(tokens.into_iter().flatten())
        .collect();
    let all = std::iter::once(head).chain(rows.iter().map(|row| cells(by, row)));
    let all: Vec<Vec<String>> = all.collect();
    (table::headers("usage"), table::text(all)).into_response()
}

fn columns(by: UsageBy) -> &'static [&'static str] {
    match by {
        UsageBy::Day => &["day"],
        UsageBy::Tenant => &["tenant_id", "tenant"],
        UsageBy::User => &["user_id", "email"],
        UsageBy::Key => &["api_key_id", "api_key"],
        UsageBy::Endpoint => &["endpoint"],
        UsageBy::Model => &["model"],
        UsageBy::Operation => &["operation"],
        UsageBy::EndUser => &["end_user"],
    }
}

fn cells(by: &[UsageBy], row: &UsageRow) -> Vec<String> {
    let of = &row.group;
    fn cell(value: &Option<impl ToString>) -> String {
        value.as_ref().map_or_else(String::new, ToString::to_string)
    }
    let named = by.iter().flat_map(|by| match by {
        UsageBy::Day => vec![cell(&of.day)],
        UsageBy::Tenant => vec![cell(&of.tenant_id), cell(&of.tenant)],
        UsageBy::User => vec![cell(&of.user_id), cell(&of.email)],
        UsageBy::Key => vec![cell(&of.api_key_id), cell(&of.api_key)],
        UsageBy::Endpoint => vec![cell(&of.endpoint)],
        UsageBy::Model => vec![cell(&of.model)],
        UsageBy::Operation => vec![cell(&of.operation)],
        UsageBy::EndUser => vec![cell(&of.end_user)],
    });
    let all = row.exact.and(row.estimated);
    let sums = [all.calls, all.failed_calls, all.unpriced_calls].map(|n| n.to_string());
    let sums = sums.into_iter().chain([usd(all.cost)]);
    let tokens = [row.exact, row.estimated].into_iter().flat_map(tokens);
    named.chain(sums).chain(tokens).collect()
}

fn tokens(counts: UsageCounts) -> [String; TOKENS.len()] {
    [
        counts.calls.to_string(),
        counts.prompt_tokens.to_string(),
        counts.cached_tokens.to_string(),
        counts.cache_write_tokens.to_string(),
        counts.completion_tokens.to_string(),
        counts.reasoning_tokens.to_string(),
        usd(counts.cost),
    ]
}

fn usd(nano: i64) -> String {
    Usd::from_nano(nano).to_string()
}
