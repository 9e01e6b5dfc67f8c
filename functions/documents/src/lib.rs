//! documents: what a tenant knows.

mod add;
mod asked;
mod connectors;
mod cut;
mod limit;
mod manage;
mod mcp;
mod read;
mod replace;
mod search;
mod sent;
mod tell;
mod work;

use db::ApiKeyScope;
use utoipa_axum::routes;
use web::{App, BodyLimit, Routes};

/// A document is sent as a whole.
const DOCUMENT_LIMIT: BodyLimit = BodyLimit::kib(20 * 1024);

/// This crate's routes.
pub fn routes() -> Routes<App> {
    let sent = Routes::new()
        .routes(routes!(add::add, manage::list))
        .routes(routes!(manage::show, replace::replace, manage::delete));
    let routes = DOCUMENT_LIMIT
        .on(sent)
        .routes(routes!(manage::deletion))
        .routes(routes!(tell::update))
        .routes(routes!(limit::limit))
        .routes(routes!(work::retry_all))
        .routes(routes!(work::retry))
        .routes(routes!(work::cancel))
        .routes(routes!(read::text))
        .routes(routes!(read::file))
        .routes(routes!(read::chunks))
        .routes(routes!(search::search))
        .routes(routes!(connectors::list, connectors::create))
        .routes(routes!(
            connectors::show,
            connectors::replace,
            connectors::delete
        ))
        .routes(routes!(connectors::run))
        .routes(routes!(connectors::cancel))
        .routes(routes!(connectors::runs))
        .routes(routes!(mcp::call));
    web::open_to_keys(ApiKeyScope::Documents, routes)
}
