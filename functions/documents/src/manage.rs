//! `/documents`: what there is, and its removal.

use crate::connectors::check_not_of_connector;
use axum::{extract::State, http::StatusCode};
use db::{AdminTx, Document, DocumentDeletion};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{
    App, Error, IfMatch, Json, Listing, Manager, PageQuery, Path, Query, Result, Tagged,
    check_search,
};

/// Which documents, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDocuments {
    /// A part of the title, in whatever case, at most 300 characters.
    #[param(max_length = 300)]
    search: Option<String>,
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, of the same search.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// The tenant's documents, newest first; or those of them whose title holds what is searched.
#[utoipa::path(get, path = "/documents", operation_id = "listDocuments", tag = "documents", params(ListDocuments), responses(
    (status = 200, body = Listing<Document>), (status = 403),
))]
pub(crate) async fn list(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Query(asked): Query<ListDocuments>,
) -> Result<Json<Listing<Document>>> {
    let search = asked.search.as_deref();
    check_search(search, 300)?;
    let list = match search {
        Some(search) => format!("documents {search:?}"),
        None => "documents".to_owned(),
    };
    let page = PageQuery::new(asked.limit, asked.cursor).of(&app, admin.tenant_id(), &list)?;
    let documents = app
        .db
        .read_as_admin(&admin, async |mut tx| tx.documents(search, page.of).await)
        .await?;
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
) -> Result<Tagged<Document>> {
    let document = app.db.admin(&admin).await?.document(id).await?;
    document.map(Tagged).ok_or(Error::NotFound)
}

/// Deletes a document. It is found, read and cited no more from this moment. Its vectors are deleted next, then its passages;
/// `GET /documents/{id}/deletion` tells how far that is.
#[utoipa::path(delete, path = "/documents/{id}", operation_id = "deleteDocument", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 204), (status = 403),
    (status = 409, description = "`document_of_connector`: it follows a page of a connector."),
))]
pub(crate) async fn delete(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let mut tx = app.db.admin(&admin).await?;
    check_not_of_connector(&mut tx, id).await?;
    tx.delete_document(id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What became of a deletion: counts of what was deleted, and when nothing was left.
#[utoipa::path(get, path = "/documents/{id}/deletion", operation_id = "getDocumentDeletion", tag = "documents", params(("id" = Uuid, Path)), responses(
    (status = 200, body = DocumentDeletion), (status = 403),
))]
pub(crate) async fn deletion(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
) -> Result<Json<DocumentDeletion>> {
    let deletion = app.db.admin(&admin).await?.deletion(id).await?;
    deletion.map(Json).ok_or(Error::NotFound)
}

/// Locks a document that is to be changed as it was seen, and that no connector changes.
///
/// # Errors
/// 404 if there is none, 409 for a connector's, 412 if somebody has changed it meanwhile.
pub(crate) async fn lock_as_seen(tx: &mut AdminTx, id: Uuid, seen: &IfMatch) -> Result<()> {
    check_not_of_connector(tx, id).await?;
    let known = tx.document_for_update(id).await?;
    seen.check(&known.ok_or(Error::NotFound)?)
}
