//! Where a program runs: behind a TCP port, or (feature `lambda`) in AWS Lambda. Nothing else differs.

#[cfg(feature = "lambda")]
mod lambda;
#[cfg(not(feature = "lambda"))]
mod process;
mod tcp;

pub use tcp::{Listeners, bind, bind_loopback, serve_on, serve_tcp};

use crate::{App, Routes, router};
use service::Service;
use std::{
    process::{ExitCode, Termination},
    sync::Arc,
};

#[cfg(feature = "lambda")]
use lambda as host;
#[cfg(not(feature = "lambda"))]
use process as host;

/// The whole life of a program: what it does, and its last word if that fails.
pub async fn program<T: Termination>(
    name: &str,
    work: impl Future<Output = anyhow::Result<T>>,
) -> ExitCode {
    keep_memory();
    let done = work.await;
    traces::finish().await;
    match done {
        Ok(done) => done.report(),
        Err(e) => {
            host::report(name, &e).await;
            ExitCode::FAILURE
        }
    }
}

/// A process that crashes leaves no copy of its memory behind: keys are in it, and what people ask.
fn keep_memory() {
    #[cfg(unix)]
    if let Err(e) = rlimit::Resource::CORE.set(0, 0) {
        tracing::warn!(error = %e, "core dumps could not be switched off");
    }
}

/// Serves `routes` on the host this program was built for, until it is told to stop.
///
/// # Errors
/// The configuration or the database must not be served with; the sentence says what to do.
pub async fn serve(name: &str, routes: Routes<App>) -> anyhow::Result<()> {
    serve_beside(name, routes, async |_| {}).await
}

/// As [`serve`], and does `background` at the same time; it ends when the app is draining. Not in AWS Lambda, which
/// freezes a process between requests: there a schedule does such work.
///
/// # Errors
/// As [`serve`].
pub async fn serve_beside<F>(
    name: &str,
    routes: Routes<App>,
    background: impl FnOnce(Arc<Service>) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let app = App::new(Service::start().await?);
    host::host(name, router(routes, app.clone()), app, background).await
}

/// Does a job that is no request: once and then ends, or in AWS Lambda for every event.
///
/// # Errors
/// Those of the job. In AWS Lambda they fail the event instead.
pub async fn work<F>(job: impl Fn() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    host::work(job).await
}
