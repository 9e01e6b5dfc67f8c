//! An [`Error`] as it is sent: a problem (RFC 9457).

use crate::{Error, LimitLeft};
use serde::Serialize;
use service::{Challenge, FieldError};
use utoipa::ToSchema;

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
    /// The limit that was reached, where it is one (429).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = LimitLeft, required = false)]
    pub limit: Option<Box<LimitLeft>>,
    /// The work that a site asks for before it lets a visitor in (`challenge_required`, `challenge_failed`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Challenge, required = false)]
    pub challenge: Option<Box<Challenge>>,
    /// To an OAuth 2 form only: its name for the same (RFC 6749, section 5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub error: Option<&'static str>,
    /// To an OAuth 2 form only: the detail, and the fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub error_description: Option<String>,
}

impl Problem {
    /// The same for a client of OAuth 2.
    pub(crate) fn for_oauth(mut self, error: &Error) -> Self {
        self.error = Some(oauth_error(error));
        let fields = self.errors.iter();
        let fields = fields.map(|e| format!(" {} {}.", e.field, e.message));
        self.error_description = Some(format!("{}{}", self.detail, fields.collect::<String>()));
        self
    }
}

impl Error {
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
                Self::Shared(e) => e.fields().to_vec(),
                _ => Vec::new(),
            },
            limit: match self {
                Self::Service(e) => limit_of(e),
                Self::Shared(e) => limit_of(e),
                _ => None,
            },
            challenge: match self {
                Self::Service(service::Error::Challenge(_, _, challenge)) => {
                    Some(challenge.clone())
                }
                _ => None,
            },
            error: None,
            error_description: None,
        }
    }
}

fn limit_of(error: &service::Error) -> Option<Box<LimitLeft>> {
    match error {
        service::Error::Limit(limit) => Some(Box::new(LimitLeft::of(limit))),
        service::Error::TooMany(exhausted) => Some(Box::new(LimitLeft::exhausted(exhausted))),
        _ => None,
    }
}

/// The name that OAuth 2 has for it; of several kinds it knows one only.
fn oauth_error(error: &Error) -> &'static str {
    match error {
        Error::Service(service::Error::Unauthorized(..)) => "invalid_grant",
        Error::Forbidden(..) => "unauthorized_client",
        Error::UnsupportedGrant => "unsupported_grant_type",
        // Those of the authorization endpoint: the token endpoint has none for them, and clients know these.
        e if e.status() == 503 => "temporarily_unavailable",
        Error::Service(service::Error::TooMany(_)) => "temporarily_unavailable",
        e if e.status().is_server_error() => "server_error",
        _ => "invalid_request",
    }
}
