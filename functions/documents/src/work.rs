//! `/documents/retry`, `/documents/{id}/retry`, `/documents/{id}/cancel`: what is still to be done with a document.

use crate::sent::same_as_another;
use axum::{extract::State, http::StatusCode};
use db::{AdminTx, Document, Retried};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Manager, Path, Result};

/// How many documents are tried again.
#[derive(Serialize, ToSchema)]
#[schema(as = RetriedDocuments)]
pub(crate) struct RetriedOutput {
    /// Those that are.
    #[schema(minimum = 0)]
    tried: i64,
    /// Those that failed, too, and wait for the next such request.
    #[schema(minimum = 0)]
    left: i64,
}

/// Has what failed be tried again, of up to 500 documents: files that could not be read, and vectors that could not be made, if the
/// tenant keeps any. What somebody cancelled is left alone. Each is worked on in its turn, with those of other tenants between them.
#[utoipa::path(post, path = "/documents/retry", operation_id = "retryDocuments", tag = "documents", responses(
    (status = 202, body = RetriedOutput), (status = 403),
))]
pub(crate) async fn retry_all(
    State(app): State<App>,
    at: Manager,
) -> Result<(StatusCode, Json<RetriedOutput>)> {
    let mut tx = app.db.admin(&at.admin).await?;
    let keeps_vectors = app.keeps_vectors(&at.caller);
    let Retried { tried, left } = tx.retry_documents(keeps_vectors).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(RetriedOutput { tried, left })))
}

/// Has what failed be tried again, and what waits for its next attempt be tried at once. Also makes the vectors of a document that has
/// none, where the tenant has an index by now. Of a document that lacks nothing, nothing is done.
#[utoipa::path(post, path = "/documents/{id}/retry", operation_id = "retryDocument", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 202, body = Document), (status = 403),
    (status = 409, description = "`document_exists`: another document has this title and content by now."),
))]
pub(crate) async fn retry(
    State(app): State<App>,
    at: Manager,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Document>)> {
    let mut tx = app.db.admin(&at.admin).await?;
    let keeps_vectors = app.keeps_vectors(&at.caller);
    let tried = tx.retry_document(id, keeps_vectors).await;
    tried.map_err(same_as_another)?.ok_or(Error::NotFound)?;
    Ok((StatusCode::ACCEPTED, changed(tx, id).await?))
}

/// Has nothing more be done with a document: what was done stays, and what was not is `failed`. `retry` does it after all.
#[utoipa::path(post, path = "/documents/{id}/cancel", operation_id = "cancelDocument", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Document), (status = 403),
))]
pub(crate) async fn cancel(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
) -> Result<Json<Document>> {
    let mut tx = app.db.admin(&admin).await?;
    tx.cancel_document(id).await?.ok_or(Error::NotFound)?;
    changed(tx, id).await
}

async fn changed(mut tx: AdminTx, id: Uuid) -> Result<Json<Document>> {
    let document = tx.document(id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(Json(document))
}
