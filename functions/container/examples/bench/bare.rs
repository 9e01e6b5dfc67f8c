//! The least that a chat turn, a list and a stream can cost: the same provider calls and the same statements, and
//! nothing else. No login, no log, no limit, no care for what goes wrong. The service is measured beside it.

mod ask;
mod database;
mod provider;

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use database::Database;
use provider::Provider;
use serde_json::{Value, json};
use std::{env::var, net::Ipv4Addr, sync::Arc};
use tokio::net::TcpListener;

/// What every handler uses.
struct Bare {
    database: Database,
    provider: Provider,
}

type Shared = Arc<Bare>;

/// What went wrong, for whoever measures.
struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(e: E) -> Self {
        Self(e.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}", self.0)).into_response()
    }
}

/// Serves until it is killed, with the variables of the service whose database it shares.
///
/// # Errors
/// A variable is missing, or the database cannot be used.
pub async fn serve() -> Result<()> {
    let bare = Arc::new(Bare {
        database: Database::open(&var("DATABASE_URL")?, &var("ROLE_PREFIX")?).await?,
        provider: Provider::new(&var("PINECONE_BASE_URL")?)?,
    });
    let router = Router::new()
        .route("/health", get(async || Json(json!({}))))
        .route("/ready", get(async || Json(json!({}))))
        .route("/chat/sessions", get(sessions))
        .route("/chat", post(ask::ask))
        .with_state(bare);
    let port: u16 = var("PORT")?.parse().context("PORT is no port")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let listener = listener.tap_io(|stream| {
        // As in the service: without it, a token waits for the acknowledgement of the last.
        drop(stream.set_nodelay(true));
    });
    Ok(axum::serve(listener, router).await?)
}

async fn sessions(State(bare): State<Shared>) -> Result<Json<Value>, Failure> {
    let sessions = bare.database.sessions().await?;
    Ok(Json(json!({ "items": sessions, "next_cursor": null })))
}
