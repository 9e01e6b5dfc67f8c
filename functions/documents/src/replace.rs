//! `PUT /documents/{id}`: another version of a document.

use crate::{
    asked::{AddDocument, UploadDocument},
    manage::lock_as_seen,
    sent::Sent,
};
use axum::{extract::State, http::StatusCode};
use db::{Document, DocumentStatus};
use uuid::Uuid;
use web::{App, Error, IfMatch, Manager, Path, Result, Tagged, Upload};

/// Replaces a document as a whole; what is left out is nothing then. Its id and groups stay, its `version` counts up.
///
/// From one moment to the next, what it says is found by full text, and nothing of what it said before. Vectors follow where the tenant
/// has an index. Of a file, and of a text of more than 1 MiB, that moment is when it was read; if it cannot be read, the document stays
/// as it is, and its `error` says why. Of two requests at once that do not say what they have seen, the last to end counts.
// With bodies of two kinds, openapi-python-client makes code that cannot be imported unless a parameter is optional.
#[utoipa::path(put, path = "/documents/{id}", operation_id = "replaceDocument", tag = "documents",
    params(("id" = Uuid, Path), IfMatch, ("origin" = Option<String>, Header, description = "The page that asks, as browsers say by themselves.")),
    request_body(content((AddDocument = "application/json"), (UploadDocument = "multipart/form-data"))), responses(
    (status = 200, body = Document, description = "It was replaced."),
    (status = 202, body = Document, description = "It is replaced when that was read."), (status = 403),
    (status = 409, description = "`document_exists`: another document of the tenant has this title and text. `document_of_connector`: it follows a page of a connector."),
))]
pub(crate) async fn replace(
    State(app): State<App>,
    at: Manager,
    Path(id): Path<Uuid>,
    seen: IfMatch,
    asked: Upload<AddDocument>,
) -> Result<(StatusCode, Tagged<Document>)> {
    let known = app.db.admin(&at.admin).await?.document(id).await?;
    let known = known.ok_or(Error::NotFound)?;
    // Nobody waits for the cutting of what will be refused.
    seen.check(&known)?;
    let sent = Sent::of(asked).await?;
    // Whoever says for whom it is must not believe that this changes it.
    if sent.groups().is_some_and(|groups| groups != known.groups) {
        let message = "is not changed with another version: send it to PUT /documents/{id}/groups";
        return Err(Error::field("groups", message));
    }
    let mut tx = app.db.admin(&at.admin).await?;
    lock_as_seen(&mut tx, id, &seen).await?;
    if !sent.replace(&app, &at, &mut tx, id).await? {
        return Err(Error::NotFound);
    }
    let document = tx.document(id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    let code = match sent.status() {
        DocumentStatus::Ready => StatusCode::OK,
        _ => StatusCode::ACCEPTED,
    };
    Ok((code, Tagged(document)))
}
