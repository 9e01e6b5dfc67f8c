//! `/chat/ui/{id}/stream` and `/stop`: the answer that is being made in a conversation.

use super::{
    chunk::{UiChunk, stream},
    is_chat,
};
use crate::{message::until_ended, resume::follow};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{App, Error, Own, Path, Query, Result, Stop};

/// How to follow. Whatever else the address says is the app's.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UiResume {
    /// Whether to tell what the model thinks before it answers, if that was asked for with the question.
    #[param(default = false)]
    reasoning: Option<bool>,
}

/// The answer that is being made in a conversation, from its beginning, as `POST /chat/ui` streams it: what `useChat` asks for
/// with `resume: true`. 204 where nothing is being made, and of a conversation that is not the caller's. Any process can tell it.
#[utoipa::path(get, path = "/chat/ui/{id}/stream", operation_id = "resumeUiChat", tag = "chat",
    params(("id" = String, Path, description = "What the app calls the conversation"), UiResume), responses(
    (status = 200, body = UiChunk, content_type = "text/event-stream", headers(("x-vercel-ai-ui-message-stream", description = "`v1`"))),
    (status = 204, description = "Nothing is being made."),
))]
pub(crate) async fn resume(
    State(app): State<App>,
    Own(caller): Own,
    stop: Stop,
    Path(id): Path<String>,
    Query(asked): Query<UiResume>,
) -> Result<Response> {
    let running = match is_chat(&id) {
        true => app.db.running_answers(&caller, &id).await?,
        false => Vec::new(),
    };
    let Some(newest) = running.first() else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let reasoning = asked.reasoning.unwrap_or_default();
    match follow(&app, &caller, stop, *newest, reasoning, 0).await {
        Ok(events) => Ok(stream(events)),
        // It was deleted a moment ago.
        Err(Error::NotFound) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(e) => Err(e),
    }
}

/// Ends the answer that is being made in a conversation, wherever that is, and keeps what there is of it. 204 also where there
/// is none, and of a conversation that is not the caller's. `stop()` of `useChat` only stops to read.
#[utoipa::path(post, path = "/chat/ui/{id}/stop", operation_id = "stopUiChat", tag = "chat",
    params(("id" = String, Path, description = "What the app calls the conversation")), responses((status = 204)))]
pub(crate) async fn stop(
    State(app): State<App>,
    Own(caller): Own,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    let running = match is_chat(&id) {
        true => app.db.running_answers(&caller, &id).await?,
        false => Vec::new(),
    };
    for answer in &running {
        app.db.stop_answer(&caller, *answer).await?;
        app.answers.stop(*answer);
    }
    for answer in running {
        until_ended(&app, &caller, answer).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
