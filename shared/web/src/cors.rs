//! Which browser pages may call: the deployment's origins for every tenant, a tenant's own for that tenant.

mod headers;

use crate::{App, ClientIp, Error, Result};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use db::Caller;
use service::Origin;
use std::sync::{Arc, OnceLock};

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";

/// Answers preflights and marks answers. A preflight has no token, so any tenant's origin passes it; whether
/// that tenant is the caller's is decided when the token is there ([`check_origin`]).
///
/// Credentials in the CORS sense (cookies) are never allowed: a bearer token is what identifies a caller.
pub(crate) async fn cors(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(origin) = origin_of(request.headers()).map(str::to_owned) else {
        return next.run(request).await;
    };
    let client = request.extensions().get::<ClientIp>().and_then(|ip| ip.0);
    let allowed = match app.is_known_origin(&origin, client).await {
        Ok(known) => known,
        Err(e) => return Error::from(e).into_response(),
    };
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let verdict = Verdict::default();
    request.extensions_mut().insert(verdict.clone());
    let wanted = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let wanted = wanted.filter(|_| preflight).cloned();
    let own = is_own(request.headers(), &origin);
    let mut answer = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let refused = answer
        .extensions()
        .get::<Arc<Error>>()
        .is_some_and(|e| e.code() == "origin_not_allowed");
    let allowed = verdict.0.get().copied().unwrap_or(allowed);
    if allowed && !refused {
        let preflight = preflight.then(|| headers::allowed(wanted.as_ref()));
        allow(answer.headers_mut(), &origin, preflight);
    } else if refused || !own {
        tell_refused(&app, &origin);
    }
    answer
}

/// Whether the caller's own tenant allows the page, once it is known who calls: what other tenants allow their pages does
/// not concern it.
#[derive(Clone, Default)]
struct Verdict(Arc<OnceLock<bool>>);

/// A page that is refused learns nothing; whoever runs the service must.
fn tell_refused(app: &App, origin: &str) {
    let sane = origin.len() <= Origin::MAX_LENGTH;
    if sane && app.refused_origins().is_new(origin) {
        tracing::info!(
            origin,
            "pages of this origin may not read the answers: to allow them, add it to BACKEND_CORS_ORIGINS, \
             or to allowed_origins of their tenant with PATCH /tenants/current"
        );
    }
}

/// `preflight` has the request headers that one allows.
fn allow(headers: &mut HeaderMap, origin: &str, preflight: Option<HeaderValue>) {
    let Ok(origin) = HeaderValue::from_str(origin) else {
        return;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if let Some(request_headers) = preflight {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        );
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, request_headers);
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        );
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, headers::exposed());
    }
}

/// The browser's `Origin`, if there is one. Compared byte by byte with what is allowed.
pub(crate) fn origin_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).and_then(|v| v.to_str().ok())
}

/// Whether the page is the service's own (`/docs`). A page cannot choose its `Host`.
fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok());
    // An app's `capacitor://localhost` is not served by a host of that name.
    let (Some((scheme, authority)), Some(host)) = (origin.split_once("://"), host) else {
        return false;
    };
    ["http", "https"].contains(&scheme) && authority == host
}

/// Refuses a token that comes from a page of another tenant, if a superuser has said that it is that tenant's. From
/// any other page it works, and the page may read the answer only if the caller's tenant allows it.
///
/// # Errors
/// 403 `origin_not_allowed`.
pub(crate) async fn check_origin(app: &App, parts: &Parts, caller: &Caller) -> Result<()> {
    let Some(origin) = origin_of(&parts.headers) else {
        return Ok(());
    };
    let allowed = app.allows_origin(caller, origin);
    if let Some(verdict) = parts.extensions.get::<Verdict>() {
        verdict.0.get_or_init(|| allowed);
    }
    if allowed || is_own(&parts.headers, origin) {
        return Ok(());
    }
    match app.is_anothers_origin(caller, origin).await? {
        true => Err(Error::origin_not_allowed()),
        false => Ok(()),
    }
}

/// Refuses a page that neither the caller's tenant nor the deployment allows, for a protocol that asks servers to: also one that is
/// at the host that it asks, as a page is whose host's name was made to mean the service's address.
///
/// # Errors
/// 403 `origin_not_allowed`.
pub fn check_page(app: &App, headers: &HeaderMap, caller: &Caller) -> Result<()> {
    match origin_of(headers) {
        Some(page) if !app.allows_origin(caller, page) => Err(Error::origin_not_allowed()),
        _ => Ok(()),
    }
}

/// The origin of the page that a login comes from, if it can be a tenant's: neither the deployment's nor the
/// service's own, which are everybody's.
pub fn page_of_a_tenant<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    let page = origin_of(headers);
    page.filter(|page| !app.is_deployments_origin(page) && !is_own(headers, page))
}

/// Whether the page that asks is the deployment's or the service's own. Browsers say which one it is; who says nothing is none.
pub fn is_everybodys_page(app: &App, headers: &HeaderMap) -> bool {
    origin_of(headers).is_some_and(|page| app.is_deployments_origin(page) || is_own(headers, page))
}

/// Whether every tenant's people may come from `origin`, so that it can be none of a tenant's own.
pub fn is_everybodys(app: &App, headers: &HeaderMap, origin: &Origin) -> bool {
    app.is_deployments_origin(origin.as_str()) || is_own(headers, origin.as_str())
}
