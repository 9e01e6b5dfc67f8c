//! admin: who may use a tenant, and what was done in it.

mod api_keys;
mod assume;
mod audit;
mod audit_file;
mod conversations;
mod deployment;
mod table;
mod unanswered;
mod usage;
mod usage_file;
mod users;

use db::ApiKeyScope;
use utoipa_axum::routes;
use web::{App, Routes};

/// This crate's routes.
pub fn routes() -> Routes<App> {
    let usage = Routes::new().routes(routes!(usage::show));
    Routes::new()
        .routes(routes!(users::create::create, users::list::list))
        .routes(routes!(users::invite::invite))
        .routes(routes!(
            users::list::show,
            users::change::change,
            users::delete::delete
        ))
        .routes(routes!(users::limits::show, users::limits::set))
        .routes(routes!(api_keys::create::create, api_keys::list))
        .routes(routes!(api_keys::show, api_keys::revoke))
        .routes(routes!(assume::assume))
        .routes(routes!(deployment::show))
        .routes(routes!(audit::list))
        .routes(routes!(unanswered::list))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::read))
        .merge(web::open_to_keys(ApiKeyScope::Usage, usage))
}
