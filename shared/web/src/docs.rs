//! The published contract: as JSON for programs, and as a page for people, which draws itself from the JSON.

use crate::{App, Routes};
use axum::{
    http::header,
    response::{Html, IntoResponse, Redirect},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use utoipa_axum::routes;

/// The contract of the whole service: whichever of its programs is asked tells of all of them. A test holds it against
/// the code.
const CONTRACT: &str = include_str!("../../../functions/container/openapi.json");

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    Page::new(
        include_str!("docs/page.html"),
        include_str!("docs/style.css"),
        concat!(include_str!("docs/page.js"), include_str!("docs/try.js")),
    )
});

struct Page {
    html: String,
    /// Lets the page run its own script, and ask its own service; nothing else.
    policy: String,
}

impl Page {
    fn new(html: &str, style: &str, script: &str) -> Self {
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(script),
            hash(style),
        );
        let html = html.replace("{style}", style).replace("{script}", script);
        Self { html, policy }
    }
}

pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .routes(routes!(openapi_json))
        .routes(routes!(docs))
        // Relative, since a front may have put a prefix before it.
        .route("/docs/", get(async || Redirect::permanent("../docs")))
}

/// This contract.
#[utoipa::path(get, path = "/openapi.json", operation_id = "getOpenapi", tag = "deployment", security(()), responses(
    (status = 200, description = "OpenAPI 3.1; pages of every origin may read it.", body = Object, content_type = "application/json", example = json!({ "openapi": "3.1.0" })),
    (status = 404, description = "`not_found`: it is switched off, with DOCS."),
))]
async fn openapi_json() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        // It is the same for everybody, and tools that show it live on pages of their own.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, CONTRACT)
}

/// This contract, to be read and tried.
#[utoipa::path(get, path = "/docs", operation_id = "getDocs", tag = "deployment", security(()), responses(
    (status = 200, description = "A page.", body = String, content_type = "text/html"),
    (status = 404, description = "`not_found`: it is switched off, with DOCS."),
))]
async fn docs() -> impl IntoResponse {
    (
        [(header::CONTENT_SECURITY_POLICY, PAGE.policy.as_str())],
        Html(PAGE.html.as_str()),
    )
}
