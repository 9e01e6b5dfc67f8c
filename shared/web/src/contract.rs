//! The published contract: what the routes say of themselves, and what holds for all of them.

mod codes;
mod described;
mod example;
mod failures;
mod mcp;
mod openai;
mod rules;
mod tags;

use crate::{
    App, McpFailure, OpenAiFailure, Problem, Routes, docs, health, keys::API_KEY, metrics,
};
use codes::ERROR_CODES;
pub(crate) use codes::known_code;
pub(crate) use rules::operations;
use serde_json::json;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        extensions::ExtensionsBuilder,
        security::{
            Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityRequirement,
            SecurityScheme,
        },
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Parlance",
        description = "AI chat for many tenants. Log in at `POST /login`, send the access token as \
            `Authorization: Bearer <token>`, ask at `POST /chat`.\n\nEvery failure is a problem (RFC 9457) \
            with a stable code, and every answer carries `x-request-id`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "The deployment that published this")),
    tags(
        (name = "login", description = "Who you are"),
        (name = "chat", description = "Ask and be answered"),
        (name = "openai", description = "What clients of OpenAI's API call"),
        (name = "tenants", description = "What a tenant is"),
        (name = "documents", description = "What a tenant knows"),
        (name = "admin", description = "Who may use it, and what was done"),
        (name = "deployment", description = "Whether it is up, what it can do, and what it has counted"),
    ),
    components(schemas(Problem, OpenAiFailure, McpFailure)),
    modifiers(&Tokens),
    security(("bearer" = []), ("oauth2" = []))
)]
struct Description;

/// The ways to say who is asking.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let bearer = |format: Option<&str>, description: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
            let scheme = match format {
                Some(format) => scheme.bearer_format(format),
                None => scheme,
            };
            SecurityScheme::Http(scheme.description(Some(description)).build())
        };
        let form = Flow::Password(Password::new("/login", Scopes::new()));
        let oauth2 = OAuth2::with_description(
            [form],
            "OAuth 2's password form: the email is the `username`, the tenant's slug the `client_id`",
        );
        let components = api.components.get_or_insert_default();
        for (name, scheme) in [
            (
                "bearer",
                bearer(Some("JWT"), "The `access_token` of a login"),
            ),
            (
                API_KEY,
                bearer(
                    Some("pk_live_..."),
                    "An API key, of a server: of `POST /admin/api-keys`, with the scope that is named",
                ),
            ),
            ("metrics", bearer(None, "The deployment's METRICS_TOKEN")),
            ("oauth2", SecurityScheme::OAuth2(oauth2)),
        ] {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// The contract of `routes` and of what every deployment has besides.
pub fn openapi(routes: Routes<App>) -> utoipa::openapi::OpenApi {
    let described = Routes::with_openapi(Description::openapi());
    let all = described.merge(routes).merge(health::routes());
    let all = all.merge(metrics::routes()).merge(docs::routes());
    let mut api = all.into_openapi();
    rules::complete(&mut api);
    example::add(&mut api);
    let codes: Vec<_> = ERROR_CODES
        .iter()
        .map(
            |(code, status, meaning)| json!({ "code": code, "status": status, "meaning": meaning }),
        )
        .collect();
    let codes = ExtensionsBuilder::new().add("x-error-codes", codes).build();
    api.extensions.get_or_insert_default().merge(codes);
    api
}

/// Whether an operation needs the token of a login: where it says nothing else.
fn needs_login(security: Option<&[SecurityRequirement]>) -> bool {
    let login = SecurityRequirement::new("bearer", [""; 0]);
    security.is_none_or(|needed| needed.contains(&login))
}

/// Whether an operation needs no token.
fn is_public(security: Option<&[SecurityRequirement]>) -> bool {
    security == Some(&[SecurityRequirement::default()])
}
