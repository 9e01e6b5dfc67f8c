//! tenants: what a tenant is.

mod create;
mod edit;
mod faults;
mod identity_keys;
mod input;
mod knowledge;
mod limits;
mod list;
mod output;
mod prompts;
mod rehearsals;
mod secret_tests;
mod secrets;
mod show;
mod sites;
mod trials;
mod tried;

use utoipa_axum::routes;
use web::{App, Routes};

/// This crate's routes.
pub fn routes() -> Routes<App> {
    Routes::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(show::show, edit::edit))
        .routes(routes!(limits::show, limits::set))
        .routes(routes!(prompts::list))
        .routes(routes!(prompts::restore))
        .routes(routes!(trials::ask))
        .routes(routes!(rehearsals::list, rehearsals::create))
        .routes(routes!(rehearsals::show))
        .routes(routes!(rehearsals::questions::list))
        .routes(routes!(
            rehearsals::questions::verdict,
            rehearsals::questions::decide
        ))
        .routes(routes!(rehearsals::ending::cancel))
        .routes(routes!(rehearsals::ending::publish))
        .routes(routes!(rehearsals::ending::drop))
        .routes(routes!(sites::list, sites::create))
        .routes(routes!(sites::show, sites::edit, sites::delete))
        .routes(routes!(identity_keys::list, identity_keys::create))
        .routes(routes!(identity_keys::delete))
        .routes(routes!(secrets::list))
        .routes(routes!(secrets::set, secrets::delete))
        .routes(routes!(secret_tests::test))
}
