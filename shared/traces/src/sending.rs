//! Sending spans to a collector, with the one TLS that the program has.

use fetch::tls;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use std::{pin::Pin, time::Duration};
use tokio::runtime::Handle;

/// How long a collector may take; what it has not taken by then is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks nobody but the collector.
#[derive(Debug)]
pub(crate) struct Sender {
    http: reqwest::Client,
    /// Spans are sent by a thread of their own, which has no network without it.
    runtime: Handle,
}

impl Sender {
    /// What sends spans where the variables of OpenTelemetry say, as protobuf.
    pub(crate) fn exporter() -> anyhow::Result<SpanExporter> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(PATIENCE)
            .user_agent(concat!("parlance/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let runtime = Handle::current();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Self { http, runtime })
            .build()?;
        Ok(exporter)
    }
}

impl HttpClient for Sender {
    fn send_bytes<'client, 'sent>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'client: 'sent,
        Self: 'sent,
    {
        let http = self.http.clone();
        let sent = async move {
            let answer = http.execute(request.try_into()?).await?;
            // What a collector says besides is for nobody.
            let mut told = Response::new(Bytes::new());
            *told.status_mut() = answer.status();
            Ok::<_, HttpError>(told)
        };
        let sent = self.runtime.spawn(sent);
        Box::pin(async move { sent.await? })
    }
}
