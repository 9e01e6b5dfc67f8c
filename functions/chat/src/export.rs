//! `GET /chat/export`: the caller's conversations as a file, made while it is read.

use crate::export_text::{Format, end, head, message, session};
use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use db::{Caller, ChatSession, Message, PageOf};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use service::told;
use std::collections::VecDeque;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{App, Error, Own, Path, Query, Result};

/// So many rows are read at once; no transaction stays open while the client takes them.
const ROWS: i64 = 100;
/// A piece is sent when it has so many bytes.
const PIECE: usize = 64 * 1024;

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `json` for programs, which is what comes without it; `markdown` for people.
    #[param(inline)]
    format: Option<Format>,
}

/// Conversations with all that was said in them.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatExport)]
pub(crate) struct Exported {
    /// When it was made.
    exported_at: DateTime<Utc>,
    /// Newest first.
    conversations: Vec<ExportedChat>,
}

/// A conversation with all that was said in it.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedChat)]
struct ExportedChat {
    #[serde(flatten)]
    session: ChatSession,
    /// Oldest first, of every branch; `parent_id` tells how they hang together.
    messages: Vec<Message>,
}

/// All of the caller's conversations with all that was said in them, newest first, as a file: in JSON with every branch, in
/// Markdown with the active one of each.
///
/// The file ends as a good answer does (RFC 9112, section 8); one that breaks off is not whole.
#[utoipa::path(get, path = "/chat/export", operation_id = "exportChats", tag = "chat", params(ExportQuery), responses(
    (status = 200, content((Exported = "application/json"), (String = "text/markdown"))),
))]
pub(crate) async fn all(
    State(app): State<App>,
    Own(caller): Own,
    Query(asked): Query<ExportQuery>,
) -> Result<Response> {
    answer(Export::new(app, caller, asked.format, None)).await
}

/// One conversation of the caller with all that was said in it, as a file like that of all of them.
#[utoipa::path(get, path = "/chat/sessions/{id}/export", operation_id = "exportChatSession", tag = "chat", params(("id" = Uuid, Path), ExportQuery), responses(
    (status = 200, content((Exported = "application/json"), (String = "text/markdown"))),
))]
pub(crate) async fn one(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<Uuid>,
    Query(asked): Query<ExportQuery>,
) -> Result<Response> {
    let session = app
        .db
        .tenant(&caller)
        .await?
        .chat_session(&caller, id)
        .await?;
    let session = session.ok_or(Error::NotFound)?;
    answer(Export::new(app, caller, asked.format, Some(session))).await
}

/// All that one file is made from, and how far it is.
struct Export {
    app: App,
    caller: Caller,
    format: Format,
    /// Conversations that were read and not written.
    waiting: VecDeque<ChatSession>,
    /// After which one the next ones are; none when there are no more.
    next: Option<Option<Uuid>>,
    /// The conversation that is being written, and after which message it goes on.
    open: Option<(Uuid, Option<Uuid>)>,
    /// How many conversations were written.
    written: usize,
    has_ended: bool,
}

/// What fails at once is an answer of its own; later, the body ends with an error, which cuts the connection: half a file
/// must not look like a whole one.
async fn answer(mut export: Export) -> Result<Response> {
    let format = export.format;
    let mut first = head(format, export.app.clock.now());
    first.push_str(&export.piece().await?.unwrap_or_default());
    let rest = stream::try_unfold(export, async |mut export| {
        let piece = match export.still_may().await {
            Ok(()) => export.piece().await,
            Err(e) => Err(e),
        };
        let piece = piece.inspect_err(|e| {
            tracing::error!(error = told(e), "an export of conversations broke off");
        })?;
        Ok(piece.map(|piece| (piece, export)))
    });
    let whole = stream::once(async { Ok::<_, Error>(first) }).chain(rest);
    let headers = [
        (header::CONTENT_TYPE, format.media_type()),
        (header::CONTENT_DISPOSITION, format.disposition()),
    ];
    Ok((headers, Body::from_stream(whole)).into_response())
}

impl Export {
    /// Of one conversation, or of all.
    fn new(app: App, caller: Caller, format: Option<Format>, one: Option<ChatSession>) -> Self {
        Self {
            app,
            caller,
            format: format.unwrap_or(Format::Json),
            next: one.is_none().then_some(None),
            waiting: one.into_iter().collect(),
            open: None,
            written: 0,
            has_ended: false,
        }
    }

    /// Whether the client may still have what follows: it can take its time.
    async fn still_may(&self) -> Result<()> {
        let caller = self
            .app
            .db
            .reread(&self.caller, self.app.clock.now())
            .await?;
        caller.map(drop).ok_or_else(Error::invalid_token)
    }

    /// The next piece of the file; none after its end.
    async fn piece(&mut self) -> Result<Option<String>> {
        let mut piece = String::new();
        while piece.len() < PIECE && !self.has_ended {
            self.write(&mut piece).await?;
        }
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }

    /// Writes a little more, if there is more.
    async fn write(&mut self, to: &mut String) -> Result<()> {
        if let Some((id, after)) = self.open {
            let after = self.messages(id, after, to).await?;
            self.open = after.map(|after| (id, Some(after)));
        } else if let Some(next) = self.waiting.pop_front() {
            to.push_str(&session(self.format, &next, self.written == 0)?);
            self.written += 1;
            self.open = Some((next.id, None));
        } else if let Some(after) = self.next {
            let page = PageOf { after, limit: ROWS };
            let mut tx = self.app.db.tenant(&self.caller).await?;
            let more = tx.own_chat_sessions(&self.caller, page).await?;
            self.next = more.last().map(|last| Some(last.id));
            self.waiting = more.into();
        } else {
            to.push_str(end(self.format));
            self.has_ended = true;
        }
        Ok(())
    }

    /// Writes the messages that follow; after which one it goes on, if there are more.
    async fn messages(
        &self,
        id: Uuid,
        after: Option<Uuid>,
        to: &mut String,
    ) -> Result<Option<Uuid>> {
        let page = PageOf { after, limit: ROWS };
        // Programs can tell branches apart; people read the one that they see.
        let all = self.format == Format::Json;
        let mut tx = self.app.db.tenant(&self.caller).await?;
        let (messages, is_cut) = tx.messages(&self.caller, id, page, all).await?;
        for (nth, one) in messages.iter().enumerate() {
            to.push_str(&message(self.format, one, after.is_none() && nth == 0)?);
        }
        let more = is_cut || i64::try_from(messages.len()) == Ok(ROWS);
        let last = messages.last().filter(|_| more).map(|last| last.id);
        if last.is_none() {
            to.push_str(self.format.end_of_chat());
        }
        Ok(last)
    }
}
