//! Traces: what a request took where, for whoever follows it from service to service. The only crate that names OpenTelemetry.
//!
//! Spans are made with `tracing`'s macros, with [`TARGET`] as their target: those are never seen by logs, and cost nothing while
//! nobody is told of them. They hold names, numbers and ids, and never what people ask or a model says.

mod sending;

use anyhow::Context;
use opentelemetry::{
    Context as Trace,
    propagation::TextMapPropagator,
    trace::{Status, TraceContextExt, TracerProvider},
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use reqwest::header::{HeaderMap, HeaderName};
use sending::Sender;
use std::sync::OnceLock;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::dynamic_filter_fn, registry::LookupSpan};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The target of spans that are for traces alone.
pub const TARGET: &str = "parlance::trace";

/// The span that every request has, for traces and logs alike.
pub const REQUEST: &str = "request";

/// Whoever is told, if anybody is.
static TOLD: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Whether a collector is told of spans.
pub fn are_on() -> bool {
    TOLD.get().is_some()
}

/// Whether a collector is to be told, by the environment's variables that are not empty.
pub fn are_wanted(var: impl Fn(&str) -> Option<String>) -> bool {
    let is_off = var("OTEL_SDK_DISABLED").is_some_and(|said| said.eq_ignore_ascii_case("true"));
    !is_off && var("OTEL_EXPORTER_OTLP_ENDPOINT").is_some()
}

/// Begins to tell the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names, and gives what hands it the spans; none if that is not set.
/// Of OpenTelemetry's other variables those hold that say who this is, what is sampled, how spans are batched and with which headers they
/// are sent. They go uncompressed, as protobuf over HTTP.
///
/// # Errors
/// The variables do not say where, or telling was begun before.
pub fn begin<S>() -> anyhow::Result<Option<impl Layer<S>>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let var = |name: &str| {
        let value = std::env::var_os(name)?;
        (!value.is_empty()).then(|| value.to_string_lossy().into_owned())
    };
    if !are_wanted(var) {
        return Ok(None);
    }
    let exporter = Sender::exporter().context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    let mut resource = Resource::builder();
    if var("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("parlance");
    }
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource.build())
        .build();
    let tracer = provider.tracer("parlance");
    if TOLD.set(provider).is_err() {
        anyhow::bail!("traces were begun before");
    }
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    // Asked anew for each: what filters decided of a place that none of them let through stays with the thread, and would hold for the
    // next place of which they are not asked.
    let told = dynamic_filter_fn(|metadata, _| is_told(metadata));
    Ok(Some(layer.with_filter(told)))
}

/// Spans of ours, and no events: what a log says of a failure is for who reads the log.
fn is_told(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && (metadata.target() == TARGET || is_request(metadata))
}

fn is_request(metadata: &Metadata<'_>) -> bool {
    metadata.name() == REQUEST && metadata.target().starts_with("web")
}

/// Tells the collector what it was not told yet, and ends.
pub async fn finish() {
    let Some(provider) = TOLD.get() else {
        return;
    };
    // It waits for the network, which wants this thread.
    let ended = tokio::task::spawn_blocking(|| provider.shutdown()).await;
    if let Ok(Err(e)) = ended {
        tracing::warn!(error = %e, "the last spans were not sent");
    }
}

/// Makes `span` a part of the trace that the headers of a request name (W3C Trace Context), or the beginning of one, and gives the
/// trace's id, if there is any.
pub fn follow(span: &Span, headers: &HeaderMap) -> Option<String> {
    // What the systems of whoever asks say to each other in `tracestate` is neither kept nor passed on.
    let parent = headers.get(TRACEPARENT);
    let told = parent.map(|parent| (TRACEPARENT, parent.clone()));
    // Nothing of whoever else may have begun on this thread.
    let named = TraceContextPropagator::new()
        .extract_with_context(&Trace::new(), &HeaderExtractor(&told.into_iter().collect()));
    let trace = match are_on() {
        true => {
            // It is new, so this cannot come too late.
            drop(span.set_parent(named));
            span.context()
        }
        false => named,
    };
    let span = trace.span();
    let context = span.span_context();
    context.is_valid().then(|| context.trace_id().to_string())
}

/// Tells of the current span in the headers of a request to somebody else.
pub fn carry(headers: &mut HeaderMap) {
    if are_on() {
        let trace = Span::current().context();
        TraceContextPropagator::new().inject_context(&trace, &mut HeaderInjector(headers));
        headers.remove("tracestate");
    }
}

/// Names the span of a request, and what came of it.
pub fn answered(span: &Span, method: &str, route: Option<&str>, status: u16) {
    if !are_on() {
        return;
    }
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    span.context().span().update_name(name);
    span.set_attribute("http.request.method", method.to_owned());
    if let Some(route) = route {
        span.set_attribute("http.route", route.to_owned());
    }
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_attribute("error.type", status.to_string());
        span.set_status(Status::error(""));
    }
}

/// Notes that what a span stands for failed, and how that is called.
pub fn failed(span: &Span, code: &'static str) {
    if are_on() {
        span.set_attribute("error.type", code);
        span.set_status(Status::error(""));
    }
}
