//! chat: ask and be answered.

mod answer;
mod ask;
mod ending;
mod event;
mod outlet;
mod sessions;
mod sse;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::routes;
use web::{App, Routes};

/// A question may hold a page that was pasted into it.
const BODY_LIMIT: usize = 256 * 1024;

/// This crate's routes.
pub fn routes() -> Routes<App> {
    Routes::new()
        .routes(routes!(ask::ask))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show, sessions::rename, sessions::delete))
        .routes(routes!(sessions::messages))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}
