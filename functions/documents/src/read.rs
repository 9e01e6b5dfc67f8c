//! `/documents/{id}/…`: what a document says.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use db::DocumentChunk;
use uuid::Uuid;
use web::{App, Error, Json, Listing, Manager, PageQuery, Path, Query, Result};

/// The text of a document, as it was sent. Of one that was added before that was kept, its passages with a blank line between
/// them.
#[utoipa::path(get, path = "/documents/{id}/text", operation_id = "getDocumentText", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 200, content((String = "text/plain"))), (status = 403),
))]
pub(crate) async fn text(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let text = app.db.admin(&admin).await?.document_text(id).await?;
    let text = text.ok_or(Error::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The passages that a document is cut into, in order: what is searched for, given to the model, and cited.
#[utoipa::path(get, path = "/documents/{id}/chunks", operation_id = "listDocumentChunks", tag = "documents", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Listing<DocumentChunk>), (status = 403),
))]
pub(crate) async fn chunks(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<DocumentChunk>>> {
    let page = page.of(&app, admin.tenant_id(), &format!("document_chunks {id}"))?;
    let mut tx = app.db.admin(&admin).await?;
    tx.document(id).await?.ok_or(Error::NotFound)?;
    let chunks = tx.document_chunks(id, page.of).await?;
    Ok(Json(page.listing(chunks, |chunk| chunk.id)))
}
