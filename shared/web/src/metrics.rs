//! `GET /metrics`: what the process has counted, for Prometheus and its like.

use crate::{App, Error, Result, Routes, extract::bearer};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{gauge::Gauge, info::Info},
    registry::Registry,
};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use utoipa_axum::routes;

/// OpenMetrics 1.0, section 2.
const MEDIA: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes() -> Routes<App> {
    Routes::new().routes(routes!(metrics))
}

/// What this process has counted since it began. Only there if `METRICS_TOKEN` is set, which is the bearer token.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "deployment", security(("metrics" = [])), responses(
    (status = 200, body = String, content_type = "application/openmetrics-text"), (status = 404, description = "`not_found`: it is switched off; METRICS_TOKEN is not set."),
    (status = 401, description = "`invalid_token`: this is not the METRICS_TOKEN."),
))]
async fn metrics(State(app): State<App>, headers: HeaderMap) -> Result<impl IntoResponse> {
    let token = bearer(&headers).unwrap_or_default().as_bytes();
    let ours = app.config.secrets.metrics_token.as_ref();
    let ours = ours.ok_or(Error::NotFound)?.expose_secret().as_bytes();
    if !bool::from(token.ct_eq(ours)) {
        return Err(Error::unauthorized(
            "invalid_token",
            "Send the value of METRICS_TOKEN as `Authorization: Bearer <token>`.",
        ));
    }
    let mut registry = Registry::with_prefix("parlance");
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The running program", build);
    app.db.counters().register(&mut registry);
    app.timings.register(&mut registry);
    app.ai.times().register(&mut registry);
    let gauges = [
        (
            "database_in_use",
            "Database connections that are used for something",
        ),
        (
            "database_waiting",
            "Requests, and the like, that wait for their turn to use one",
        ),
    ];
    let (in_use, waiting) = app.db.in_use();
    for ((name, help), value) in gauges.into_iter().zip([in_use, waiting]) {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
    let mut text = String::new();
    encode(&mut text, &registry).map_err(anyhow::Error::from)?;
    Ok(([(header::CONTENT_TYPE, MEDIA)], text))
}
