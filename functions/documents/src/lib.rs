//! documents: what a tenant knows.

mod add;
mod index;
mod manage;
mod passages;
mod search;

use db::ApiKeyScope;
use utoipa_axum::routes;
use web::{App, BodyLimit, Routes};

/// A document is sent as a whole, and its text as a JSON string.
const DOCUMENT_LIMIT: BodyLimit = BodyLimit::kib(2048);

/// This crate's routes.
pub fn routes() -> Routes<App> {
    let all = Routes::new().routes(routes!(add::add, manage::list));
    let routes = DOCUMENT_LIMIT
        .on(all)
        .routes(routes!(manage::show, manage::delete))
        .routes(routes!(search::search));
    web::open_to_keys(ApiKeyScope::Documents, routes)
}
