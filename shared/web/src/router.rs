//! The routes of a program, and what every deployment has besides.

use crate::{
    App, BodyLimit, Error, Problem, Routes, cors::cors, denied::denied, docs, edge::edge, health,
    metrics,
};
use axum::{Router, middleware};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// Bodies of routes that set no limit of their own.
const BODY_LIMIT: BodyLimit = BodyLimit::kib(64);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Parlance",
        description = "AI chat for many tenants. Log in at `POST /login`, send the access token as \
            `Authorization: Bearer <token>`, ask at `POST /chat`.\n\nEvery failure is a problem (RFC 9457) \
            with a stable code, and every answer carries `x-request-id`.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "login", description = "Who you are"),
        (name = "chat", description = "Ask and be answered"),
        (name = "tenants", description = "What a tenant is"),
        (name = "documents", description = "What a tenant knows"),
        (name = "admin", description = "Who may use it, and what was done"),
        (name = "every deployment", description = "Whether it is up, what it can do, and what it has counted"),
    ),
    components(schemas(Problem)),
    modifiers(&BearerToken),
    security(("bearer" = []))
)]
struct Description;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The deployment's METRICS_TOKEN"))
            .build();
        components.add_security_scheme("metrics", SecurityScheme::Http(scheme));
    }
}

/// The contract of `routes` and of what every deployment has besides.
pub fn openapi(routes: Routes<App>) -> utoipa::openapi::OpenApi {
    let described = Routes::with_openapi(Description::openapi());
    let all = described.merge(routes).merge(health::routes());
    all.merge(metrics::routes())
        .merge(docs::routes())
        .into_openapi()
}

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
