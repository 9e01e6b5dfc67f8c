//! A process of its own, as in a container: it serves on a port, or does its job once.

use super::{bind, serve_tcp};
use crate::App;
use axum::Router;
use service::{Service, told};
use std::{io::Write, sync::Arc};

/// Serves on the configured port, from a database that was checked.
pub(super) async fn host<F>(
    name: &str,
    service: Router,
    app: App,
    background: impl FnOnce(Arc<Service>) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    app.db.check().await?;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(program = name, version, "starting");
    let listener = bind(app.config.port).await?;
    app.tasks.spawn(background(app.service()));
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
