//! chat: ask and be answered.

mod answer;
mod ask;
mod ending;
mod event;
mod outlet;
mod sessions;
mod sse;

use utoipa_axum::routes;
use web::{App, BodyLimit, Routes};

/// A question may hold a page that was pasted into it.
const BODY_LIMIT: BodyLimit = BodyLimit::kib(256);

/// This crate's routes.
pub fn routes() -> Routes<App> {
    let routes = Routes::new()
        .routes(routes!(ask::ask))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show, sessions::rename, sessions::delete))
        .routes(routes!(sessions::messages));
    BODY_LIMIT.on(routes)
}
