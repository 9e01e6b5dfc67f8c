//! What failures of the service are in HTTP.

use crate::limit::limit_headers;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};

/// The status of one.
pub(super) fn status_of(error: &service::Error) -> StatusCode {
    use service::Error as E;
    match error {
        E::Unauthorized(..) | E::Challenge(..) => StatusCode::UNAUTHORIZED,
        E::Invalid(_) | E::PasswordBlocked(_) => StatusCode::UNPROCESSABLE_ENTITY,
        E::TooMany(_) | E::Limit(_) | E::VisitorLimit(_) => StatusCode::TOO_MANY_REQUESTS,
        E::Unpriced(_) => StatusCode::CONFLICT,
        E::Provider(ai::Error::Timeout) => StatusCode::GATEWAY_TIMEOUT,
        E::Provider(ai::Error::RateLimited { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        E::Provider(ai::Error::Content | ai::Error::TooLong | ai::Error::Format) => {
            StatusCode::BAD_REQUEST
        }
        E::Provider(_) => StatusCode::BAD_GATEWAY,
        E::ConversationDeleted => StatusCode::GONE,
        E::KeyUnavailable(..)
        | E::Unavailable(_)
        | E::Overloaded
        | E::SearchTooSlow
        | E::AnswerInterrupted
        | E::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        E::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The headers that belong to it.
pub(super) fn headers_of(error: &service::Error) -> Vec<(HeaderName, HeaderValue)> {
    use service::Error as E;
    match error {
        E::Unavailable(_) | E::Overloaded | E::SearchTooSlow => {
            vec![(header::RETRY_AFTER, HeaderValue::from_static("1"))]
        }
        E::TooMany(exhausted) => {
            let wait = exhausted.seconds();
            let reset = i64::try_from(wait).unwrap_or(i64::MAX);
            let mut headers = vec![(header::RETRY_AFTER, wait.into())];
            headers.extend(limit_headers(exhausted.per_minute.into(), 0, reset));
            headers
        }
        E::VisitorLimit(limit) => vec![(header::RETRY_AFTER, limit.reset.max(1).into())],
        E::Limit(limit) => {
            let mut headers = vec![(header::RETRY_AFTER, limit.reset.max(1).into())];
            headers.extend(limit_headers(limit.most, limit.left, limit.reset));
            headers
        }
        E::Provider(ai::Error::RateLimited { retry_after }) => {
            let seconds = retry_after.map_or(10, |d| d.as_secs().max(1));
            vec![(header::RETRY_AFTER, seconds.into())]
        }
        _ => Vec::new(),
    }
}
