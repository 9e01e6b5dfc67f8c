//! Whether the process is up, and whether it can serve.

use crate::{App, Json, Result, Routes};
use axum::extract::State;
use serde::Serialize;
use std::{sync::Arc, time::Instant};
use tokio::sync::Mutex;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(crate) fn routes() -> Routes<App> {
    Routes::new().routes(routes!(health)).routes(routes!(ready))
}

/// The state of the service.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok` or `ready`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The version of the running program.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Whether lists and searches are read at the replica; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    replica: Option<ReplicaState>,
}

/// What a replica is good for at the moment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReplicaState {
    /// It is read at.
    Used,
    /// It is away, too far behind, or no replica: all is read at the primary, and the log says why.
    LeftOut,
}

fn health_is(status: &'static str, app: &App) -> Json<Health> {
    let replica = app
        .db
        .reads_at_replica()
        .map(|is_read_at| match is_read_at {
            true => ReplicaState::Used,
            false => ReplicaState::LeftOut,
        });
    Json(Health {
        status,
        version: env!("CARGO_PKG_VERSION"),
        replica,
    })
}

/// The process is up. Asks nothing of the database.
#[utoipa::path(get, path = "/health", operation_id = "getHealth", tag = "deployment", security(()), responses((status = 200, body = Health)))]
async fn health(State(app): State<App>) -> Json<Health> {
    health_is("ok", &app)
}

/// The database answers and its schema is the one this program was built for.
#[utoipa::path(get, path = "/ready", operation_id = "getReadiness", tag = "deployment", security(()), responses(
    (status = 200, body = Health), (status = 503, description = "`unavailable`: it is starting or stopping, or its database is away.")
))]
async fn ready(State(app): State<App>) -> Result<Json<Health>> {
    if app.draining.is_cancelled() {
        return Err(service::Error::Unavailable(anyhow::anyhow!("shutting down")).into());
    }
    app.readiness().get(&app).await?;
    Ok(health_is("ready", &app))
}

/// What the database said last, and when: anybody may ask, as often as they like. Whoever asks while it is being asked waits for the same answer.
#[derive(Clone, Default)]
pub(crate) struct Readiness(Arc<Mutex<Option<(Instant, Ready)>>>);

type Ready = Result<(), Arc<db::Unfit>>;

impl Readiness {
    async fn get(&self, app: &App) -> Result<()> {
        let mut last = self.0.lock().await;
        let known = last
            .clone()
            .filter(|(at, _)| at.elapsed() < app.config.times.ready);
        let ready = match known {
            Some((_, ready)) => ready,
            None => {
                let ready = app.db.ready().await.map_err(Arc::new);
                *last = Some((Instant::now(), ready.clone()));
                ready
            }
        };
        ready.map_err(|e| service::Error::Unavailable(e.into()).into())
    }
}
