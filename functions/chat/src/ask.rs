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
use serde_json::{Map, Value, json};
use service::beginning;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{App, Error, Json, Own, Result, Stop};

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChatRequest)]
pub(crate) struct Ask {
    /// The question; not only blanks.
    #[schema(min_length = 1, example = "How long does a refund take?")]
    message: String,
    /// The conversation it continues; absent, it starts one.
    session_id: Option<Uuid>,
    /// Whether to stream the answer; `Accept: text/event-stream` says the same.
    stream: Option<bool>,
    /// Whatever the client wants to find beside its question again; an object, of at most 4 KiB as it is stored.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// A question's answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatAnswer)]
pub(crate) struct Answer {
    /// The conversation; send it with the next question.
    session_id: Uuid,
    /// The answer's message.
    message_id: Uuid,
    /// The question's message.
    user_message_id: Uuid,
    /// The answer.
    #[schema(example = "A refund takes 14 days.")]
    answer: String,
    /// What it was given to draw on.
    sources: Vec<Source>,
    /// The model that wrote it.
    #[schema(example = "local-extractive")]
    model: String,
    /// What it cost.
    usage: Usage,
    /// `stop`, `length`, `content_filter` or `other`.
    #[schema(example = "stop")]
    finish_reason: &'static str,
    /// What became of it.
    #[schema(value_type = MessageStatus, example = "complete")]
    status: MessageStatus,
}

/// Asks. The question and the answer's row are stored before the model is asked, and the answer is made and
/// stored even if the client leaves.
///
/// Streamed, the events are `start`, then perhaps `sources`, then `delta`s, and at the end exactly one of
/// `done` and `error`; a stream that ends without either was cut off. Lines that begin with a colon keep the connection
/// alive. The data of each event is one line of JSON:
///
/// ```text
/// id: 0
/// event: start
/// data: {"session_id":"0193d0f2-7c1e-7d6b-9a55-3f0e6c1b2a4d","message_id":"0193d0f2-7c20-7b11-8f3d-5b7f0c9e1d22","user_message_id":"0193d0f2-7c1f-7e02-a1c4-0d9b8e7f6a55","model":"gpt-4o-mini"}
///
/// id: 1
/// event: sources
/// data: {"sources":[{"document_id":"0193d0ea-11aa-7c3e-b0de-9a8b7c6d5e4f","title":"Refunds","chunk_id":"0193d0ea-11ab-7d10-8c2f-1a2b3c4d5e6f","score":0.82,"snippet":"Refunds take 14 days."}]}
///
/// id: 2
/// event: delta
/// data: {"text":"A refund takes"}
///
/// id: 3
/// event: delta
/// data: {"text":" 14 days."}
///
/// id: 4
/// event: done
/// data: {"message_id":"0193d0f2-7c20-7b11-8f3d-5b7f0c9e1d22","finish_reason":"stop","status":"complete","usage":{"prompt_tokens":231,"completion_tokens":9,"exact":true}}
/// ```
#[utoipa::path(post, path = "/chat", operation_id = "askChat", tag = "chat", request_body = Ask, responses(
    (status = 200, content((Answer = "application/json"), (Event = "text/event-stream"))),
    (status = 404, description = "`not_found`: you have no such conversation."),
    (status = 502, description = "`provider_unreachable` and the like: the model's provider failed."),
    (status = 503, description = "`provider_rate_limited`, `provider_key_unavailable`, `server_shutdown` or `unavailable`."),
    (status = 504, description = "`provider_timeout`: the model's provider did not answer in time."),
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
    let metadata = asked.metadata.map_or_else(|| json!({}), Value::from);
    if stored_size(&metadata) > MAX_METADATA {
        let message = "must be at most 4 KiB, with its numbers written out";
        return Err(Error::field("metadata", message));
    }
    let streamed = asked.stream.unwrap_or_default() || accepts_events(&headers);
    let answering = app.answering(&caller).await?;

    let new = NewTurn {
        session_id: asked.session_id,
        title: &title(&asked.message),
        question: &asked.message,
        metadata: &metadata,
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

/// In bytes: it is sent with every page of a conversation.
const MAX_METADATA: usize = 4096;

/// How many bytes the database makes of a value: it writes out every digit of a number, 309 for `1e308`.
fn stored_size(value: &Value) -> usize {
    let member = |(name, value): (&String, &Value)| name.len() + 4 + stored_size(value);
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(n) => n.as_f64().map_or(0, |n| n.to_string().len()),
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|v| 2 + stored_size(v)).sum::<usize>(),
        Value::Object(members) => 2 + members.iter().map(member).sum::<usize>(),
    }
}

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
