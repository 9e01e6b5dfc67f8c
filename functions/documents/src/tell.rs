//! `PATCH /documents/{id}`: what is told beside what a document says.

use crate::{asked::web_address, manage::lock_as_seen};
use axum::extract::State;
use db::{Document, ToldBeside};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, IfMatch, Json, Manager, Path, Result, Tagged, check_flat_metadata, present};

/// What to tell otherwise; a field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateDocumentRequest)]
pub(crate) struct Update {
    /// Where it is published, http or https, at most 2000 characters; null for nowhere.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 2000, example = "https://www.acme.example/refunds")]
    source_url: Option<Option<String>>,
    /// What is told beside it, as when it was added; it is replaced as a whole.
    #[schema(value_type = Option<Object>, example = json!({ "product": "a", "public": true }))]
    metadata: Option<Map<String, Value>>,
}

impl Update {
    fn check(self) -> Result<ToldBeside> {
        let source = self.source_url.as_ref().and_then(Option::as_deref);
        if source.is_some_and(|url| web_address(url).is_none()) {
            let message = "must be an http or https address of at most 2000 characters";
            return Err(Error::field("source_url", message));
        }
        if let Some(metadata) = &self.metadata {
            check_flat_metadata(metadata)?;
        }
        Ok(ToldBeside {
            source_url: self.source_url,
            metadata: self.metadata.map(Value::from),
        })
    }
}

/// Changes what is told beside a document; what it says stays, with its `version` and its vectors. Searches with a `filter` heed it
/// at once, and so does a version of it that is still to be read. Another title, language or text is another version: `PUT /documents/{id}`.
#[utoipa::path(patch, path = "/documents/{id}", operation_id = "updateDocument", tag = "documents", params(("id" = Uuid, Path), IfMatch), request_body = Update, responses(
    (status = 200, body = Document), (status = 403),
    (status = 409, description = "`document_of_connector`: it follows a page of a connector, whose metadata it has."),
))]
pub(crate) async fn update(
    State(app): State<App>,
    Manager { admin, .. }: Manager,
    Path(id): Path<Uuid>,
    seen: IfMatch,
    Json(asked): Json<Update>,
) -> Result<Tagged<Document>> {
    let told = asked.check()?;
    let mut tx = app.db.admin(&admin).await?;
    lock_as_seen(&mut tx, id, &seen).await?;
    tx.tell_document(id, &told).await?;
    let document = tx.document(id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(Tagged(document))
}
