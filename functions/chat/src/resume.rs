//! `GET /chat/messages/{id}/stream`: an answer from where its reader was cut off.

use crate::{
    ending::Broken,
    event::{Event, Events, Failure},
    live::Live,
    row::Rows,
    sse,
};
use axum::{extract::State, http::HeaderMap, response::Response};
use db::{Caller, Details, MessageStatus};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{App, Error, Path, Query, Result, Stop};

/// How to continue.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Resume {
    /// Whether to tell what the model thought before it answered, if that was asked for with the question.
    #[param(default = false)]
    reasoning: Option<bool>,
}

/// Continues the stream of an answer, whichever process makes it or has made it: the events of `POST /chat`, with the text
/// that follows the position in `Last-Event-ID`; without one, all of it. `start` and `sources` come again. A browser's
/// `EventSource` sends that header by itself, but no access token: use `fetch`.
#[utoipa::path(get, path = "/chat/messages/{id}/stream", operation_id = "resumeChatMessage", tag = "chat",
    params(
        ("id" = Uuid, Path),
        Resume,
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that came: how many bytes \
            of the answer's text there were by then."),
    ),
    responses((status = 200, body = Event, content_type = "text/event-stream"))
)]
pub(crate) async fn resume(
    State(app): State<App>,
    caller: Caller,
    stop: Stop,
    Path(id): Path<Uuid>,
    Query(asked): Query<Resume>,
    headers: HeaderMap,
) -> Result<Response> {
    let from = position(&headers)?;
    let reasoning = asked.reasoning.unwrap_or_default();
    let events = follow(&app, &caller, stop, id, reasoning, from).await?;
    Ok(sse::stream(events, sse::event))
}

/// The events of an answer of the caller from a position in its text on: as they are made if that is here, else from its
/// row. They end with the login behind them, and with the process.
///
/// # Errors
/// 404 if the caller has no such answer; 422 if the position is not one of its text.
pub(crate) async fn follow(
    app: &App,
    caller: &Caller,
    stop: Stop,
    id: Uuid,
    reasoning: bool,
    from: usize,
) -> Result<Events> {
    let events = all(app, caller, id, reasoning, from).await?;
    Ok(while_good(events, app.clone(), caller.clone(), stop))
}

async fn all(app: &App, caller: &Caller, id: Uuid, reasoning: bool, from: usize) -> Result<Events> {
    if let Some(answer) = app.answers.of_caller(caller, id) {
        if !answer.draft().text.is_char_boundary(from) {
            return Err(no_position());
        }
        let request_id = Arc::clone(&caller.asked().request_id);
        return Ok(Live::new(answer.reader(), request_id, reasoning, from).events());
    }
    let details = Details {
        sources: true,
        reasoning,
    };
    let row = app.db.read_answer(caller, id, from, details).await?;
    let row = row.ok_or(Error::NotFound)?;
    // Of one that is made elsewhere, or whose process died, a reader may have more than the row.
    let may_have_more = row.status == MessageStatus::Streaming
        || row.error_code.as_deref() == Some("answer_interrupted");
    let is_beyond = from > row.size && !may_have_more;
    // The first byte of a character is none of those that follow it (RFC 3629).
    let in_character = row.rest.first().is_some_and(|byte| byte & 0xC0 == 0x80);
    if is_beyond || in_character {
        return Err(no_position());
    }
    Ok(Rows::new(app.clone(), caller.clone(), id, reasoning, from, row).events())
}

fn position(headers: &HeaderMap) -> Result<usize> {
    let Some(id) = headers.get("last-event-id") else {
        return Ok(0);
    };
    let digits = |text: &&str| text.bytes().all(|b| b.is_ascii_digit());
    let id = id.to_str().ok().map(str::trim).filter(digits);
    match id {
        Some("") => Ok(0),
        id => id.and_then(|id| id.parse().ok()).ok_or_else(no_position),
    }
}

/// What a position in an answer's text is told that is none.
pub(crate) fn no_position() -> Error {
    Error::field(
        "Last-Event-ID",
        "is not the id of an event of this answer; leave it out to read the answer from its beginning",
    )
}

/// Ends the events when the login behind them does, or the process.
fn while_good(events: Events, app: App, caller: Caller, stop: Stop) -> Events {
    let request_id = Arc::clone(&caller.asked().request_id);
    let over = Box::pin(async move {
        tokio::select! {
            () = stop.requested() => Broken::shut_down(),
            () = app.db.revoked(&caller, || app.clock.now()) => Broken::revoked(),
        }
    });
    let state = Some((events, over, 0));
    stream::unfold(state, move |state| {
        let request_id = Arc::clone(&request_id);
        async move {
            let (mut events, mut over, at) = state?;
            tokio::select! {
                event = events.next() => {
                    let (at, event) = event?;
                    Some(((at, event), Some((events, over, at))))
                }
                broken = &mut over => {
                    let failure = Failure::new(broken.cause.into(), &request_id);
                    Some(((at, Event::Error(failure)), None))
                }
            }
        }
    })
    .boxed()
}
