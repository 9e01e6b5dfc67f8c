//! A request that came to nothing, and whether to make it again.

use std::time::{Duration, SystemTime};

use reqwest::{Response, StatusCode};
use tokio::time::sleep;

use crate::{Error, breaker::Permit, wait::retry_after};

/// How often a request is made again, at most.
const MOST: u32 = 2;

/// The longest wait that a provider may ask for between; for a longer one, the client may wait itself.
const LONGEST: Duration = Duration::from_secs(10);

/// Why a request has no answer to read.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Of the answer, if there was one.
    pub(crate) status: Option<StatusCode>,
    /// Whether it is one that may pass: nothing of an answer has come, and nothing was wrong with the request.
    pub(crate) passes: bool,
    /// What the provider asks to wait.
    pub(crate) wait: Option<Duration>,
    /// The beginning of what a provider says about a request that it does not understand. It goes no further.
    pub(crate) body: Vec<u8>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            // Nobody was there, so nobody did anything.
            passes: error == Error::Unreachable,
            status: None,
            wait: None,
            body: Vec::new(),
            error,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Failure {
    /// What a status other than success means.
    pub(crate) fn of(response: &Response) -> Self {
        let status = response.status();
        let wait = retry_after(response.headers(), SystemTime::now());
        let error = meaning(status, wait);
        Failure {
            passes: matches!(error, Error::RateLimited { .. } | Error::Unavailable),
            status: Some(status),
            wait,
            body: Vec::new(),
            error,
        }
    }

    /// Whether the provider may have worked all the same: the request went out, and no refusal came back.
    pub(crate) fn may_cost(&self) -> bool {
        let is_lost = matches!(
            self.error,
            Error::Timeout | Error::Interrupted | Error::Invalid
        );
        is_lost && self.status.is_none()
    }
}

/// What a status other than success means; `wait` is what the provider asks to.
pub(crate) fn meaning(status: StatusCode, wait: Option<Duration>) -> Error {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Auth,
        StatusCode::TOO_MANY_REQUESTS => Error::RateLimited { retry_after: wait },
        StatusCode::REQUEST_TIMEOUT => Error::Unavailable,
        status if status.is_client_error() => Error::Rejected,
        status if status.is_server_error() => Error::Unavailable,
        _ => Error::Invalid,
    }
}

/// How often a request has been made again.
pub(crate) struct Retries<'a> {
    permit: &'a Permit,
    /// The first wait; later ones are longer, and all of them uneven, so that those who failed together do not come
    /// back together.
    backoff: Duration,
    done: u32,
}

impl<'a> Retries<'a> {
    pub(crate) fn new(permit: &'a Permit, backoff: Duration) -> Self {
        Retries {
            permit,
            backoff,
            done: 0,
        }
    }

    /// Waits until the request should be made again.
    ///
    /// # Errors
    /// The failure itself: it should not be.
    pub(crate) async fn wait(&mut self, failure: Failure) -> Result<(), Failure> {
        let wait = failure.wait.unwrap_or_default();
        if !failure.passes || wait > LONGEST || self.done == MOST || !self.permit.spend() {
            return Err(failure);
        }
        let own = self.backoff * 2_u32.pow(self.done);
        self.done += 1;
        let wait = wait.max(own.mul_f64(jitter()));
        let (code, milliseconds) = (failure.error.code(), wait.as_millis());
        tracing::info!(
            code,
            milliseconds,
            "a provider is asked again, after a wait"
        );
        sleep(wait).await;
        Ok(())
    }
}

/// A number from 0.5 to 1.5.
fn jitter() -> f64 {
    // Without randomness, all wait alike: that is worse, but no failure.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    0.5 + f64::from(random) / f64::from(u32::MAX)
}
