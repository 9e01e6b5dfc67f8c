//! What a client gets when it cannot get an answer: RFC 9457 problems, one variant per kind.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use utoipa::ToSchema;

/// What a handler answers when it cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: the request cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// 401: who is asking cannot be established. The first is the code.
    #[error("{1}")]
    Unauthorized(&'static str, &'static str),
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
    /// 413.
    #[error("The request is larger than this route takes.")]
    TooLarge,
    /// 415.
    #[error("Send the body as {0}.")]
    MediaType(&'static str),
    /// 422: readable, but not acceptable, field by field.
    #[error("Some fields are not acceptable.")]
    Invalid(Vec<FieldError>),
    /// 422: a new password that is among the first to be tried.
    #[error("The new password is easy to guess. Choose another.")]
    PasswordBlocked(FieldError),
    /// 429: tried too often.
    #[error("That was tried too often. Try again in {} s.", seconds(.0.wait))]
    TooMany(db::Exhausted),
    /// 502, 503 or 504: a model or vector provider failed.
    #[error("{0}")]
    Provider(#[from] ai::Error),
    /// 503: a stored provider key cannot be opened.
    #[error(
        "The stored {0} key of this tenant cannot be read. Its administrator should set it again."
    )]
    KeyUnavailable(&'static str, #[source] anyhow::Error),
    /// 503: too busy, or the database is away.
    #[error("The service is busy or its database is away. Try again in a moment.")]
    Unavailable(#[source] anyhow::Error),
    /// 503: the process is ending, or the time that its host gives a request.
    #[error("The service had to end the answer early. Ask again; what there is of it was kept.")]
    Stopping,
    /// 500; the cause is logged, never sent.
    #[error("Something went wrong on our side. It has been logged under this request id.")]
    Internal(#[from] anyhow::Error),
}

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: the path of the field, `body` for the whole.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// A problem (RFC 9457), sent as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:parlance:error:<code>`. The codes are stable: `malformed_request`, `invalid_token`,
    /// `token_expired`, `invalid_credentials`, `invalid_refresh_token`, `refresh_token_reused`,
    /// `session_expired`, `session_revoked`, `invalid_invitation`, `forbidden`, `assume_required`, `tenant_assumed`,
    /// `origin_not_allowed`, `not_found`, `method_not_allowed`, `request_timeout`, `slug_taken`, `email_taken`,
    /// `own_account`, `not_joined`, `too_large`, `unsupported_media_type`, `invalid_request`, `password_blocked`,
    /// `too_many_requests`, `provider_timeout`, `provider_unreachable`, `provider_auth_failed`,
    /// `provider_rate_limited`, `provider_rejected`, `provider_unavailable`, `upstream_invalid`,
    /// `provider_interrupted`, `provider_key_unavailable`, `server_shutdown`, `unavailable`, `internal`.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, for people.
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
        Self::Invalid(vec![FieldError {
            field: field.to_owned(),
            message: message.into(),
        }])
    }

    /// 401 for a missing, forged or ended token.
    pub fn invalid_token() -> Self {
        Self::Unauthorized(
            "invalid_token",
            "Log in and send the access token as `Authorization: Bearer <token>`.",
        )
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
            Self::Malformed(_) => "malformed_request",
            Self::Unauthorized(code, _) | Self::Forbidden(code, _) | Self::Conflict(code, _) => {
                code
            }
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Slow => "request_timeout",
            Self::TooLarge => "too_large",
            Self::MediaType(_) => "unsupported_media_type",
            Self::Invalid(_) => "invalid_request",
            Self::PasswordBlocked(_) => "password_blocked",
            Self::TooMany(_) => "too_many_requests",
            Self::Provider(e) => e.code(),
            Self::KeyUnavailable(..) => "provider_key_unavailable",
            Self::Unavailable(_) => "unavailable",
            Self::Stopping => "server_shutdown",
            Self::Internal(_) => "internal",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(..) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(..) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(..) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) | Self::PasswordBlocked(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Provider(ai::Error::Timeout) => StatusCode::GATEWAY_TIMEOUT,
            Self::Provider(ai::Error::RateLimited { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Provider(_) => StatusCode::BAD_GATEWAY,
            Self::KeyUnavailable(..) | Self::Unavailable(_) | Self::Stopping => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
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
                Self::Invalid(errors) => errors.clone(),
                Self::PasswordBlocked(error) => vec![error.clone()],
                _ => Vec::new(),
            },
        }
    }

    /// The headers that belong to the status.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::Unauthorized(..) => vec![(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Bearer error="invalid_token""#),
            )],
            Self::Unavailable(_) => vec![(header::RETRY_AFTER, HeaderValue::from_static("1"))],
            Self::TooMany(exhausted) => {
                let wait = seconds(exhausted.wait);
                vec![
                    (header::RETRY_AFTER, wait.into()),
                    (RATELIMIT_LIMIT, exhausted.per_minute.into()),
                    (RATELIMIT_REMAINING, HeaderValue::from_static("0")),
                    (RATELIMIT_RESET, wait.into()),
                ]
            }
            Self::Provider(ai::Error::RateLimited { retry_after }) => {
                let seconds = retry_after.map_or(10, |d| d.as_secs().max(1));
                vec![(header::RETRY_AFTER, seconds.into())]
            }
            _ => Vec::new(),
        }
    }
}

const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Whole seconds after which a wait is surely over.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
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
        match e {
            db::Error::Text => Self::field(
                "body",
                "holds a character that cannot be stored, such as U+0000",
            ),
            db::Error::Unavailable(_) | db::Error::Unfit(_) => Self::Unavailable(e.into()),
            db::Error::Constraint(_) | db::Error::Statement(_) => Self::Internal(e.into()),
        }
    }
}

impl From<tenant_auth::HasherError> for Error {
    fn from(e: tenant_auth::HasherError) -> Self {
        use tenant_auth::HasherError as E;
        match e {
            E::Busy => Self::Unavailable(e.into()),
            E::Refused(_) => Self::field("password", e.to_string()),
            E::UnusableHash | E::Failed => Self::Internal(e.into()),
        }
    }
}

/// An error with everything that caused it, in one line; one that repeats what its cause says is not told twice.
pub fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
