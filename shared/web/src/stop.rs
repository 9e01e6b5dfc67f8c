//! When the work for a request must end, finished or not.

use crate::App;
use axum::{extract::FromRequestParts, http::request::Parts};
use std::convert::Infallible;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// The moment by which the host wants a request's work done, if it kills what takes longer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(pub(crate) Instant);

/// Tells when the work for a request must end: the process is told to stop, or the request's own time is up.
#[derive(Clone, Debug)]
pub struct Stop {
    process: CancellationToken,
    deadline: Option<Deadline>,
}

impl Stop {
    /// Whether work may go on after the request was answered. Where a host freezes the process then, it may not.
    pub fn outlives_request(&self) -> bool {
        self.deadline.is_none()
    }

    /// Returns when the work must end. There are a few seconds left then, to store what there is.
    pub async fn requested(&self) {
        let Some(Deadline(at)) = self.deadline else {
            return self.process.cancelled().await;
        };
        tokio::select! {
            () = self.process.cancelled() => {}
            () = sleep_until(at) => {}
        }
    }
}

impl FromRequestParts<App> for Stop {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let deadline = parts.extensions.get().copied();
        let process = app.stop.clone();
        Ok(Self { process, deadline })
    }
}
