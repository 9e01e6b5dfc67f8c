//! The routes of a program, and what every deployment has besides.

use crate::{App, Error, Problem, Routes, cors::cors, docs, edge::edge, health};
use axum::{Router, extract::DefaultBodyLimit, middleware};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// Bodies of routes that set no limit of their own.
const BODY_LIMIT: usize = 64 * 1024;

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
        (name = "admin", description = "Who may use it"),
        (name = "every deployment", description = "Whether it is up, and what it can do"),
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
    }
}

/// The published contract of `routes`.
pub fn openapi(routes: Routes<App>) -> utoipa::openapi::OpenApi {
    parts(routes).1
}

fn parts(routes: Routes<App>) -> (Router<App>, utoipa::openapi::OpenApi) {
    let described = Routes::with_openapi(Description::openapi());
    let (router, mut api) = described
        .merge(routes)
        .merge(health::routes())
        .split_for_parts();
    api.merge(docs::routes().split_for_parts().1);
    (router, api)
}

/// `routes` and what every deployment has besides, ready to be served.
pub fn router(routes: Routes<App>, app: App) -> Router {
    let (mut router, api) = parts(routes);
    if app.config.docs {
        let docs = docs::routes().split_for_parts().0;
        router = router.merge(docs.with_state(docs::Published::new(&api)));
    }
    router
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(app.clone(), cors))
        .layer(middleware::from_fn_with_state(app.clone(), edge))
        .with_state(app)
}
