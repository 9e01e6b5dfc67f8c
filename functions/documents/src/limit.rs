//! `PUT /documents/{id}/groups`: whom answers and searches may tell of a document.

use crate::manage::lock_as_seen;
use axum::extract::State;
use db::Document;
use serde::Deserialize;
use service::group_faults;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, IfMatch, Json, Manager, Path, Result, Tagged};

/// The groups of a document.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LimitDocumentRequest)]
pub(crate) struct Limit {
    /// Up to 50 names, of 1 to 64 characters each; none opens it to everybody of the tenant.
    #[schema(max_items = 50, example = json!([]))]
    groups: Vec<String>,
}

/// Limits a document to groups of users, or opens it to everybody. Whatever is searched and asked from then on heeds it;
/// what was answered before stays as it is. Administrators find every document, and manage them all.
#[utoipa::path(put, path = "/documents/{id}/groups", operation_id = "limitDocument", tag = "documents", params(("id" = Uuid, Path), IfMatch), request_body = Limit, responses(
    (status = 200, body = Document), (status = 403),
    (status = 409, description = "`document_of_connector`: it follows a page of a connector, whose groups it has."),
))]
pub(crate) async fn limit(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
    seen: IfMatch,
    Json(asked): Json<Limit>,
) -> Result<Tagged<Document>> {
    service::Error::if_any(group_faults("groups", &asked.groups))?;
    let mut tx = app.db.admin(&admin).await?;
    lock_as_seen(&mut tx, id, &seen).await?;
    tx.limit_document(id, &asked.groups).await?;
    let document = tx.document(id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(Tagged(document))
}
