//! The routes of a program, and what every deployment has besides.

use crate::{
    App, BodyLimit, Error, Routes, console, cors::cors, denied::denied, docs, edge::edge, health,
    metrics, widget,
};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{Method, Uri, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::any,
};
use tower::ServiceExt;

/// Bodies of routes that set no limit of their own.
const BODY_LIMIT: BodyLimit = BodyLimit::kib(64);

/// `routes` and what every deployment has besides, ready to be served.
pub fn router(routes: Routes<App>, app: App) -> Router {
    let mut routes = routes.merge(health::routes());
    if app.config.secrets.metrics_token.is_some() {
        routes = routes.merge(metrics::routes());
    }
    if app.config.docs {
        routes = routes.merge(docs::routes());
    }
    if app.config.console {
        routes = routes.merge(console::routes());
    }
    if app.config.widget {
        routes = routes.merge(widget::routes());
    }
    let (router, legacy_routes) = (
        Router::from(BODY_LIMIT.on(routes)),
        app.config.legacy_routes,
    );
    let router = router
        .fallback(elsewhere)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(middleware::from_fn_with_state(app.clone(), denied))
        .layer(middleware::from_fn_with_state(app.clone(), cors))
        .layer(middleware::from_fn_with_state(app.clone(), edge))
        .with_state(app);
    match legacy_routes {
        true => with_legacy_routes(router),
        false => router,
    }
}

/// What is the same here as in the FastAPI service before this one, and was somewhere else there.
const LEGACY_ROUTES: [(&str, &str); 1] = [("/auth/token", "/login")];

fn with_legacy_routes(router: Router) -> Router {
    LEGACY_ROUTES.into_iter().fold(router, |all, (old, new)| {
        let inner = all.clone();
        let moved = move |mut request: Request| {
            *request.uri_mut() = Uri::from_static(new);
            // Else it would be thought a route within that one.
            request.extensions_mut().remove::<MatchedPath>();
            inner.clone().oneshot(request)
        };
        all.route(old, any(moved))
    })
}

/// What is at no route: nothing, but that a person who looks at the service with a browser is led to what can be read.
async fn elsewhere(State(app): State<App>, request: Request) -> Response {
    let accept = request.headers().get(header::ACCEPT);
    let is_browser = accept
        .and_then(|v| v.to_str().ok())
        .is_some_and(|a| a.contains("text/html"));
    let is_front = request.method() == Method::GET && request.uri().path() == "/";
    match is_front && is_browser && app.config.docs {
        true => Redirect::to("/docs").into_response(),
        false => Error::NotFound.into_response(),
    }
}
