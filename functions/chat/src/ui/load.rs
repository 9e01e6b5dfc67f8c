//! `GET /chat/ui/{id}`: a conversation as `useChat` begins with it.

use super::{is_chat, message::UiMessage};
use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use db::{Caller, PageOf};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use service::told;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Own, Path, Result};

/// So many messages are read at once; no transaction stays open while the client takes them.
const ROWS: i64 = 100;

/// A conversation in the AI SDK's form.
#[derive(Serialize, ToSchema)]
#[schema(as = UiChat)]
pub(crate) struct UiChat {
    /// What the app calls it.
    #[schema(example = "kR2vQx7LmP0sTb4n")]
    id: String,
    /// Its id here.
    session_id: Uuid,
    /// Its title.
    #[schema(example = "How long does a refund take?")]
    title: String,
    /// What was said on its active branch, oldest first, without an answer that is being made: `GET /chat/ui/{id}/stream` has
    /// that. Give them to `useChat` as `messages`.
    messages: Vec<UiMessage>,
}

/// A conversation of the caller, by what the app calls it, with all messages of its active branch.
///
/// The body ends as a good answer does (RFC 9112, section 8); one that breaks off is not whole.
#[utoipa::path(get, path = "/chat/ui/{id}", operation_id = "getUiChat", tag = "chat",
    params(("id" = String, Path, description = "What the app calls the conversation")), responses((status = 200, body = UiChat)))]
pub(crate) async fn load(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<String>,
) -> Result<Response> {
    if !is_chat(&id) {
        return Err(Error::NotFound);
    }
    let mut tx = app.db.tenant(&caller).await?;
    let session = tx.chat_of_app(&caller, &id).await?;
    drop(tx);
    let session = session.ok_or(Error::NotFound)?;
    let chat = UiChat {
        id,
        session_id: session.id,
        title: session.title,
        messages: Vec::new(),
    };
    let mut rest = Rest {
        app,
        caller,
        session: session.id,
        next: Some(None),
        is_first: true,
    };
    let chat = serde_json::to_string(&chat).map_err(anyhow::Error::from)?;
    let head = chat.strip_suffix("]}").unwrap_or(&chat).to_owned();
    let first = head + &rest.page().await?.unwrap_or_default();
    let rest = stream::try_unfold(rest, async |mut rest| {
        let page = rest.page().await.inspect_err(|e| {
            tracing::error!(
                error = told(e),
                "a conversation broke off while it was read"
            );
        })?;
        Ok(page.map(|page| (page, rest)))
    });
    let body = stream::once(async { Ok::<_, Error>(first) }).chain(rest);
    let headers = [(header::CONTENT_TYPE, "application/json")];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// The messages that are still to be read.
struct Rest {
    app: App,
    caller: Caller,
    session: Uuid,
    /// After which message to go on; none after the end.
    next: Option<Option<Uuid>>,
    is_first: bool,
}

impl Rest {
    /// The next piece of the body; none after its end.
    async fn page(&mut self) -> Result<Option<String>> {
        let Some(after) = self.next else {
            return Ok(None);
        };
        let Self { app, caller, .. } = self;
        // The client can take its time.
        let still = app.db.reread(caller, app.clock.now()).await?;
        still.ok_or_else(Error::invalid_token)?;
        let page = PageOf { after, limit: ROWS };
        let mut tx = app.db.tenant(caller).await?;
        let (messages, is_cut) = tx.messages(caller, self.session, page, false).await?;
        let has_more = is_cut || i64::try_from(messages.len()) == Ok(ROWS);
        self.next = messages.last().filter(|_| has_more).map(|m| Some(m.id));
        let mut piece = String::new();
        for message in messages.into_iter().filter_map(UiMessage::of) {
            if !std::mem::take(&mut self.is_first) {
                piece.push(',');
            }
            piece += &serde_json::to_string(&message).map_err(anyhow::Error::from)?;
        }
        if self.next.is_none() {
            piece.push_str("]}");
        }
        Ok(Some(piece))
    }
}
