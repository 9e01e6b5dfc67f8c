//! The outermost layer: names the request, keeps a panic inside it, writes problems, logs once.

use crate::{
    App, Error,
    client::client_ip,
    extract::{ClientIp, RequestId},
};
use axum::{
    Json,
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use db::Counters;
use futures_util::FutureExt;
use service::told;
use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Instant};
use tracing::Instrument;
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Sent with every answer that does not say otherwise (OWASP ASVS 5.0, 3.4 and 14.3.2).
const HEADERS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-site",
    ),
    (header::VARY, "Origin"),
];

/// Runs one request.
pub(crate) async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    join_lines(request.headers_mut());
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|m| m.as_str().to_owned());
    let client = client_ip(
        app.config.client_via,
        request.headers(),
        request.extensions(),
    );
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(ClientIp(client));
    let span = tracing::info_span!(
        "request",
        request_id = &*id.0,
        tenant_id = tracing::field::Empty
    );
    let started = Instant::now();
    let answer = async {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|panic| panicked(&*panic).into_response());
        let answer = finish(answer, &id, app.db.counters());
        tracing::info!(
            method = %method,
            route = route.as_deref().unwrap_or("none"),
            status = answer.status().as_u16(),
            duration_ms = started.elapsed().as_secs_f64() * 1e3,
            "answered"
        );
        answer
    };
    answer.instrument(span).await
}

/// Makes one line of a header that came in several (RFC 9110, section 5.3). Some fronts of Lambda do, so whoever reads
/// one value must read the same of them all on every host: a second token is refused, not passed over.
fn join_lines(headers: &mut HeaderMap) {
    if headers.len() == headers.keys_len() {
        return;
    }
    let names: Vec<HeaderName> = headers.keys().cloned().collect();
    for name in names {
        let lines = headers.get_all(&name).iter();
        let lines: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
        let joined = HeaderValue::from_bytes(&lines.join(&b", "[..]));
        headers.insert(
            name,
            joined.expect("values with commas between them are a value"),
        );
    }
}

/// The caller's id if it is a sane one (a log line must not be forgeable), else a new one.
fn request_id(headers: &HeaderMap) -> RequestId {
    let sane = |id: &&str| {
        (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let given = headers
        .get(X_REQUEST_ID)
        .and_then(|v| v.to_str().ok())
        .filter(sane);
    RequestId(given.map_or_else(|| Uuid::now_v7().to_string().into(), Into::into))
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    anyhow::anyhow!("panic: {}", text.unwrap_or("without a message")).into()
}

fn finish(mut answer: Response, id: &RequestId, counters: &Counters) -> Response {
    let status = answer.status();
    let error = answer.extensions_mut().remove::<Arc<Error>>();
    let error = error.or_else(|| unexplained(&answer).map(Arc::new));
    if let Some(error) = error {
        log(&error);
        count(&error, counters);
        let headers = std::mem::take(answer.headers_mut());
        answer = (status, headers, body(&error, id)).into_response();
        answer.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
    }
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    // Sane ids are plain ASCII; a new one is a UUID.
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(X_REQUEST_ID, value);
    }
    answer
}

fn body(error: &Error, id: &RequestId) -> Body {
    Json(error.problem(&id.0)).into_response().into_body()
}

/// A refusal by the framework, which has no problem in it yet.
fn unexplained(answer: &Response) -> Option<Error> {
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Error::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Error::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(None),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::MediaType("application/json"),
        s if s.is_client_error() => Error::Malformed("The request cannot be read.".into()),
        s => anyhow::anyhow!("an answer with status {s} and no explanation").into(),
    })
}

/// Whatever route it comes from, so that a new one cannot forget.
fn count(error: &Error, counters: &Counters) {
    use service::Error as E;
    let counter = match error {
        Error::Forbidden(..) => &counters.authz_denied,
        Error::Service(E::TooMany(_)) => &counters.rate_limited,
        Error::Service(E::Unauthorized("invalid_credentials", _)) => &counters.login_failed,
        Error::Service(E::Unauthorized("refresh_token_reused", _)) => &counters.refresh_reuse,
        _ => return,
    };
    counter.inc();
}

/// The one place where the cause of a failure is logged.
fn log(error: &Error) {
    let cause = std::error::Error::source(error).map(told);
    match (error.status().is_server_error(), cause) {
        (true, cause) => tracing::error!(code = error.code(), cause, "request failed"),
        (false, cause) => tracing::debug!(code = error.code(), cause, "request refused"),
    }
}
