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

/// And of how long it is; the last is llama.cpp's.
const OF_LENGTH: [&str; 4] = [
    "context_length_exceeded",
    "string_above_max_length",
    "array_above_max_length",
    "exceed_context_size_error",
];

/// What those say of its length who have no name for that: vLLM and Mistral, llama.cpp, Google, Anthropic.
const TOO_LONG: [&str; 5] = [
    "context length",
    "context size",
    "context window",
    "maximum number of tokens",
    "prompt is too long",
];

/// What those speak of who do not take a `response_format`.
const FORMAT: [&str; 2] = ["response_format", "json_schema"];

/// What an error object means. Without anything to tell by, it is a failure of the provider's own: [`Error::Interrupted`].
pub(crate) fn meaning_of(error: &RawValue) -> Error {
    let all = Fields::of(error);
    if let Some(error) = of_prompt(&all) {
        return error;
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
    of_body(body) == Some(Error::Content)
}

/// What of a request was refused that whoever asks may change, if `body` says so, which is that of the refusal; of a format
/// only where one was asked for.
pub(crate) fn refused(body: &[u8], has_format: bool) -> Option<Error> {
    let text = String::from_utf8_lossy(body).to_lowercase();
    let says = |all: &[&str]| all.iter().any(|words| text.contains(words));
    of_body(body)
        .or_else(|| (has_format && says(&FORMAT)).then_some(Error::Format))
        .or_else(|| says(&TOO_LONG).then_some(Error::TooLong))
}

fn of_body(body: &[u8]) -> Option<Error> {
    let raw = serde_json::from_slice::<&RawValue>(body).ok()?;
    of_prompt(&Fields::of(Fields::of(raw).get("error")?))
}

/// What is wrong with the prompt, if that is what an error names.
fn of_prompt(error: &Fields<'_>) -> Option<Error> {
    let names = ["code", "type"].map(|name| error.get(name).and_then(read_text));
    let is_one = |all: &[&str]| names.iter().flatten().any(|name| all.contains(&&**name));
    // As OpenRouter has it: https://openrouter.ai/docs/api-reference/errors
    let metadata = error.get("metadata").map(Fields::of);
    let is_flagged =
        metadata.is_some_and(|m| m.get("reasons").is_some() || m.get("flagged_input").is_some());
    match is_one(&OF_CONTENT) || is_flagged {
        true => Some(Error::Content),
        false => is_one(&OF_LENGTH).then_some(Error::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_tells_whose_fault_it_is() {
        let limited = Error::RateLimited { retry_after: None };
        for (error, expected) in [
            (r#"{"code":"content_filter","status":400}"#, Error::Content),
            (r#"{"code":"content_filter","status":500}"#, Error::Content),
            (
                r#"{"code":403,"metadata":{"reasons":["violence"]}}"#,
                Error::Content,
            ),
            (
                r#"{"code":"context_length_exceeded","type":"invalid_request_error"}"#,
                Error::TooLong,
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

    #[test]
    fn what_can_be_changed_of_a_request_is_told_apart() {
        let (format, long) = (Some(Error::Format), Some(Error::TooLong));
        // As OpenAI, Azure, OpenAI again, vLLM, Mistral, llama.cpp and Google say it.
        for (body, with_format, without) in [
            (
                r#"{"error":{"message":"Invalid schema for response_format 'a'","param":"response_format"}}"#,
                &format,
                &None,
            ),
            (
                r#"{"error":{"message":"'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.","param":"messages"}}"#,
                &format,
                &None,
            ),
            (
                r#"{"error":{"code":"content_filter","param":"prompt","message":"response_format"}}"#,
                &Some(Error::Content),
                &Some(Error::Content),
            ),
            (
                r#"{"error":{"code":"context_length_exceeded","param":"messages"}}"#,
                &long,
                &long,
            ),
            (
                r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","code":400}"#,
                &long,
                &long,
            ),
            (
                r#"{"object":"error","message":"Prompt contains 9 tokens, too large for model with 8 maximum context length"}"#,
                &long,
                &long,
            ),
            (
                r#"{"error":{"code":400,"type":"exceed_context_size_error"}}"#,
                &long,
                &long,
            ),
            (
                r#"[{"error":{"message":"The input token count (9) exceeds the maximum number of tokens allowed (8)."}}]"#,
                &long,
                &long,
            ),
            (
                r#"{"error":{"param":"temperature","message":"no"}}"#,
                &None,
                &None,
            ),
            ("", &None, &None),
        ] {
            assert_eq!(&refused(body.as_bytes(), true), with_format, "{body}");
            assert_eq!(&refused(body.as_bytes(), false), without, "{body}");
        }
    }
}
