//! documents: what a tenant knows.

mod add;
mod index;
mod manage;
mod passages;
mod search;

use utoipa_axum::routes;
use web::{App, Routes};

/// This crate's routes.
pub fn routes() -> Routes<App> {
    Routes::new()
        .routes(routes!(add::add, manage::list))
        .routes(routes!(manage::show, manage::delete))
        .routes(routes!(search::search))
}
