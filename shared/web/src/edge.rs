//! The outermost layer: names the request, keeps a panic inside it, writes problems, logs once.

use crate::{
    App, Error,
    client::client_ip,
    extract::{ClientIp, RequestId, bearer},
    forms::{Form, PROBLEM, told_as},
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use db::Counters;
use futures_util::FutureExt;
use service::told;
use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Instant};
use tracing::{Instrument, Span};
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
    // Not for subdomains: those of a deployment's host may be other people's.
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-site",
    ),
    (header::VARY, "Origin"),
];

/// Marks a request that does not say once, with `Host`, whom it is for.
#[derive(Clone, Copy)]
pub(crate) struct Misaddressed;

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
        tenant_id = tracing::field::Empty,
        trace_id = tracing::field::Empty,
        otel.kind = traces::are_on().then_some("server"),
    );
    if let Some(trace) = traces::follow(&span, request.headers()) {
        span.record("trace_id", trace);
    }
    let started = Instant::now();
    let has_token = bearer(request.headers()).is_some();
    let path = request.uri().path().to_owned();
    let answer = async {
        let answer = AssertUnwindSafe(run(request, next)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|panic| panicked(&*panic).into_response());
        let form = Form::of(&path, route.is_some());
        let answer = finish(answer, &id, has_token, form, app.db.counters());
        let (status, took) = (answer.status().as_u16(), started.elapsed());
        tracing::info!(
            method = %method,
            route = route.as_deref().unwrap_or("none"),
            status,
            duration_ms = (took.as_secs_f64() * 1e5).round() / 1e2,
            "answered"
        );
        let route = route.as_deref();
        let method = known(&method);
        traces::answered(&Span::current(), method, route, status);
        app.timings.request(method, route, status, took);
        answer
    };
    answer.instrument(span).await
}

/// A method's name, if it is one that routes have: what clients make up would be counted without end.
fn known(method: &Method) -> &'static str {
    let all = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let mut all = all.into_iter();
    all.find(|name| *name == method.as_str())
        .unwrap_or("_OTHER")
}

async fn run(request: Request, next: Next) -> Response {
    if request.extensions().get::<Misaddressed>().is_some() {
        let text = "Send the header `Host`, once.";
        return Error::Malformed(text.into()).into_response();
    }
    next.run(request).await
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

fn finish(
    mut answer: Response,
    id: &RequestId,
    has_token: bool,
    form: Form,
    counters: &Counters,
) -> Response {
    let status = answer.status();
    let error = answer.extensions_mut().remove::<Arc<Error>>();
    let error = error.or_else(|| unexplained(&answer).map(Arc::new));
    if let Some(error) = error {
        log(&error);
        count(&error, counters);
        let headers = std::mem::take(answer.headers_mut());
        answer = told_as(&error, id, form, answer.extensions(), headers);
        let headers = answer.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, challenge(&error, has_token));
        }
    }
    mark(answer.headers_mut(), id);
    answer
}

/// What a 401 asks for. It blames a token only where there was one (RFC 6750, section 3.1).
fn challenge(error: &Error, has_token: bool) -> HeaderValue {
    let is_token = ["invalid_token", "token_expired"].contains(&error.code());
    HeaderValue::from_static(match is_token && has_token {
        true => r#"Bearer error="invalid_token""#,
        false => "Bearer",
    })
}

/// Gives an answer the headers that all have.
fn mark(headers: &mut HeaderMap, id: &RequestId) {
    for (name, value) in HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    // Sane ids are plain ASCII; a new one is a UUID.
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(X_REQUEST_ID, value);
    }
}

/// A whole answer, as it is written to a connection, where no request came as far as [`edge`]. The connection ends with
/// it.
pub(crate) fn unasked(error: &Error) -> Vec<u8> {
    let id = RequestId(Uuid::now_v7().to_string().into());
    let status = error.status();
    // Whoever has too many connections makes as many of these as it likes.
    if status.is_client_error() {
        tracing::info!(request_id = &*id.0, status = status.as_u16(), "answered");
    }
    let body = serde_json::json!(error.problem(&id.0)).to_string();
    let mut headers: HeaderMap = error.headers().into_iter().collect();
    mark(&mut headers, &id);
    headers.insert(header::CONTENT_TYPE, PROBLEM);
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let date = Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    headers.extend(HeaderValue::from_str(&date).map(|date| (header::DATE, date)));
    let mut answer = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for (name, value) in &headers {
        answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    answer.extend([b"\r\n", body.as_bytes()].concat());
    answer
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
        StatusCode::URI_TOO_LONG => Error::UriTooLong,
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
