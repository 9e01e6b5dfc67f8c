//! `/documents`: what there is, and its removal.

use axum::{extract::State, http::StatusCode};
use db::Document;
use uuid::Uuid;
use web::{App, Error, Json, Listing, Manager, PageQuery, Path, Query, Result};

/// The tenant's documents, newest first.
#[utoipa::path(get, path = "/documents", operation_id = "listDocuments", tag = "documents", params(PageQuery), responses(
    (status = 200, body = Listing<Document>), (status = 403),
))]
pub(crate) async fn list(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<Document>>> {
    let page = page.of(&app, admin.tenant_id(), "documents")?;
    let documents = app.db.admin(&admin).await?.documents(page.of).await?;
    Ok(Json(page.listing(documents, |document| document.id)))
}

/// One document: whether it can be found, and if not, why.
#[utoipa::path(get, path = "/documents/{id}", operation_id = "getDocument", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Document), (status = 403),
))]
pub(crate) async fn show(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
) -> Result<Json<Document>> {
    let document = app.db.admin(&admin).await?.document(id).await?;
    document.map(Json).ok_or(Error::NotFound)
}

/// Deletes a document. It is cited no more from this moment. Its vectors go too; should the index be away, they
/// stay behind unread, for nothing is cited that the database no longer holds.
#[utoipa::path(delete, path = "/documents/{id}", operation_id = "deleteDocument", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 204), (status = 403),
))]
pub(crate) async fn delete(
    State(app): State<App>,
    Manager { caller, admin }: Manager,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let mut tx = app.db.admin(&admin).await?;
    let chunks = tx.delete_document(id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    if let Err(e) = app.forget_vectors(&caller, &chunks).await {
        tracing::warn!(code = e.code(), document_id = %id, "the vectors of a deleted document stayed behind");
    }
    Ok(StatusCode::NO_CONTENT)
}
