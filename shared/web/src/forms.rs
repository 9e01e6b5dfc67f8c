//! The forms in which failures are told.

use crate::{
    Error,
    extract::RequestId,
    mcp,
    openai::{self, OpenAiFailure},
    words::{ERROR_CODE, is_in_words},
};
use axum::{
    Json,
    http::{Extensions, HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const WORDS: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(crate) const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Marks an answer to a form of OAuth 2, which has names of its own for what went wrong.
#[derive(Clone, Copy)]
pub(crate) struct ToOauth;

/// The form that a path has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// RFC 9457.
    Problem,
    /// OpenAI's, at a route or elsewhere.
    OpenAi {
        /// Whether there is a route.
        is_route: bool,
    },
    /// JSON-RPC's.
    Mcp,
    /// Plain text.
    Words,
}

impl Form {
    pub(crate) fn of(path: &str, is_route: bool) -> Self {
        match openai::is_openai(path) {
            true => Self::OpenAi { is_route },
            false if mcp::is_mcp(path) => Self::Mcp,
            false if is_in_words(path) => Self::Words,
            false => Self::Problem,
        }
    }
}

/// What is answered of an error, with the headers that the answer has already.
pub(crate) fn told_as(
    error: &Error,
    id: &RequestId,
    form: Form,
    answer: &Extensions,
    mut headers: HeaderMap,
) -> Response {
    let (status, media, body) = match form {
        Form::OpenAi { is_route } => {
            openai::add_headers(error, &mut headers);
            let failure = match error {
                Error::NotFound if !is_route => openai::elsewhere(),
                error => OpenAiFailure::from(error),
            };
            (openai::status(error), JSON, Json(failure).into_response())
        }
        Form::Mcp => {
            let (status, failure) = mcp::told(error, answer);
            (status, JSON, Json(failure).into_response())
        }
        Form::Words => {
            headers.insert(ERROR_CODE, HeaderValue::from_static(error.code()));
            (error.status(), WORDS, error.in_words().into_response())
        }
        Form::Problem => (
            error.status(),
            PROBLEM,
            Json(problem(error, id, answer)).into_response(),
        ),
    };
    let mut told: Response = (status, headers, body.into_body()).into_response();
    told.headers_mut().insert(header::CONTENT_TYPE, media);
    told
}

fn problem(error: &Error, id: &RequestId, answer: &Extensions) -> crate::Problem {
    let problem = error.problem(&id.0);
    match answer.get::<ToOauth>().is_some() {
        true => problem.for_oauth(error),
        false => problem,
    }
}
