//! An [`Error`] as it is sent: a problem (RFC 9457).

use crate::Error;
use serde::Serialize;
use service::FieldError;
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
    /// The limit that was reached, where it is one (429).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = LimitReached, required = false)]
    pub limit: Option<LimitReached>,
    /// The fields that are not acceptable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// To an OAuth 2 form only: its name for the same (RFC 6749, section 5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub error: Option<&'static str>,
    /// To an OAuth 2 form only: the detail, and the fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub error_description: Option<String>,
}

/// A limit that was reached.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitReached {
    /// What it is called: what is counted, and of whom.
    #[schema(example = "changes_by_user")]
    pub name: &'static str,
    /// How often it may be done in a minute.
    #[schema(example = 300)]
    pub per_minute: u32,
    /// How often it may be done now.
    #[schema(example = 0)]
    pub remaining: u32,
    /// After how many seconds it may be done again.
    #[schema(example = 1)]
    pub resets_in: u64,
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
            limit: match self {
                Self::Service(service::Error::TooMany(exhausted)) => Some(LimitReached {
                    name: exhausted.name,
                    per_minute: exhausted.per_minute,
                    remaining: 0,
                    resets_in: exhausted.seconds(),
                }),
                _ => None,
            },
            errors: match self {
                Self::Service(e) => e.fields().to_vec(),
                Self::Shared(e) => e.fields().to_vec(),
                _ => Vec::new(),
            },
            error: None,
            error_description: None,
        }
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
