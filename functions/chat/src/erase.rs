//! `DELETE /chat/sessions`: all of the caller's conversations.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{App, Error, Own, Query, Result};

/// Whether that is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Confirm {
    /// Must be `all`.
    #[param(required = true, pattern = "^all$", example = "all")]
    confirm: Option<String>,
}

/// Deletes every conversation of the caller with its messages, for good. If it breaks off, ask again: what was deleted stays
/// so.
#[utoipa::path(delete, path = "/chat/sessions", operation_id = "deleteAllChatSessions", tag = "chat", params(Confirm), responses(
    (status = 204),
))]
pub(crate) async fn erase(
    State(app): State<App>,
    Own(caller): Own,
    Query(asked): Query<Confirm>,
) -> Result<StatusCode> {
    if asked.confirm.as_deref() != Some("all") {
        return Err(Error::field(
            "confirm",
            "must be `all`: this deletes every conversation of yours, for good",
        ));
    }
    app.db.erase_chats(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
