//! Which browser pages may call: the deployment's origins for every tenant, a tenant's own for that tenant.

use crate::{App, Error, Result};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use db::Caller;
use std::sync::Arc;

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str =
    "authorization, content-type, accept, idempotency-key, x-request-id, last-event-id";
const RESPONSE_HEADERS: &str =
    "x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset";

/// Answers preflights and marks answers. A preflight has no token, so any tenant's origin passes it; whether
/// that tenant is the caller's is decided when the token is there ([`check_origin`]).
///
/// Credentials in the CORS sense (cookies) are never allowed: a bearer token is what identifies a caller.
pub(crate) async fn cors(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(origin) = origin_of(request.headers()).map(str::to_owned) else {
        return next.run(request).await;
    };
    let allowed = match app.is_known_origin(&origin).await {
        Ok(known) => known,
        Err(e) => return Error::from(e).into_response(),
    };
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut answer = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let refused = answer
        .extensions()
        .get::<Arc<Error>>()
        .is_some_and(|e| e.code() == "origin_not_allowed");
    if allowed && !refused {
        allow(answer.headers_mut(), &origin, preflight);
    }
    answer
}

fn allow(headers: &mut HeaderMap, origin: &str, preflight: bool) {
    let Ok(origin) = HeaderValue::from_str(origin) else {
        return;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if preflight {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(REQUEST_HEADERS),
        );
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        );
    } else {
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(RESPONSE_HEADERS),
        );
    }
}

/// The browser's `Origin`, if there is one. Compared byte by byte with what is allowed.
pub(crate) fn origin_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).and_then(|v| v.to_str().ok())
}

/// Whether the page is the service's own (`/docs`). A page cannot choose its `Host`.
fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok());
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| Some(authority) == host)
}

/// Refuses a token that comes from a page of another tenant.
///
/// # Errors
/// 403 `origin_not_allowed`.
pub(crate) async fn check_origin(app: &App, parts: &Parts, caller: &Caller) -> Result<()> {
    let Some(origin) = origin_of(&parts.headers) else {
        return Ok(());
    };
    match app.may_call_from(caller, origin).await? {
        true => Ok(()),
        false => Err(Error::origin_not_allowed()),
    }
}

/// Whether a login that names a tenant may come from this page: `allowed` are the tenant's origins.
pub fn login_origin_allowed(app: &App, headers: &HeaderMap, allowed: &[String]) -> bool {
    origin_of(headers).is_none_or(|origin| {
        app.is_deployments_origin(origin)
            || is_own(headers, origin)
            || allowed.iter().any(|o| o == origin)
    })
}
