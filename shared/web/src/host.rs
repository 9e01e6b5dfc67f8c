//! Where a program runs: behind a TCP port, or (feature `lambda`) in AWS Lambda. Nothing else differs.

#[cfg(feature = "lambda")]
mod lambda;
mod tcp;

pub use tcp::{bind, bind_loopback, serve_on, serve_tcp};

use crate::{App, Clock, Config, Routes, router, start_logging};

/// Serves `routes` on the host this program was built for, until it is told to stop.
///
/// # Errors
/// The configuration or the database must not be served with; the sentence says what to do.
pub async fn serve(name: &str, routes: Routes<App>) -> anyhow::Result<()> {
    start_logging()?;
    let app = App::new(Config::from_env()?, Clock::System)?;
    app.db.check().await?;
    tracing::info!(
        program = name,
        version = env!("CARGO_PKG_VERSION"),
        "starting"
    );
    host(router(routes, app.clone()), app).await
}

#[cfg(feature = "lambda")]
use lambda::host;

#[cfg(not(feature = "lambda"))]
async fn host(service: axum::Router, app: App) -> anyhow::Result<()> {
    let listener = bind(app.config.port).await?;
    serve_tcp(listener, service, app).await
}
