//! `POST /documents`: a text that answers may draw on.

use crate::{
    asked::{AddDocument, UploadDocument},
    sent::Sent,
};
use axum::{extract::State, http::StatusCode};
use db::{AdminTx, DocumentStatus};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Manager, RepeatableUpload, RequestKey, Result};

/// A document that was taken in.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedDocument)]
pub(crate) struct Added {
    /// Its id.
    id: Uuid,
    /// Whether it can be found.
    #[schema(value_type = DocumentStatus, example = "ready")]
    status: DocumentStatus,
}

/// Adds a text or a file. Passages of a text can be found at once by full text, and a little later by vector where the tenant has an
/// index. A file, and a text of more than 1 MiB, is read first (`pending`). `GET /documents/{id}` tells how far that is.
///
/// A title and a text that are there, and have not failed, are not added again: the answer is 200, with the document that has
/// them, as it is. Line ends, blanks around them and the way in which accents are written make no difference. To change what
/// else is told of a document, `PUT` it.
#[utoipa::path(post, path = "/documents", operation_id = "addDocument", tag = "documents", params(web::IdempotencyKey), request_body(content((AddDocument = "application/json"), (UploadDocument = "multipart/form-data"))), responses(
    (status = 202, body = Added, description = "It was added."),
    (status = 200, body = Added, description = "It was there already."), (status = 403),
    (status = 409, description = "`document_exists`: a document that has this title and text is for other groups than the request says."),
    (status = 410, description = "`result_gone`: an earlier request with this `Idempotency-Key` added the document, which was deleted."),
))]
pub(crate) async fn add(
    State(app): State<App>,
    at: Manager,
    RepeatableUpload { key, asked }: RepeatableUpload<AddDocument>,
) -> Result<(StatusCode, Json<Added>)> {
    if let Some((tx, id)) = key.made_before(&app, &at.admin).await? {
        return added_before(tx, id).await;
    }
    let sent = Sent::of(asked).await?;
    let id = Uuid::now_v7();
    let stored = loop {
        if let Some(stored) = store(&app, &at, &key, &sent, id).await? {
            break stored;
        }
    };
    let (code, id, status) = match stored {
        Stored::Anew => (StatusCode::ACCEPTED, id, sent.status()),
        Stored::Before(id, status) => (StatusCode::OK, id, status),
        Stored::Repeat(id) => return added_before(app.db.admin(&at.admin).await?, id).await,
    };
    Ok((code, Json(Added { id, status })))
}

/// What became of a document that was to be added.
enum Stored {
    Anew,
    /// It was there.
    Before(Uuid, DocumentStatus),
    /// The same request added it.
    Repeat(Uuid),
}

/// Stores a document; nothing if another request stores the same at the same time, which may have ended by now.
async fn store(
    app: &App,
    at: &Manager,
    key: &RequestKey,
    sent: &Sent,
    id: Uuid,
) -> Result<Option<Stored>> {
    let mut tx = app.db.admin(&at.admin).await?;
    if let Some(id) = key.claim(&mut tx, id).await? {
        return Ok(Some(Stored::Repeat(id)));
    }
    // After that: this waits for the same request, sent at the same time. What makes nothing takes no key.
    if let Some((id, status, groups)) = tx.document_with(sent.hash()).await? {
        // Whoever says for whom it is must not believe that it was limited.
        if sent.groups().is_some_and(|asked| asked != groups) {
            return Err(Error::Conflict(
                "document_exists",
                "Another document has this title and text, for other groups. Change them with PUT /documents/{id}/groups.".into(),
            ));
        }
        return Ok(Some(Stored::Before(id, status)));
    }
    if !sent.create(app, at, &mut tx, id).await? {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(Stored::Anew))
}

/// The document that the same request has added before, as it is now.
///
/// # Errors
/// 410: it was deleted.
async fn added_before(mut tx: AdminTx, id: Uuid) -> Result<(StatusCode, Json<Added>)> {
    let document = tx.document(id).await?.ok_or(Error::ResultGone)?;
    let status = document.status;
    Ok((StatusCode::ACCEPTED, Json(Added { id, status })))
}
