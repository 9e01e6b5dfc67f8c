//! A collector of OpenTelemetry, as far as traces go: it keeps what it is told.

use super::wait::wait_until;
use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// The server.
#[derive(Clone)]
pub struct Collector {
    address: String,
    told: Arc<Mutex<Vec<Bytes>>>,
}

/// A span that it was told of.
#[derive(Clone, Debug)]
pub struct Told {
    pub trace: String,
    pub id: String,
    /// Empty of one that has none.
    pub parent: String,
    pub name: String,
    /// As OpenTelemetry numbers them: 2 is a server's, 3 a client's.
    pub kind: i32,
    pub failed: bool,
    attributes: Vec<(String, String)>,
}

impl Told {
    /// What it says of itself under that name; empty if nothing.
    pub fn says(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }
}

impl Collector {
    /// Starts it on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let collector = Self {
            address: format!("http://{address}"),
            told: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/traces", post(tell))
            .with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        collector
    }

    /// The variables that make a service tell it, at once.
    pub fn vars(&self) -> [(String, String); 2] {
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT".into(), self.address.clone()),
            ("OTEL_BSP_SCHEDULE_DELAY".into(), "50".into()),
        ]
    }

    /// All that it was told, byte for byte.
    pub fn bytes(&self) -> Vec<u8> {
        self.told.lock().unwrap().concat()
    }

    /// Every service's name and span so far.
    pub fn spans(&self) -> Vec<(String, Told)> {
        let told = self.told.lock().unwrap().clone();
        let told = told.into_iter().flat_map(|bytes| {
            let request = ExportTraceServiceRequest::decode(bytes);
            request.expect("it is what OTLP says").resource_spans
        });
        let spans = told.flat_map(|of| {
            let resource = of.resource.unwrap_or_default();
            let name = texts(&resource.attributes);
            let name = name.into_iter().find(|(key, _)| key == "service.name");
            let name = name.map(|(_, name)| name).unwrap_or_default();
            let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.map(move |span| (name.clone(), read(span)))
        });
        spans.collect()
    }

    /// Waits until it knows of a span of that name in each of the given, and gives all that it knows.
    pub async fn knows(&self, names: &[&str]) -> Vec<Told> {
        wait_until(format!("spans named {names:?}"), async || {
            let spans: Vec<Told> = self.spans().into_iter().map(|(_, span)| span).collect();
            let has = |name: &&str| spans.iter().any(|span| span.name == *name);
            match names.iter().all(has) {
                true => Ok(spans),
                false => {
                    let known: Vec<_> = spans.into_iter().map(|span| span.name).collect();
                    Err(known.join(", "))
                }
            }
        })
        .await
    }
}

async fn tell(State(collector): State<Collector>, body: Bytes) -> StatusCode {
    collector.told.lock().unwrap().push(body);
    StatusCode::OK
}

fn read(span: Span) -> Told {
    Told {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name,
        kind: span.kind,
        failed: span.status.is_some_and(|status| status.code == 2),
        attributes: texts(&span.attributes),
    }
}

fn texts(all: &[KeyValue]) -> Vec<(String, String)> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|v| v.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(is)) => is.to_string(),
        other => format!("{other:?}"),
    };
    all.iter()
        .map(|one| (one.key.clone(), text(&one.value)))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
