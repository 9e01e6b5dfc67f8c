//! The routes of a program, and what every deployment has besides.

use crate::{
    App, BodyLimit, Error, Routes, cors::cors, denied::denied, docs, edge::edge, health, metrics,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{Method, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
};

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
    let router = Router::from(BODY_LIMIT.on(routes));
    router
        .fallback(elsewhere)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(middleware::from_fn_with_state(app.clone(), denied))
        .layer(middleware::from_fn_with_state(app.clone(), cors))
        .layer(middleware::from_fn_with_state(app.clone(), edge))
        .with_state(app)
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
