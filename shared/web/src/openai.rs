//! Failures as OpenAI's SDKs know them: of every route under `/v1`, and of every path there that is none.
//!
//! The exception that they raise follows from the status, what it says from the body, and whether and when they try again
//! from the headers.

mod retries;

pub(crate) use retries::add_headers;
pub use retries::{is_retryable, openai_limits};

use crate::Error;
use axum::http::StatusCode;
use db::LimitState;
use serde::Serialize;
use utoipa::ToSchema;

/// A failure, in OpenAI's form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiFailure)]
pub struct OpenAiFailure {
    /// What went wrong.
    pub error: OpenAiError,
}

/// What went wrong, in OpenAI's form.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenAiError {
    /// What happened and what to do, for people.
    #[schema(
        example = "There is no such model here. GET /v1/models lists those that there are, such as gpt-6-luna."
    )]
    pub message: String,
    /// The kind of failure.
    #[schema(example = "invalid_request_error")]
    pub r#type: &'static str,
    /// The parameter that it is about.
    #[schema(required = true, example = "model")]
    pub param: Option<String>,
    /// A stable code: OpenAI's where it has one, else one of `x-error-codes` of this document.
    #[schema(example = "model_not_found")]
    pub code: &'static str,
}

/// Where everything is told in OpenAI's form.
pub(crate) fn is_openai(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

impl Error {
    /// 400 for a parameter in OpenAI's form: what is asked for is not done here.
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::parameter("unsupported_value", param, message)
    }

    /// 400 for a parameter in OpenAI's form: nobody could do that.
    pub fn wrong(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::parameter("invalid_value", param, message)
    }

    /// 400 for a parameter in OpenAI's form that is not there.
    pub fn missing(param: &'static str) -> Self {
        let message = format!("`{param}` is missing.");
        Self::parameter("missing_required_parameter", param, message)
    }

    /// 400 for a parameter in OpenAI's form, with a code.
    pub fn parameter(
        code: &'static str,
        param: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (param, message) = (param.into(), message.into());
        Self::Parameter {
            code,
            param,
            message,
        }
    }
}

impl From<&Error> for OpenAiFailure {
    fn from(error: &Error) -> Self {
        let (param, message) = told(error);
        let error = OpenAiError {
            message,
            r#type: kind(error),
            param,
            code: code(error),
        };
        Self { error }
    }
}

/// The service's failure behind it, if that is one.
fn service(error: &Error) -> Option<&service::Error> {
    match error {
        Error::Service(e) => Some(e),
        Error::Shared(e) => Some(e),
        _ => None,
    }
}

/// The limit that was reached.
fn limit(error: &Error) -> Option<&LimitState> {
    match service(error)? {
        service::Error::Limit(limit) => Some(limit),
        _ => None,
    }
}

/// Whether it is one to tokens or money, which are gone until the day or the month is over.
fn is_budget(limit: &LimitState) -> bool {
    limit.is_cost() || limit.name.starts_with("tokens")
}

fn told(error: &Error) -> (Option<String>, String) {
    if let Error::Parameter { param, message, .. } = error {
        return (Some(param.clone()), message.clone());
    }
    if let Error::NoModel(_) = error {
        return (Some("model".to_owned()), error.to_string());
    }
    let fields = service(error).map_or(&[][..], service::Error::fields);
    match fields {
        [] => (None, error.to_string()),
        [first, ..] => {
            let sentences = fields
                .iter()
                .map(|e| format!("`{}` {}.", e.field, e.message));
            let sentences: Vec<String> = sentences.collect();
            let param = Some(first.field.clone()).filter(|field| field != "body");
            (param, sentences.join(" "))
        }
    }
}

fn kind(error: &Error) -> &'static str {
    match limit(error) {
        Some(limit) if is_budget(limit) => "insufficient_quota",
        Some(_) => "requests",
        None => match error.status() {
            StatusCode::TOO_MANY_REQUESTS => "requests",
            StatusCode::FORBIDDEN => "permission_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        },
    }
}

fn code(error: &Error) -> &'static str {
    match (limit(error), error.code()) {
        (Some(limit), _) if is_budget(limit) => "insufficient_quota",
        (_, "limit_reached" | "too_many_requests") => "rate_limit_exceeded",
        (_, "invalid_token") => "invalid_api_key",
        (_, "invalid_request") => "invalid_value",
        (_, code) => code,
    }
}

/// The status of a failure there: what their SDKs take for a request that must be changed is 400.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error.status() {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    }
}

/// What is said of a path under `/v1` that is none.
pub(crate) fn elsewhere() -> OpenAiFailure {
    let error = Error::NotFound;
    let mut failure = OpenAiFailure::from(&error);
    failure.error.message = "There is nothing at this path. Of OpenAI's API this service has POST /v1/chat/completions, \
        POST /v1/responses and GET /v1/models."
        .to_owned();
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_under_v1_is_told_in_that_form() {
        for (path, is) in [
            ("/v1", true),
            ("/v1/", true),
            ("/v1/models/x", true),
            ("/v10", false),
            ("/chat", false),
        ] {
            assert_eq!(is_openai(path), is, "{path}");
        }
    }

    #[test]
    fn a_field_is_named_by_its_path() {
        let error = Error::field("messages[2].content", "must be a text");
        let failure = OpenAiFailure::from(&error).error;
        assert_eq!(failure.param.as_deref(), Some("messages[2].content"));
        assert_eq!(failure.message, "`messages[2].content` must be a text.");
        assert_eq!(
            (failure.code, status(&error).as_u16()),
            ("invalid_value", 400)
        );
    }
}
