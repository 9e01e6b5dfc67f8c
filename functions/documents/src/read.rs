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

/// The file that a document was read from, as it was sent; of one that is still to be read, that one.
#[utoipa::path(get, path = "/documents/{id}/file", operation_id = "getDocumentFile", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 200, content(
        (Vec<u8> = "application/octet-stream"), (Vec<u8> = "application/pdf"), (Vec<u8> = "text/plain"), (Vec<u8> = "text/markdown"),
        (Vec<u8> = "text/html"), (Vec<u8> = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    )), (status = 403),
))]
pub(crate) async fn file(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let file = app.db.admin(&admin).await?.original_file(id).await?;
    let file = file.ok_or(Error::NotFound)?;
    let named = format!("attachment; filename*=UTF-8''{}", encoded(&file.name));
    let headers = [
        (header::CONTENT_TYPE, file.media_type),
        (header::CONTENT_DISPOSITION, named),
    ];
    Ok((headers, file.content).into_response())
}

/// A name as a header takes it (RFC 8187).
fn encoded(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let each = name.bytes().map(|b| match plain(b) {
        true => char::from(b).to_string(),
        false => format!("%{b:02X}"),
    });
    each.collect()
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
