//! login: who you are.

mod enter;
mod logout;
mod me;
mod refresh;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::routes;
use web::{App, Routes};

/// Nothing that is sent here is long.
const BODY_LIMIT: usize = 4 * 1024;

/// This crate's routes.
pub fn routes() -> Routes<App> {
    Routes::new()
        .routes(routes!(enter::enter))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}
