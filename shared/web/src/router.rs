//! The routes of a program, and what every deployment has besides.

use crate::{
    App, BodyLimit, Error, Routes, cors::cors, denied::denied, docs, edge::edge, health, metrics,
};
use axum::{Router, middleware};

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
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(middleware::from_fn_with_state(app.clone(), denied))
        .layer(middleware::from_fn_with_state(app.clone(), cors))
        .layer(middleware::from_fn_with_state(app.clone(), edge))
        .with_state(app)
}
