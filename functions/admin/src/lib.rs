//! admin: who may use a tenant, and what was done in it.

mod assume;
mod audit;
mod audit_file;
mod table;
mod unanswered;
mod usage;
mod usage_file;
mod users;

use utoipa_axum::routes;
use web::{App, Routes};

/// This crate's routes.
pub fn routes() -> Routes<App> {
    Routes::new()
        .routes(routes!(users::create::create, users::list::list))
        .routes(routes!(users::invite::invite))
        .routes(routes!(
            users::list::show,
            users::change::change,
            users::delete::delete
        ))
        .routes(routes!(users::limits::show, users::limits::set))
        .routes(routes!(assume::assume))
        .routes(routes!(audit::list))
        .routes(routes!(unanswered::list))
        .routes(routes!(usage::show))
}
