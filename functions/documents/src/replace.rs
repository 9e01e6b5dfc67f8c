//! `PUT /documents/{id}`: another version of a document.

use crate::{asked::AddDocument, cut::Cut};
use axum::extract::State;
use db::Document;
use uuid::Uuid;
use web::{App, Error, Json, Manager, Path, Result};

/// Replaces a document as a whole; what is left out is nothing then. Its id stays, its `version` counts up.
///
/// From one moment to the next, what it says is found by full text, and nothing of what it said before. Vectors follow where the tenant
/// has an index. Of two requests at once, the last to end counts.
#[utoipa::path(put, path = "/documents/{id}", operation_id = "replaceDocument", tag = "documents", params(("id" = Uuid, Path)), request_body = AddDocument, responses(
    (status = 200, body = Document), (status = 403),
    (status = 409, description = "`document_exists`: another document of the tenant has this title and text."),
))]
pub(crate) async fn replace(
    State(app): State<App>,
    at: Manager,
    Path(id): Path<Uuid>,
    Json(asked): Json<AddDocument>,
) -> Result<Json<Document>> {
    asked.check()?;
    let known = app.db.admin(&at.admin).await?.document(id).await?;
    known.ok_or(Error::NotFound)?;
    let cut = Cut::of(asked).await?;
    let mut tx = app.db.admin(&at.admin).await?;
    let new = cut.document(id, app.keeps_vectors(&at.caller));
    let replaced = tx.replace_document(&new).await;
    let replaced = replaced.map_err(|e| match e.is_constraint("documents_hash") {
        true => Error::Conflict(
            "document_exists",
            "Another document has this title and text. Delete that one first, or leave this one as it is.".into(),
        ),
        false => e.into(),
    })?;
    let document = tx.document(id).await?;
    tx.commit().await?;
    document
        .filter(|_| replaced)
        .map(Json)
        .ok_or(Error::NotFound)
}
