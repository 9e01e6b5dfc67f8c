//! `PUT /documents/{id}`: another version of a document.

use crate::{asked::AddDocument, cut::Cut};
use anyhow::Context;
use axum::extract::State;
use db::{Document, DocumentStatus, NewChunk};
use tracing::Instrument;
use uuid::Uuid;
use web::{App, Error, Json, Manager, Path, Result};

/// Replaces a document as a whole; what is left out is nothing then. Its id stays, its `version` counts up.
///
/// What it said before is found and cited until the new version is indexed, and from then on nothing of it. If that fails, the
/// document stays as it is, and the answer says why. Of two requests at once, the last to be indexed counts.
#[utoipa::path(put, path = "/documents/{id}", operation_id = "replaceDocument", tag = "documents", params(("id" = Uuid, Path)), request_body = AddDocument, responses(
    (status = 200, body = Document), (status = 403),
    (status = 409, description = "`document_exists`: another document of the tenant has this title and text. \
        `model_unpriced`: spending is limited, and the price of the tenant's embedding model is not known."),
    (status = 429, description = "`limit_reached`: `limit` says which."),
    (status = 502, description = "`provider_unreachable` and the like: the provider of embeddings or the vector index failed."),
    (status = 503, description = "`provider_rate_limited`, `provider_key_unavailable`, `overloaded` or `unavailable`."),
    (status = 504, description = "`provider_timeout`: the provider of embeddings or the vector index did not answer in time."),
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
    // Also if the client leaves: no vectors stay behind.
    let tasks = app.tasks.clone();
    let replaced = tasks.spawn(replace_here(app, at, id, cut).in_current_span());
    let replaced = replaced.await.context("a document could not be replaced")?;
    replaced.map(Json)
}

async fn replace_here(app: App, at: Manager, id: Uuid, cut: Cut) -> Result<Document> {
    let stored = app.store_vectors(&at.caller, id, &cut.to_embed()).await;
    let swapped = match stored {
        Ok(()) => swap(&app, &at, id, &cut).await,
        Err(e) => Err(e.into()),
    };
    let new = || cut.chunks.iter().map(|chunk: &NewChunk| chunk.id).collect();
    let unread = match &swapped {
        Ok((_, old)) => old.clone(),
        Err(_) => new(),
    };
    forget_unread(&app, &at, id, &unread).await;
    swapped.map(|(document, _)| document)
}

/// Puts the new version into the place of the old one, in one transaction: the document, and the ids of the old passages.
async fn swap(app: &App, at: &Manager, id: Uuid, cut: &Cut) -> Result<(Document, Vec<Uuid>)> {
    let mut tx = app.db.admin(&at.admin).await?;
    let new = cut.document(id, DocumentStatus::Ready);
    let replaced = tx.replace_document(&new, &cut.chunks).await;
    let replaced = replaced.map_err(|e| match e.is_constraint("documents_hash") {
        true => Error::Conflict(
            "document_exists",
            "Another document has this title and text. Delete that one first, or leave this one as it is.".into(),
        ),
        false => e.into(),
    })?;
    let old = replaced.ok_or(Error::NotFound)?;
    let document = tx.document(id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok((document, old))
}

/// Deletes vectors that nothing refers to; should the index be away, they stay behind unread.
async fn forget_unread(app: &App, at: &Manager, id: Uuid, chunks: &[Uuid]) {
    if let Err(e) = app.forget_vectors(&at.caller, chunks).await {
        tracing::warn!(code = e.code(), document_id = %id, "vectors of a replaced document stayed behind");
    }
}
