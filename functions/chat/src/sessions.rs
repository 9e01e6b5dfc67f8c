//! `/chat/sessions`: the caller's conversations.

use axum::{extract::State, http::StatusCode};
use db::{Caller, ChatSession, Message};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Listing, Own, PageQuery, Path, Query, Result};

/// The caller's conversations, newest first; everybody's for a superuser who has assumed the tenant.
#[utoipa::path(get, path = "/chat/sessions", operation_id = "listChatSessions", tag = "chat", params(PageQuery), responses(
    (status = 200, body = Listing<ChatSession>),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<ChatSession>>> {
    let page = page.of(&app, caller.tenant_id(), "sessions")?;
    let sessions = app
        .db
        .tenant(&caller)
        .await?
        .chat_sessions(&caller, page.of)
        .await?;
    Ok(Json(page.listing(sessions, |session| session.id)))
}

/// One conversation of the caller.
#[utoipa::path(get, path = "/chat/sessions/{id}", operation_id = "getChatSession", tag = "chat", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ChatSession),
))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<ChatSession>> {
    let session = app
        .db
        .tenant(&caller)
        .await?
        .chat_session(&caller, id)
        .await?;
    session.map(Json).ok_or(Error::NotFound)
}

/// A new title.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateChatSessionRequest)]
pub(crate) struct Rename {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, example = "Refunds")]
    title: String,
}

/// Gives a conversation another title.
#[utoipa::path(patch, path = "/chat/sessions/{id}", operation_id = "updateChatSession", tag = "chat", params(("id" = Uuid, Path)), request_body = Rename,
    responses((status = 200, body = ChatSession))
)]
pub(crate) async fn rename(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<Uuid>,
    Json(asked): Json<Rename>,
) -> Result<Json<ChatSession>> {
    let title = asked.title.trim();
    if !(1..=200).contains(&title.chars().count()) {
        return Err(Error::field("title", "must be 1 to 200 characters"));
    }
    if !service::shows(title) {
        return Err(Error::field(
            "title",
            "shows nothing: write letters that people can see",
        ));
    }
    let mut tx = app.db.tenant(&caller).await?;
    let session = tx
        .rename_chat_session(&caller, id, title)
        .await?
        .ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(Json(session))
}

/// Deletes a conversation with its messages.
#[utoipa::path(delete, path = "/chat/sessions/{id}", operation_id = "deleteChatSession", tag = "chat", params(("id" = Uuid, Path)), responses(
    (status = 204),
))]
pub(crate) async fn delete(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let mut tx = app.db.tenant(&caller).await?;
    if !tx.delete_chat_session(&caller, id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The messages of a conversation, oldest first. A page ends with `limit`, or with 1 MiB of them.
#[utoipa::path(get, path = "/chat/sessions/{id}/messages", operation_id = "listChatMessages", tag = "chat", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Listing<Message>),
))]
pub(crate) async fn messages(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Listing<Message>>> {
    let page = page.of(&app, caller.tenant_id(), &format!("messages of {id}"))?;
    let mut tx = app.db.tenant(&caller).await?;
    let (messages, is_cut) = tx.messages(&caller, id, page.of).await?;
    // A conversation always holds a message, so an empty first page may mean that there is no such conversation.
    if messages.is_empty() && tx.chat_session(&caller, id).await?.is_none() {
        return Err(Error::NotFound);
    }
    Ok(Json(
        page.listing_cut(messages, is_cut, |message| message.id),
    ))
}
