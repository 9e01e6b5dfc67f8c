//! `/chat/sessions`: the caller's conversations.

use crate::ui::message::{UI_MESSAGES, UiMessage};
use axum::{extract::State, http::StatusCode};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use db::{Caller, ChatOrigin, ChatSession, Message, ReadTx};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{App, Error, Json, Listing, Own, PageQuery, Path, Query, Result};

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionsQuery {
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// How they came about: `chat`, as it is without it, or `api` for those that requests to `/v1` made, each of its own.
    #[param(inline)]
    origin: Option<ChatOrigin>,
}

/// The caller's conversations, newest first; everybody's for a superuser who has assumed the tenant. Those that requests to
/// `/v1` made are listed with `origin=api`.
#[utoipa::path(get, path = "/chat/sessions", operation_id = "listChatSessions", tag = "chat", params(SessionsQuery), responses(
    (status = 200, body = Listing<ChatSession>),
))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<SessionsQuery>,
) -> Result<Json<Listing<ChatSession>>> {
    let origin = asked.origin.unwrap_or_default();
    let list = match origin {
        ChatOrigin::Chat => "sessions",
        ChatOrigin::Api => "sessions of requests",
    };
    let page = PageQuery::new(asked.limit, asked.cursor);
    let page = page.of(&app, caller.tenant_id(), list)?;
    let sessions = app
        .db
        .read(&caller, async |mut tx| {
            tx.chat_sessions(&caller, origin, page.of).await
        })
        .await?;
    Ok(Json(page.listing(sessions, |session| session.id)))
}

/// A conversation of the caller by its id, or by the one that it had in the service before this one.
async fn named(tx: &mut ReadTx, caller: &Caller, name: &str) -> Result<ChatSession> {
    if let Ok(id) = Uuid::try_parse(name)
        && let Some(session) = tx.chat_session(caller, id).await?
    {
        return Ok(session);
    }
    if !name.contains('\0')
        && let Some(id) = tx.legacy_chat(name).await?
        && let Some(session) = tx.chat_session(caller, id).await?
    {
        return Ok(session);
    }
    Err(match Uuid::try_parse(name) {
        Ok(_) => Error::NotFound,
        Err(_) => Error::field("id", "is not an id (a UUID)"),
    })
}

/// One conversation of the caller. Of one that comes from the service before this one, `id` may also be its id there.
#[utoipa::path(get, path = "/chat/sessions/{id}", operation_id = "getChatSession", tag = "chat", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ChatSession),
))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ChatSession>> {
    let mut tx = app.db.tenant(&caller).await?;
    named(&mut tx, &caller, &name).await.map(Json)
}

/// What to change; a field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateChatSessionRequest)]
pub(crate) struct Update {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, example = "Refunds")]
    title: Option<String>,
    /// The last message of the branch that is to be shown and go on.
    active_message_id: Option<Uuid>,
}

/// Gives a conversation another title, or makes another of its branches the active one.
#[utoipa::path(patch, path = "/chat/sessions/{id}", operation_id = "updateChatSession", tag = "chat", params(("id" = Uuid, Path)), request_body = Update,
    responses((status = 200, body = ChatSession))
)]
pub(crate) async fn update(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<Uuid>,
    Json(asked): Json<Update>,
) -> Result<Json<ChatSession>> {
    let title = asked.title.as_deref().map(str::trim);
    if title.is_some_and(|title| !(1..=200).contains(&title.chars().count())) {
        return Err(Error::field("title", "must be 1 to 200 characters"));
    }
    if title.is_some_and(|title| !service::shows(title)) {
        return Err(Error::field(
            "title",
            "shows nothing: write letters that people can see",
        ));
    }
    if title.is_none() && asked.active_message_id.is_none() {
        return Err(Error::field("title", "must be sent, or active_message_id"));
    }
    let mut tx = app.db.tenant(&caller).await?;
    let session = tx
        .update_chat_session(&caller, id, title, asked.active_message_id)
        .await?;
    let Some(session) = session else {
        let is_own = tx.chat_session(&caller, id).await?.is_some();
        return Err(match is_own {
            true => Error::field("active_message_id", "is no message of this conversation"),
            false => Error::NotFound,
        });
    };
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

/// Which messages of a conversation.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessagesQuery {
    /// How many items, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// Whether to list every branch and not the active one alone; `parent_id` tells how they hang together.
    #[param(default = false)]
    branches: Option<bool>,
    /// In which form: without it as here, with `ui` as the AI SDK's messages.
    #[param(inline)]
    format: Option<MessagesFormat>,
}

/// The form of messages.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MessagesFormat {
    Ui,
}

/// The messages of a conversation, oldest first: those of its active branch, or all. A page ends with `limit`, or with
/// 1 MiB of them. `id` may be that of the service before this one. In the AI SDK's form an answer that is being made is left out: `GET /chat/ui/{id}/stream` has that.
#[utoipa::path(get, path = "/chat/sessions/{id}/messages", operation_id = "listChatMessages", tag = "chat", params(("id" = Uuid, Path), MessagesQuery), responses(
    (status = 200, content((Listing<Message> = "application/json"), (Listing<UiMessage> = "application/vnd.parlance.ui-messages+json"))),
))]
pub(crate) async fn messages(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<MessagesQuery>,
) -> Result<Response> {
    let all = asked.branches.unwrap_or_default();
    let list = match all {
        true => format!("all messages of {name}"),
        false => format!("messages of {name}"),
    };
    let page = PageQuery::new(asked.limit, asked.cursor);
    let page = page.of(&app, caller.tenant_id(), &list)?;
    let read = app.db.read(&caller, async |mut tx| {
        if let Ok(id) = Uuid::try_parse(&name) {
            let (messages, is_cut) = tx.messages(&caller, id, page.of, all).await?;
            // Nearly every conversation holds a message, so an empty first page may mean that there is none with this id.
            if !messages.is_empty() {
                return Ok((messages, is_cut));
            }
        }
        let id = named(&mut tx, &caller, &name).await?.id;
        Ok::<_, Error>(tx.messages(&caller, id, page.of, all).await?)
    });
    let (messages, is_cut) = read.await?;
    let list = page.listing_cut(messages, is_cut, |message| message.id);
    Ok(match asked.format {
        None => Json(list).into_response(),
        Some(MessagesFormat::Ui) => {
            let messages = list.items.into_iter().filter_map(UiMessage::of);
            let list = Listing {
                items: messages.collect(),
                next_cursor: list.next_cursor,
            };
            ([(header::CONTENT_TYPE, UI_MESSAGES)], Json(list)).into_response()
        }
    })
}
