//! What the provider answers, made before it is asked.

use super::{DIMENSIONS, TOKENS};
use axum::body::Bytes;
use serde_json::{Value, json};
use std::{
    sync::{Mutex, atomic::AtomicUsize},
    time::Duration,
};
use tokio::sync::watch;

pub(super) struct Prepared {
    /// One embedding as JSON.
    pub(super) vector: String,
    /// What a query finds: the first vectors that were stored.
    pub(super) matches: Mutex<Vec<Value>>,
    pub(super) whole: Bytes,
    pub(super) tokens: Vec<Bytes>,
    pub(super) end: Bytes,
    /// Between two tokens of a paced answer.
    pub(super) pace: Duration,
    /// Between two tokens of a held answer.
    pub(super) held_pace: Duration,
    pub(super) held: watch::Sender<bool>,
    /// How many held answers have begun.
    pub(super) begun: AtomicUsize,
}

impl Prepared {
    pub(super) fn new(pace: Duration, held_pace: Duration) -> Self {
        let whole = json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
            "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": { "role": "assistant", "content": "word ".repeat(TOKENS) }
            }],
            "usage": { "prompt_tokens": 500, "completion_tokens": TOKENS, "total_tokens": 500 + TOKENS }
        });
        let stop = chunk(&json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]));
        let usage = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini", "choices": [],
            "usage": { "prompt_tokens": 500, "completion_tokens": TOKENS, "total_tokens": 500 + TOKENS }
        });
        let token = |n| {
            let delta = json!({ "content": format!("word{n} ") });
            chunk(&json!([{ "index": 0, "delta": delta, "finish_reason": null }])).into()
        };
        Self {
            vector: json!(vector()).to_string(),
            matches: Mutex::default(),
            whole: whole.to_string().into(),
            tokens: (0..TOKENS).map(token).collect(),
            end: format!("{stop}data: {usage}\n\ndata: [DONE]\n\n").into(),
            pace,
            held_pace,
            held: watch::Sender::new(false),
            begun: AtomicUsize::new(0),
        }
    }
}

/// An embedding, with as many digits as real ones have.
pub fn vector() -> Vec<f32> {
    let numbers = (1_u16..=DIMENSIONS).map(|n| f32::from(n).sin() * 0.036_084_4);
    numbers.collect()
}

fn chunk(choices: &Value) -> String {
    let chunk = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini", "choices": choices
    });
    format!("data: {chunk}\n\n")
}
