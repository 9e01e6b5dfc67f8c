//! What a provider says of its own failure, within an answer or in place of one. None of its words are kept.

use reqwest::StatusCode;
use serde_json::value::RawValue;

use crate::{
    Error,
    chunk::{Fields, read_text},
    failure::meaning,
};

/// Names of refusals of what the prompt says, under `code` or `type`.
const OF_CONTENT: [&str; 6] = [
    "content_filter",
    "content_policy_violation",
    "content_filter_error",
    "invalid_prompt",
    "moderation_blocked",
    "responsible_ai_policy_violation",
];

/// What an error object means. Without anything to tell by, it is a failure of the provider's own: [`Error::Interrupted`].
pub(crate) fn meaning_of(error: &RawValue) -> Error {
    let all = Fields::of(error);
    if is_of_content(&all) {
        return Error::Rejected;
    }
    let status = ["status", "code"].into_iter().find_map(|name| {
        let code = all.get(name)?.get().trim_matches('"').parse().ok()?;
        let status = StatusCode::from_u16(code).ok()?;
        (!status.is_success()).then_some(status)
    });
    if let Some(status) = status {
        return meaning(status, None);
    }
    let names = ["code", "type"].map(|name| all.get(name).and_then(read_text));
    let mut known = names.iter().flatten().filter_map(|name| match &**name {
        "invalid_api_key" | "authentication_error" | "permission_error" => Some(Error::Auth),
        "rate_limit_exceeded" | "rate_limit_error" | "insufficient_quota" => {
            Some(Error::RateLimited { retry_after: None })
        }
        "server_error" | "overloaded_error" | "api_error" | "internal_server_error" => {
            Some(Error::Unavailable)
        }
        "invalid_request_error" | "BadRequestError" => Some(Error::Rejected),
        _ => None,
    });
    known.next().unwrap_or(Error::Interrupted)
}

/// As [`meaning_of`], of the text of an event.
pub(crate) fn meaning_of_text(error: &str) -> Error {
    let raw = serde_json::from_str(error);
    raw.map_or(Error::Interrupted, meaning_of)
}

/// Whether a refused request was refused for what it says, and not for who sent it. `body` is that of the refusal.
pub(crate) fn refuses_content(body: &[u8]) -> bool {
    let raw = serde_json::from_slice::<&RawValue>(body).ok();
    let error = raw.and_then(|raw| Fields::of(raw).get("error"));
    error.is_some_and(|error| is_of_content(&Fields::of(error)))
}

fn is_of_content(error: &Fields<'_>) -> bool {
    let names = ["code", "type"].map(|name| error.get(name).and_then(read_text));
    let is_named = names.iter().flatten().any(|n| OF_CONTENT.contains(&&**n));
    // As OpenRouter has it: https://openrouter.ai/docs/api-reference/errors
    let metadata = error.get("metadata").map(Fields::of);
    let is_flagged =
        metadata.is_some_and(|m| m.get("reasons").is_some() || m.get("flagged_input").is_some());
    is_named || is_flagged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_tells_whose_fault_it_is() {
        let limited = Error::RateLimited { retry_after: None };
        for (error, expected) in [
            (r#"{"code":"content_filter","status":400}"#, Error::Rejected),
            (r#"{"code":"content_filter","status":500}"#, Error::Rejected),
            (
                r#"{"code":403,"metadata":{"reasons":["violence"]}}"#,
                Error::Rejected,
            ),
            (r#"{"code":403,"message":"no"}"#, Error::Auth),
            (r#"{"code":400}"#, Error::Rejected),
            (r#"{"code":"429"}"#, limited.clone()),
            (r#"{"type":"rate_limit_error"}"#, limited),
            (r#"{"code":502,"message":"busy"}"#, Error::Unavailable),
            (r#"{"type":"overloaded_error"}"#, Error::Unavailable),
            (
                r#"{"code":"invalid_api_key","type":"invalid_request_error"}"#,
                Error::Auth,
            ),
            (
                r#"{"type":"invalid_request_error","code":null}"#,
                Error::Rejected,
            ),
            (r#"{"code":200}"#, Error::Interrupted),
            (r#"{"code":99999,"type":7}"#, Error::Interrupted),
            (r#""busy""#, Error::Interrupted),
            ("true", Error::Interrupted),
        ] {
            let raw: &RawValue = serde_json::from_str(error).unwrap();
            assert_eq!(meaning_of(raw), expected, "{error}");
        }
    }

    #[test]
    fn a_refusal_is_of_content_only_where_it_says_so() {
        assert!(refuses_content(
            br#"{"error":{"code":403,"metadata":{"reasons":["x"],"flagged_input":"y"}}}"#
        ));
        assert!(refuses_content(
            br#"{"error":{"type":"content_policy_violation"}}"#
        ));
        for other in [
            "",
            "<p>",
            "{}",
            r#"{"error":"content_filter"}"#,
            r#"{"error":{"message":"reasons"}}"#,
        ] {
            assert!(!refuses_content(other.as_bytes()), "{other}");
        }
    }
}
