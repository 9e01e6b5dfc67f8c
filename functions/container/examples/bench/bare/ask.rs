//! The turn.

use super::{
    Failure, Shared,
    database::{End, Passage, Turn},
};
use crate::seed::PROMPT;
use anyhow::{Context, Result};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::HashSet, convert::Infallible};
use tokio::sync::mpsc;

/// How many events may wait for the reader.
const WAITING: usize = 64;
/// As many passages as a tenant has that chose nothing.
const PASSAGES: usize = 5;

#[derive(Deserialize)]
pub(super) struct Ask {
    message: String,
    #[serde(default)]
    stream: bool,
}

pub(super) async fn ask(
    State(bare): State<Shared>,
    Json(asked): Json<Ask>,
) -> Result<Response, Failure> {
    let turn = bare.database.begin(&asked.message).await?;
    if !asked.stream {
        return Ok(Json(whole(&bare, &asked.message, turn).await?).into_response());
    }
    let (events, reader) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        if let Err(e) = streamed(&bare, &asked.message, turn, &events).await {
            let failed = event("error", &json!(format!("{e:#}")));
            drop(events.send(failed).await);
        }
    });
    let body = stream::unfold(reader, |mut reader| async {
        let event = reader.recv().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let body = Body::from_stream(body);
    Ok(([(CONTENT_TYPE, "text/event-stream")], body).into_response())
}

async fn whole(bare: &Shared, question: &str, turn: Turn) -> Result<Value> {
    let passages = passages(bare, question).await?;
    let answer = bare
        .provider
        .answer(&messages(question, &turn, &passages))
        .await?;
    let text = answer["choices"][0]["message"]["content"]
        .as_str()
        .context("no answer")?;
    end(bare, &turn, text, &answer["usage"], &passages).await?;
    Ok(json!({
        "session_id": turn.session, "message_id": turn.answer, "user_message_id": turn.question,
        "answer": text, "sources": passages, "model": "gpt-4o-mini", "usage": answer["usage"],
        "finish_reason": "stop", "status": "complete"
    }))
}

async fn streamed(
    bare: &Shared,
    question: &str,
    turn: Turn,
    events: &mpsc::Sender<Bytes>,
) -> Result<()> {
    let start = json!({
        "session_id": turn.session, "message_id": turn.answer, "user_message_id": turn.question
    });
    events.send(event("start", &start)).await?;
    let passages = passages(bare, question).await?;
    let sources = json!({ "sources": passages });
    events.send(event("sources", &sources)).await?;
    let mut answer = bare
        .provider
        .stream(&messages(question, &turn, &passages))
        .await?;
    let (mut text, mut usage, mut rest) = (String::new(), Value::Null, String::new());
    while let Some(frame) = answer.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        rest.push_str(std::str::from_utf8(&data)?);
        while let Some((line, after)) = rest.split_once("\n\n") {
            if let Ok(chunk) = serde_json::from_str::<Value>(line.trim_start_matches("data: ")) {
                if let Some(token) = chunk["choices"][0]["delta"]["content"].as_str() {
                    text.push_str(token);
                    let delta = event("delta", &json!({ "text": token }));
                    events.send(delta).await?;
                }
                if chunk["usage"].is_object() {
                    usage = chunk["usage"].clone();
                }
            }
            rest = after.to_owned();
        }
    }
    end(bare, &turn, &text, &usage, &passages).await?;
    events.send(event("done", &usage)).await?;
    Ok(())
}

/// Full text beside the index; then those that only the index found.
async fn passages(bare: &Shared, question: &str) -> Result<Vec<Passage>> {
    let (found, near) = tokio::try_join!(
        bare.database.by_text(question),
        bare.provider.near(question)
    )?;
    let known: HashSet<_> = found.iter().map(|passage| passage.chunk_id).collect();
    let missing: Vec<_> = near.into_iter().filter(|id| !known.contains(id)).collect();
    let mut passages = found;
    if !missing.is_empty() {
        let more = bare.database.by_id(&missing).await?;
        // As where two lists are merged by rank: the better half of each.
        passages.truncate(PASSAGES.saturating_sub(more.len()).max(PASSAGES / 2));
        passages.extend(more);
    }
    passages.truncate(PASSAGES);
    Ok(passages)
}

fn messages(question: &str, turn: &Turn, passages: &[Passage]) -> Value {
    let lines = passages.iter().map(|passage| {
        let line = json!({ "title": passage.title, "text": passage.text });
        format!("{line}\n")
    });
    let content = format!(
        "Passages:\n{}\n\nQuestion:\n{question}",
        lines.collect::<String>()
    );
    let mut messages = vec![json!({ "role": "system", "content": PROMPT })];
    messages.extend(turn.history.as_array().into_iter().flatten().cloned());
    messages.push(json!({ "role": "user", "content": content }));
    messages.into()
}

async fn end(
    bare: &Shared,
    turn: &Turn,
    content: &str,
    usage: &Value,
    sources: &[Passage],
) -> Result<()> {
    let tokens = |name: &str| usage[name].as_i64().and_then(|n| i32::try_from(n).ok());
    let end = End {
        content,
        prompt_tokens: tokens("prompt_tokens").unwrap_or_default(),
        completion_tokens: tokens("completion_tokens").unwrap_or_default(),
        sources,
    };
    bare.database.end(turn.answer, &end).await
}

fn event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
