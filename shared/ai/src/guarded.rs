//! Requests whose answer is read at once.

use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tracing::{Instrument, Span};

use crate::{
    Client, Error,
    failure::{Failure, Retries},
    http,
};

/// Who is asked for what.
pub(crate) struct Asked<'a> {
    pub(crate) service: &'a str,
    pub(crate) key: Option<&'a SecretString>,
    /// As OpenTelemetry's conventions call it.
    pub(crate) operation: &'static str,
    /// The model; none of an index of vectors.
    pub(crate) model: Option<&'a str>,
    pub(crate) limit: Duration,
}

impl Asked<'_> {
    fn span(&self) -> Span {
        let (service, operation) = (self.service, self.operation);
        match self.model {
            Some(model) => tracing::info_span!(
                target: traces::TARGET,
                "provider",
                otel.name = format!("{operation} {model}"),
                otel.kind = "client",
                gen_ai.operation.name = operation,
                gen_ai.provider.name = service,
                gen_ai.request.model = model,
            ),
            None => tracing::info_span!(
                target: traces::TARGET,
                "index",
                otel.name = format!("{operation} {service}"),
                otel.kind = "client",
                db.system.name = service,
                db.operation.name = operation,
            ),
        }
    }
}

impl Client {
    /// Makes a request and parses the JSON of its answer, all within the limit.
    ///
    /// # Errors
    /// Those of [`Client::guarded`] and [`http::json`].
    pub(crate) async fn ask_json<T: DeserializeOwned>(
        &self,
        asked: Asked<'_>,
        request: RequestBuilder,
    ) -> Result<T, Failure> {
        let service = asked.service;
        let read = |request| http::json(service, request);
        self.guarded(asked, request, read).await
    }

    /// Makes a request, again if it fails in a way that may pass.
    ///
    /// # Errors
    /// That of the last request; [`Error::Timeout`]; or that of earlier ones, if there should be none now.
    pub(crate) async fn guarded<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        asked: Asked<'_>,
        request: RequestBuilder,
        read: impl Fn(RequestBuilder) -> F,
    ) -> Result<T, Failure> {
        let permit = self.breakers.admit(asked.service, asked.key)?;
        let mut retries = Retries::new(&permit, self.timeouts.backoff);
        let mut timed = self.times.begin(asked.service, asked.operation);
        let work = async {
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
            let answer: Result<T, Failure> = http::within(asked.limit, work).await;
            if let Err(failure) = &answer {
                traces::failed(&Span::current(), failure.error.code());
            }
            answer
        };
        let answer = work.instrument(asked.span()).await;
        let error = answer.as_ref().err().map(|failure| &failure.error);
        timed.saw(error);
        permit.saw(error);
        answer
    }
}
