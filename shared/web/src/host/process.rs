//! A process of its own, as in a container: it serves on a port, or does its job once.

use super::{bind, serve_tcp};
use crate::{App, told};
use axum::Router;
use std::io::Write;

/// Serves on the configured port, from a database that was checked.
pub(super) async fn host(service: Router, app: App) -> anyhow::Result<()> {
    app.db.check().await?;
    let listener = bind(app.config.port).await?;
    serve_tcp(listener, service, app).await
}

/// Does a job once.
pub(super) async fn work<F>(job: impl Fn() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    job().await
}

/// Tells on standard error why the program ends.
pub(super) async fn report(name: &str, error: &anyhow::Error) {
    let told = told(error.as_ref());
    // The last word of a process that failed: nothing is left to report its own failure to.
    drop(writeln!(std::io::stderr(), "{name}: {told}"));
}
