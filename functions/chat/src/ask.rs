//! `POST /chat`: a question, and its answer.

use crate::{
    answer::{Answerer, start},
    event::{Done, Event, Start},
    sse,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use db::{MessageStatus, NewTurn, Source, Usage};
use serde::{Deserialize, Serialize};
use service::beginning;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Own, Result, Stop};

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// The question.
    message: String,
    /// The conversation it continues; absent, it starts one.
    session_id: Option<Uuid>,
    /// Whether to stream the answer; `Accept: text/event-stream` says the same.
    #[serde(default)]
    stream: bool,
    /// Whatever the client wants to find beside its question again; an object.
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: serde_json::Map<String, serde_json::Value>,
}

/// A question's answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Answer {
    session_id: Uuid,
    /// The answer's message.
    message_id: Uuid,
    /// The question's message.
    user_message_id: Uuid,
    /// The answer.
    answer: String,
    /// What it was given to draw on.
    sources: Vec<Source>,
    /// The model that wrote it.
    model: String,
    usage: Usage,
    /// `stop`, `length`, `content_filter` or `other`.
    finish_reason: &'static str,
    status: MessageStatus,
}

/// Asks. The question and the answer's row are stored before the model is asked, and the answer is made and
/// stored even if the client leaves.
///
/// Streamed, the events are `start`, then perhaps `sources`, then `delta`s, and at the end exactly one of
/// `done` and `error`; a stream that ends without either was cut off.
#[utoipa::path(post, path = "/chat", tag = "chat", request_body = Ask, responses(
    (status = 200, content((Answer = "application/json"), (String = "text/event-stream"))),
    (status = 401), (status = 404, description = "No such conversation"), (status = 422),
    (status = 502, description = "The model's provider failed"),
    (status = 503, description = "`provider_key_unavailable`, or the database is away"),
    (status = 504, description = "`provider_timeout`"),
))]
pub(crate) async fn ask(
    State(app): State<App>,
    Own(caller): Own,
    stop: Stop,
    headers: HeaderMap,
    Json(asked): Json<Ask>,
) -> Result<Response> {
    if asked.message.trim().is_empty() {
        return Err(Error::field("message", "must not be empty"));
    }
    let streamed = asked.stream || accepts_events(&headers);
    let answering = app.answering(&caller).await?;

    let new = NewTurn {
        session_id: asked.session_id,
        title: &title(&asked.message),
        question: &asked.message,
        metadata: &asked.metadata.into(),
        provider: answering.provider.name(),
        model: &answering.options.model,
    };
    let turn = app.db.begin_turn(&caller, &new).await;
    // Whoever was deleted a moment ago may still be taken for a caller.
    let turn = turn.map_err(|e| match e.is_constraint(NO_SUCH_USER) {
        true => Error::invalid_token(),
        false => e.into(),
    });
    let turn = turn?.ok_or(Error::NotFound)?;

    let question = asked.message;
    let events = start(Answerer {
        app,
        caller,
        turn,
        question,
        answering,
        stop,
        streamed,
    });
    if streamed {
        return Ok(sse::stream(events));
    }
    collect(events)
        .await
        .map(|answer| Json(answer).into_response())
}

const NO_SUCH_USER: &str = "chat_sessions_tenant_id_user_id_fkey";

fn accepts_events(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accept.is_some_and(|a| {
        a.split(',')
            .any(|m| m.trim().starts_with("text/event-stream"))
    })
}

/// The beginning of the question, on one line.
fn title(question: &str) -> String {
    let line = question.split_whitespace().collect::<Vec<_>>().join(" ");
    beginning(&line, 80).to_owned()
}

/// The whole answer at once.
async fn collect(mut events: mpsc::Receiver<Event>) -> Result<Answer> {
    let (mut begun, mut answer, mut sources) = (None, String::new(), Vec::new());
    while let Some(event) = events.recv().await {
        match event {
            Event::Start(start) => begun = Some(start),
            Event::Sources(found) => sources = found.sources,
            Event::Delta(delta) => answer.push_str(&delta.text),
            Event::Error(failure) => return Err(failure.cause),
            Event::Done(done) => {
                let start = begun.ok_or_else(cut_off)?;
                return Ok(whole(start, done, answer, sources));
            }
        }
    }
    Err(cut_off())
}

fn cut_off() -> Error {
    anyhow::anyhow!("an answer ended without its last event").into()
}

fn whole(start: Start, done: Done, answer: String, sources: Vec<Source>) -> Answer {
    Answer {
        session_id: start.session_id,
        message_id: start.message_id,
        user_message_id: start.user_message_id,
        answer,
        sources,
        model: start.model,
        usage: done.usage,
        finish_reason: done.finish_reason,
        status: done.status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_short_and_on_one_line() {
        assert_eq!(title("  How\n long? "), "How long?");
        assert_eq!(title(&"ä".repeat(100)).chars().count(), 80);
    }

    #[test]
    fn a_stream_is_asked_for_by_media_type() {
        let accept = |value: &str| {
            accepts_events(&HeaderMap::from_iter([(
                header::ACCEPT,
                value.parse().unwrap(),
            )]))
        };
        assert!(accept("text/event-stream"));
        assert!(accept("application/json, text/event-stream;q=0.9"));
        assert!(!accept("*/*"));
    }
}
