//! Requests whose answer is read at once.

use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use crate::{
    Client, Error,
    failure::{Failure, Retries},
    http,
};

impl Client {
    /// Makes a request and parses the JSON of its answer, all within `limit`.
    ///
    /// # Errors
    /// Those of [`Client::guarded`] and [`http::json`].
    pub(crate) async fn ask_json<T: DeserializeOwned>(
        &self,
        service: &str,
        key: Option<&SecretString>,
        request: RequestBuilder,
        limit: Duration,
    ) -> Result<T, Failure> {
        let read = |request| http::json(service, request);
        self.guarded(service, key, request, limit, read).await
    }

    /// Makes a request, again if it fails in a way that may pass.
    ///
    /// # Errors
    /// That of the last request; [`Error::Timeout`]; or that of earlier ones, if there should be none now.
    pub(crate) async fn guarded<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        service: &str,
        key: Option<&SecretString>,
        request: RequestBuilder,
        limit: Duration,
        read: impl Fn(RequestBuilder) -> F,
    ) -> Result<T, Failure> {
        let permit = self.breakers.admit(service, key)?;
        let mut retries = Retries::new(&permit, self.timeouts.backoff);
        let work = async {
            loop {
                // The bodies are all in memory.
                let request = request.try_clone().ok_or(Error::Invalid)?;
                match read(request).await {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => retries.wait(failure).await?,
                }
            }
        };
        let answer: Result<T, Failure> = http::within(limit, work).await;
        permit.saw(answer.as_ref().err().map(|failure| &failure.error));
        answer
    }
}
