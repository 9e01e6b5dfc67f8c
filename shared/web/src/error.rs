//! What a client gets when it cannot get an answer, one variant per kind.

mod of_service;

use crate::{BodyLimit, contract::known_code};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use of_service::{headers_of, status_of};
use std::sync::Arc;

/// What a handler answers when it cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service did not do it.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// The same, where several are told of it.
    #[error(transparent)]
    Shared(Arc<service::Error>),
    /// What ended an answer that is told again: code, status, and what it means.
    #[error("{2}")]
    Again(&'static str, u16, &'static str),
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
    /// 412: it is not what `If-Match` says any more.
    #[error(
        "Somebody has changed this since you read it, so nothing was done. Read it again, and send the change with its new ETag."
    )]
    Changed,
    /// 422: another request had this `Idempotency-Key`.
    #[error(
        "Another request was sent with this Idempotency-Key. Send each request with a key of its own."
    )]
    KeyReused,
    /// 410: what the same request made before is gone.
    #[error(
        "This request was taken before, and what it made is no longer there. To make it anew, send it with another Idempotency-Key."
    )]
    ResultGone,
    /// 413; with the limit, where it is known.
    #[error("The request is larger than {}", largest(*.0))]
    TooLarge(Option<BodyLimit>),
    /// 414.
    #[error("The address of the request is longer than this service takes.")]
    UriTooLong,
    /// 431.
    #[error("The headers of the request are larger than this service takes (16 KiB in all).")]
    HeadersTooLarge,
    /// 415.
    #[error("Send the body as {0}.")]
    MediaType(&'static str),
    /// 400: a grant of OAuth 2 that there is not.
    #[error("Send grant_type=password or grant_type=refresh_token.")]
    UnsupportedGrant,
    /// 400: a parameter of a request in OpenAI's form, by its path there.
    #[error("{message}")]
    Parameter {
        /// The code.
        code: &'static str,
        /// Which one.
        param: String,
        /// What is wrong with it, in a sentence.
        message: String,
    },
    /// What the Model Context Protocol has a code of its own for.
    #[error("{}", .0.message)]
    Mcp(Box<crate::McpFault>),
    /// 404: there is no model of that name; with one that there is.
    #[error("There is no such model here. GET /v1/models lists those that there are, such as {0}.")]
    NoModel(String),
    /// 503: one client has as many connections as it may.
    #[error("You have too many connections open. Close some, or send several requests on each.")]
    TooManyConnections,
}

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// 422 for one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        service::Error::field(field, message).into()
    }

    /// 401 for a missing, forged or ended token.
    pub fn invalid_token() -> Self {
        Self::unauthorized(
            "invalid_token",
            "Log in and send the access token, or an API key that is good, as `Authorization: Bearer <token>`.",
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

    /// 403 for a superuser who is not in the tenant that it asks about.
    pub fn assume_required() -> Self {
        Self::Forbidden(
            "assume_required",
            "Assume the tenant first, with POST /admin/tenants/{id}/assume, and use the token that it gives.",
        )
    }

    /// 403 for a browser page that this tenant does not allow.
    pub fn origin_not_allowed() -> Self {
        Self::Forbidden(
            "origin_not_allowed",
            "This tenant does not allow that browser origin.",
        )
    }

    /// The problem whose code an answer ended with.
    pub fn again(code: &str) -> Self {
        let (code, status, meaning) =
            known_code(code).unwrap_or(("internal", 500, "Something went wrong in the service."));
        Self::Again(code, status, meaning)
    }

    /// The stable name of the problem.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Service(e) => e.code(),
            Self::Shared(e) => e.code(),
            Self::Again(code, ..) => code,
            Self::Changed => "precondition_failed",
            Self::KeyReused => "idempotency_key_reused",
            Self::ResultGone => "result_gone",
            Self::Malformed(_) => "malformed_request",
            Self::Forbidden(code, _) | Self::Conflict(code, _) => code,
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Slow => "request_timeout",
            Self::TooLarge(_) => "too_large",
            Self::UriTooLong => "uri_too_long",
            Self::HeadersTooLarge => "headers_too_large",
            Self::MediaType(_) => "unsupported_media_type",
            Self::UnsupportedGrant => "unsupported_grant_type",
            Self::TooManyConnections => "too_many_connections",
            Self::Parameter { code, .. } => code,
            Self::Mcp(fault) => fault.name(),
            Self::NoModel(_) => "model_not_found",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Service(e) => status_of(e),
            Self::Shared(e) => status_of(e),
            Self::Again(_, status, _) => {
                StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Changed => StatusCode::PRECONDITION_FAILED,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::ResultGone => StatusCode::GONE,
            Self::Malformed(_) | Self::UnsupportedGrant | Self::Parameter { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::Forbidden(..) => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoModel(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Mcp(fault) => fault.status,
            Self::Conflict(..) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyConnections => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What to show to people: the sentence, and what is said of the fields.
    pub fn in_words(&self) -> String {
        let fields = match self {
            Self::Service(e) => e.fields(),
            Self::Shared(e) => e.fields(),
            _ => &[],
        };
        let fields = fields.iter();
        let fields = fields.map(|e| format!(" `{}` {}.", e.field, e.message));
        format!("{self}{}", fields.collect::<String>())
    }

    /// The headers that belong to the status.
    pub(crate) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::Service(e) => headers_of(e),
            Self::Shared(e) => headers_of(e),
            Self::TooManyConnections => vec![(header::RETRY_AFTER, HeaderValue::from_static("1"))],
            _ => Vec::new(),
        }
    }
}

fn largest(limit: Option<BodyLimit>) -> String {
    match limit {
        Some(limit) => {
            let told = format!(
                "{limit}, which is the most that this route takes. {}",
                limit.advice()
            );
            told.trim_end().to_owned()
        }
        None => "this route takes.".to_owned(),
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
