//! AWS Lambda: the runtime hands over one request at a time and freezes the process after the last byte of its answer.

mod event;
mod failure;

pub(super) use failure::report;

use crate::{App, client::Peer, stop::Deadline};
use axum::{
    Router,
    body::Body,
    http::{Request, Response, Uri},
};
use futures_util::{FutureExt, StreamExt, stream};
use lambda_http::{
    Context, RequestExt, StreamAdapter,
    lambda_runtime::{self, LambdaEvent},
    request::RequestContext,
    service_fn,
};
use serde_json::Value;
use service::{Service, told};
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;
use tower::ServiceExt;

/// How long before Lambda kills a request its work is ended, so that what there is of it is stored.
const LAST_WORDS: Duration = Duration::from_secs(4);
/// How long the end of an answer waits for connections on their way back to the pool.
const RETURN_TIME: Duration = Duration::from_secs(1);

/// Serves until Lambda ends the process.
pub(super) async fn host<F>(
    name: &str,
    service: Router,
    app: App,
    _: impl FnOnce(Arc<Service>) -> F,
) -> anyhow::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(program = name, version, "starting");
    // Every answer waits for the work that its request began; a closed tracker can be waited for.
    app.tasks.close();
    close_at_the_end(app.clone()).await;
    // The first request needs a connection and a database that was checked: both can be had while it is on its way.
    // It asks again, and answers, if this fails.
    let database = app.db.clone();
    tokio::spawn(async move {
        if let Err(unfit) = database.check().await {
            tracing::error!(error = told(&unfit), "the database cannot be used yet");
        }
    });
    let begin = {
        let app = app.clone();
        move |request| begun(&app, request)
    };
    let end = move |answer| ended(app.clone(), answer);
    let service = service.map_request(begin).map_response(end);
    let service = StreamAdapter::from(service).map_request(event::normal);
    lambda_runtime::run(service).await.map_err(broken)
}

/// Does a job for every event, whatever it says.
pub(super) async fn work<F>(job: impl Fn() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let service = service_fn(async |_: LambdaEvent<Value>| {
        // Boxed: under the runtime's own futures, a job's are too deep for the compiler to look through.
        let done = job().boxed_local().await;
        done.map_err(|e| lambda_http::Error::from(told(e.as_ref())))
    });
    lambda_runtime::run(service).await.map_err(broken)
}

/// Lambda tells a sandbox that it ends only if an extension is registered. The server notices at once then, instead of
/// keeping connections of processes that are gone.
async fn close_at_the_end(app: App) {
    ::lambda_runtime::spawn_graceful_shutdown_handler(move || async move { app.db.close().await })
        .await;
}

fn broken(e: lambda_http::Error) -> anyhow::Error {
    anyhow::anyhow!("the Lambda runtime failed: {e}")
}

/// What every request has besides what the client sent.
fn begun<B>(app: &App, mut request: Request<B>) -> Request<B> {
    // The process may have been frozen since the last request.
    app.db.woke();
    if let Some(uri) = as_sent(&request) {
        *request.uri_mut() = uri;
    }
    if let Some(ip) = request.extensions().get().and_then(source_ip) {
        request.extensions_mut().insert(Peer(ip));
    }
    if let Some(deadline) = request.lambda_context_ref().and_then(deadline) {
        request.extensions_mut().insert(deadline);
    }
    request
}

/// The address with the path as the client sent it: lambda_http resolves `..` in it, so that what a front takes for a
/// path below one route would be answered by another.
fn as_sent<B>(request: &Request<B>) -> Option<Uri> {
    let mut parts = request.uri().clone().into_parts();
    let query = request.uri().query().map(|query| format!("?{query}"));
    let path = request.raw_http_path();
    parts.path_and_query = Some(
        format!("{path}{}", query.unwrap_or_default())
            .parse()
            .ok()?,
    );
    Uri::from_parts(parts).ok()
}

fn source_ip(context: &RequestContext) -> Option<IpAddr> {
    let ip = match context {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_ref(),
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_ref(),
        // No other front door is compiled in.
        _ => None,
    };
    ip?.parse().ok()
}

/// Lambda gives the time in milliseconds since 1970.
fn deadline(context: &Context) -> Option<Deadline> {
    let at = UNIX_EPOCH + Duration::from_millis(context.deadline);
    let left = at.duration_since(SystemTime::now()).ok()?;
    let until = Instant::now().checked_add(left.saturating_sub(LAST_WORDS))?;
    Some(Deadline(until))
}

/// Holds the end of the answer back until nothing is left to do: what is not done by then may never be.
fn ended(app: App, answer: Response<Body>) -> Response<Body> {
    let settle = async move {
        app.tasks.wait().await;
        app.db.at_rest(RETURN_TIME).await;
        None
    };
    answer.map(|body| {
        let end = stream::once(settle).filter_map(async |nothing| nothing);
        Body::from_stream(body.into_data_stream().chain(end))
    })
}
