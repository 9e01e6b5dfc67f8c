//! `PUT /chat/messages/{id}/feedback`: what the caller thinks of an answer.

use axum::{extract::State, http::StatusCode};
use db::Rating;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Own, Path, Result};

/// What the caller thinks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RateMessageRequest)]
pub(crate) struct Rate {
    /// Whether the answer was of use; null takes back what was said.
    #[serde(deserialize_with = "sent")]
    #[schema(required)]
    rating: Option<Rating>,
    /// Why, at most 2000 characters.
    #[schema(max_length = 2000, example = "The number of days is wrong.")]
    comment: Option<String>,
}

/// Null, but not absent.
fn sent<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Rating>, D::Error> {
    Option::deserialize(value)
}

/// Says whether an answer in one of the caller's conversations was of use, or takes that back. Another rating takes the place
/// of the last. The tenant's administrators see how many answers were not.
#[utoipa::path(put, path = "/chat/messages/{id}/feedback", operation_id = "rateMessage", tag = "chat", params(("id" = Uuid, Path)), request_body = Rate,
    responses((status = 204))
)]
pub(crate) async fn rate(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<Uuid>,
    Json(asked): Json<Rate>,
) -> Result<StatusCode> {
    let comment = asked.comment.as_deref().map(str::trim);
    let comment = comment.filter(|comment| !comment.is_empty());
    if comment.is_some_and(|comment| comment.chars().count() > 2000) {
        return Err(Error::field("comment", "must be at most 2000 characters"));
    }
    if comment.is_some() && asked.rating.is_none() {
        return Err(Error::field("comment", "needs a rating, `up` or `down`"));
    }
    let mut tx = app.db.tenant(&caller).await?;
    if !tx.rate(&caller, id, asked.rating, comment).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
