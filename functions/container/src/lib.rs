//! Every route in one router, and what the program `parlance` does besides serving it.

pub mod cluster;
pub mod demo;
pub mod dev;
pub mod shop;

use std::io::{ErrorKind, Write};
use web::{App, Routes};

/// Says something on standard output. A reader that has seen enough and left, such as `head`, is no error.
///
/// # Errors
/// It cannot be written.
pub fn say(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(()),
    }
}

/// The routes of all functions.
pub fn routes() -> Routes<App> {
    login::routes()
        .merge(chat::routes())
        .merge(tenants::routes())
        .merge(documents::routes())
        .merge(admin::routes())
}
