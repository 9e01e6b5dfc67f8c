//! What can keep the service from doing what it was asked to, one variant per kind.

use crate::{Challenge, limit_words, visitors};
use db::LimitState;
use serde::Serialize;
use utoipa::ToSchema;

/// Why something was not done. Its sentence is for the person who asked, and says what to do; the cause is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Who is asking cannot be established. The first is the code.
    #[error("{1}")]
    Unauthorized(&'static str, &'static str),
    /// Whoever wants in has work to do first. The first is the code.
    #[error("{1}")]
    Challenge(&'static str, &'static str, Box<Challenge>),
    /// What was given is not acceptable, field by field.
    #[error("Some fields are not acceptable.")]
    Invalid(Vec<FieldError>),
    /// A new password that is among the first to be tried.
    #[error("The new password is easy to guess. Choose another.")]
    PasswordBlocked(FieldError),
    /// Tried too often.
    #[error("That was tried too often. Try again in {} s.", .0.seconds())]
    TooMany(db::Exhausted),
    /// A limit does not let it be asked.
    #[error("{}", limit_words::sentence(.0))]
    Limit(Box<LimitState>),
    /// The same, told to a visitor of a web page.
    #[error("{}", visitors::sentence(.0))]
    VisitorLimit(Box<LimitState>),
    /// Money is limited, and nobody knows what the model costs.
    #[error(
        "Spending is limited here, and the price of the model {0} is not known. The tenant's administrator should choose another model, or the operator give its price in MODELS_FILE."
    )]
    Unpriced(String),
    /// A model or vector provider failed.
    #[error("{0}")]
    Provider(#[from] ai::Error),
    /// A stored provider key cannot be opened.
    #[error(
        "The stored {0} key of this tenant cannot be read. Its administrator should set it again."
    )]
    KeyUnavailable(String, #[source] anyhow::Error),
    /// Too busy, or the database is away.
    #[error("The service is busy or its database is away. Try again in a moment.")]
    Unavailable(#[source] anyhow::Error),
    /// Too many were before this in the time that it may wait.
    #[error("The service has too much to do. Try again in a moment.")]
    Overloaded,
    /// What a tenant knows could not be searched in the time that one search may take.
    #[error("The search took too long. Try again in a moment, with fewer words.")]
    SearchTooSlow,
    /// The answer's conversation was deleted.
    #[error("The conversation was deleted while its answer was made.")]
    ConversationDeleted,
    /// The process that made an answer is gone.
    #[error(
        "The service ended before the answer was whole. What there is of it was kept; ask again."
    )]
    AnswerInterrupted,
    /// The process is ending, or the time that its host gives a request.
    #[error("The service had to end the answer early. Ask again; what there is of it was kept.")]
    Stopping,
    /// A fault of ours; the cause is logged, never sent.
    #[error("Something went wrong on our side. It has been logged under this request id.")]
    Internal(#[from] anyhow::Error),
}

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: the path of the field, or the name of the parameter; `body` for the whole body.
    #[schema(example = "title")]
    pub field: String,
    /// What is wrong with it.
    #[schema(example = "must be 1 to 200 characters")]
    pub message: String,
}

impl Error {
    /// One field that is not acceptable.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            field: field.to_owned(),
            message: message.into(),
        }])
    }

    /// Nothing, if nothing is wrong.
    ///
    /// # Errors
    /// The fields that are not acceptable.
    pub fn if_any(faults: Vec<FieldError>) -> Result<()> {
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Self::Invalid(faults)),
        }
    }

    /// The stable name of what went wrong.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized(code, _) | Self::Challenge(code, ..) => code,
            Self::Invalid(_) => "invalid_request",
            Self::PasswordBlocked(_) => "password_blocked",
            Self::TooMany(_) => "too_many_requests",
            Self::Limit(_) | Self::VisitorLimit(_) => "limit_reached",
            Self::Unpriced(_) => "model_unpriced",
            Self::Provider(e) => e.code(),
            Self::KeyUnavailable(..) => "provider_key_unavailable",
            Self::Unavailable(_) => "unavailable",
            Self::Overloaded => "overloaded",
            Self::SearchTooSlow => "search_timeout",
            Self::ConversationDeleted => "conversation_deleted",
            Self::AnswerInterrupted => "answer_interrupted",
            Self::Stopping => "server_shutdown",
            Self::Internal(_) => "internal",
        }
    }

    /// The fields that are not acceptable.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(fields) => fields,
            Self::PasswordBlocked(field) => std::slice::from_ref(field),
            _ => &[],
        }
    }
}

impl From<db::Error> for Error {
    fn from(e: db::Error) -> Self {
        match e {
            db::Error::Text => Self::field(
                "body",
                "holds a character that cannot be stored, such as U+0000",
            ),
            db::Error::Overloaded => Self::Overloaded,
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
            E::Failed => Self::Internal(e.into()),
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
