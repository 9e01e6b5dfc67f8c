//! Every route in one router, and what the program `parlance` does besides serving it.

pub mod cluster;
pub mod demo;
pub mod dev;

use web::{App, Routes};

/// The routes of all functions.
pub fn routes() -> Routes<App> {
    login::routes()
        .merge(chat::routes())
        .merge(tenants::routes())
        .merge(documents::routes())
        .merge(admin::routes())
}
