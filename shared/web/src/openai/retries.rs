//! What tells OpenAI's SDKs whether to try again, and when.

use super::{is_budget, limit};
use crate::Error;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use db::LimitState;

/// The longest wait that their SDKs keep to; asked for a longer one, some try again at once.
const LONGEST_WAIT: i64 = 60;

/// What ends an answer that the provider had begun: it is paid for already.
const PAID: [&str; 2] = ["provider_interrupted", "answer_interrupted"];

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// Adds what tells their SDKs whether to try again, and when. What an answer says itself of the first counts.
pub(crate) fn add_headers(error: &Error, headers: &mut HeaderMap) {
    let wait = headers.get(header::RETRY_AFTER);
    let wait: Option<i64> = wait.and_then(|v| v.to_str().ok()?.parse().ok());
    if let Some(wait) = wait {
        headers.insert(RETRY_AFTER_MS, wait.saturating_mul(1000).into());
    }
    let retries = should_retry(error, wait);
    let retries = HeaderValue::from_static(if retries { "true" } else { "false" });
    headers.entry(SHOULD_RETRY).or_insert(retries);
    if let Some(limit) = limit(error) {
        headers.extend(openai_limits(limit));
    }
}

fn should_retry(error: &Error, wait: Option<i64>) -> bool {
    match error.status() {
        StatusCode::TOO_MANY_REQUESTS => {
            let is_spent = limit(error).is_some_and(is_budget);
            !is_spent && wait.is_none_or(|wait| wait <= LONGEST_WAIT)
        }
        StatusCode::REQUEST_TIMEOUT => true,
        status => {
            let code = error.code();
            status.is_server_error() && is_retryable(code) && !PAID.contains(&code)
        }
    }
}

/// Whether asking again may help, by the code of what ended an answer.
pub fn is_retryable(code: &str) -> bool {
    matches!(
        code,
        "provider_timeout"
            | "provider_unreachable"
            | "provider_rate_limited"
            | "provider_unavailable"
            | "provider_interrupted"
            | "answer_interrupted"
            | "server_shutdown"
            | "overloaded"
            | "unavailable"
            | "search_timeout"
            | "too_many_connections"
    )
}

/// The headers that tell of a limit as OpenAI does; none of one that it has not.
pub fn openai_limits(limit: &LimitState) -> Vec<(HeaderName, HeaderValue)> {
    let names = match &*limit.name {
        "requests_per_minute" => [
            "x-ratelimit-limit-requests",
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests",
        ],
        name if name.starts_with("tokens") => [
            "x-ratelimit-limit-tokens",
            "x-ratelimit-remaining-tokens",
            "x-ratelimit-reset-tokens",
        ],
        _ => return Vec::new(),
    };
    let reset = HeaderValue::try_from(span(limit.reset.unsigned_abs()));
    let reset = reset.expect("digits and letters are a value");
    let values = [limit.most.into(), limit.left.into(), reset];
    names
        .map(HeaderName::from_static)
        .into_iter()
        .zip(values)
        .collect()
}

/// Seconds as OpenAI writes them: `1s`, `6m0s`, `2h0m0s`.
fn span(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_openai_does() {
        for (seconds, text) in [
            (0, "0s"),
            (1, "1s"),
            (60, "1m0s"),
            (360, "6m0s"),
            (7261, "2h1m1s"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn what_a_provider_may_do_better_next_time_is_tried_again() {
        for error in ai::Error::KINDS {
            assert_eq!(is_retryable(error.code()), error.retryable(), "{error:?}");
            let error = Error::from(service::Error::from(error));
            let is_paid = PAID.contains(&error.code());
            assert_eq!(
                should_retry(&error, None),
                is_retryable(error.code()) && !is_paid
            );
        }
    }
}
