//! What a client gets when it cannot get an answer: RFC 9457 problems, one variant per kind.

use crate::BodyLimit;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use service::FieldError;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a handler answers when it cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service did not do it.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// 400: the request cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// 403: known, but not allowed. The first is the code.
    #[error("{1}")]
    Forbidden(&'static str, &'static str),
    /// 404; also for whatever belongs to another tenant.
    #[error("There is nothing here that you can see.")]
    NotFound,
    /// 405.
    #[error("This path does not have that method.")]
    MethodNotAllowed,
    /// 408: the request did not arrive in time.
    #[error("The request did not arrive in time. Send it again.")]
    Slow,
    /// 409: the request contradicts what is stored. The first is the code.
    #[error("{1}")]
    Conflict(&'static str, String),
    /// 413; with the limit, where it is known.
    #[error("The request is larger than {}.", largest(*.0))]
    TooLarge(Option<BodyLimit>),
    /// 415.
    #[error("Send the body as {0}.")]
    MediaType(&'static str),
}

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A problem (RFC 9457), sent as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:parlance:error:<code>`. The codes are stable; `x-error-codes` of this document lists them.
    #[schema(example = "urn:parlance:error:not_found")]
    pub r#type: String,
    /// The status in words.
    #[schema(example = "Not Found")]
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    pub status: u16,
    /// What happened and what to do, for people, in English. Show it, or a text of your own for the code.
    #[schema(example = "There is nothing here that you can see.")]
    pub detail: String,
    /// The request id, which the log knows too.
    pub instance: String,
    /// The fields that are not acceptable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Error {
    /// 422 for one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        service::Error::field(field, message).into()
    }

    /// 401 for a missing, forged or ended token.
    pub fn invalid_token() -> Self {
        Self::unauthorized(
            "invalid_token",
            "Log in and send the access token as `Authorization: Bearer <token>`.",
        )
    }

    /// 401 with a code and what to do.
    pub fn unauthorized(code: &'static str, what_to_do: &'static str) -> Self {
        service::Error::Unauthorized(code, what_to_do).into()
    }

    /// 403 for a caller without the role.
    pub fn forbidden() -> Self {
        Self::Forbidden("forbidden", "Your role does not allow this.")
    }

    /// 403 for a browser page that this tenant does not allow.
    pub fn origin_not_allowed() -> Self {
        Self::Forbidden(
            "origin_not_allowed",
            "This tenant does not allow that browser origin.",
        )
    }

    /// The stable name of the problem.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Service(e) => e.code(),
            Self::Malformed(_) => "malformed_request",
            Self::Forbidden(code, _) | Self::Conflict(code, _) => code,
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Slow => "request_timeout",
            Self::TooLarge(_) => "too_large",
            Self::MediaType(_) => "unsupported_media_type",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Service(e) => status_of(e),
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(..) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(..) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    /// The problem as it is sent.
    pub fn problem(&self, request_id: &str) -> Problem {
        let status = self.status();
        Problem {
            r#type: format!("urn:parlance:error:{}", self.code()),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: self.to_string(),
            instance: request_id.to_owned(),
            errors: match self {
                Self::Service(e) => e.fields().to_vec(),
                _ => Vec::new(),
            },
        }
    }

    /// The headers that belong to the status.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::Service(e) => headers_of(e),
            _ => Vec::new(),
        }
    }
}

fn status_of(error: &service::Error) -> StatusCode {
    use service::Error as E;
    match error {
        E::Unauthorized(..) => StatusCode::UNAUTHORIZED,
        E::Invalid(_) | E::PasswordBlocked(_) => StatusCode::UNPROCESSABLE_ENTITY,
        E::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        E::Provider(ai::Error::Timeout) => StatusCode::GATEWAY_TIMEOUT,
        E::Provider(ai::Error::RateLimited { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        E::Provider(_) => StatusCode::BAD_GATEWAY,
        E::KeyUnavailable(..) | E::Unavailable(_) | E::SearchTooSlow | E::Stopping => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        E::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn headers_of(error: &service::Error) -> Vec<(HeaderName, HeaderValue)> {
    use service::Error as E;
    match error {
        E::Unauthorized(..) => vec![(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(r#"Bearer error="invalid_token""#),
        )],
        E::Unavailable(_) | E::SearchTooSlow => {
            vec![(header::RETRY_AFTER, HeaderValue::from_static("1"))]
        }
        E::TooMany(exhausted) => {
            let wait = exhausted.seconds();
            vec![
                (header::RETRY_AFTER, wait.into()),
                (RATELIMIT_LIMIT, exhausted.per_minute.into()),
                (RATELIMIT_REMAINING, HeaderValue::from_static("0")),
                (RATELIMIT_RESET, wait.into()),
            ]
        }
        E::Provider(ai::Error::RateLimited { retry_after }) => {
            let seconds = retry_after.map_or(10, |d| d.as_secs().max(1));
            vec![(header::RETRY_AFTER, seconds.into())]
        }
        _ => Vec::new(),
    }
}

const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

fn largest(limit: Option<BodyLimit>) -> String {
    match limit {
        Some(limit) => format!("{limit}, which is the most that this route takes"),
        None => "this route takes".to_owned(),
    }
}

/// The answer carries the error itself; `edge.rs` writes the body, which names the request, and logs the cause.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.headers_mut().extend(self.headers());
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<db::Error> for Error {
    fn from(e: db::Error) -> Self {
        service::Error::from(e).into()
    }
}

impl From<tenant_auth::HasherError> for Error {
    fn from(e: tenant_auth::HasherError) -> Self {
        service::Error::from(e).into()
    }
}

impl From<anyhow::Error> for Error {
    fn from(e: anyhow::Error) -> Self {
        service::Error::from(e).into()
    }
}
