//! `/chat/ui`, as the AI SDK's `useChat` uses it.

mod bad;
mod branches;
mod clients;
mod history;
mod names;
mod refusals;
mod running;
mod stream;

use crate::kit::{
    Answer, Kit, database::Database, http::Served, provider::Provider, request, wait::wait_for,
};
use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

/// A service that asks the provider on the deployment's key.
async fn kit(provider: &Provider) -> Kit {
    provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await
}

/// Another process on the same database.
async fn twin(database: &Database, provider: &Provider) -> Kit {
    let key = ("OPENAI_API_KEY".to_owned(), "sk-deployment".to_owned());
    Kit::on(database.clone(), provider.vars().into_iter().chain([key])).await
}

/// A message of the user.
fn user(id: &str, text: &str) -> Value {
    json!({ "id": id, "role": "user", "parts": [{ "type": "text", "text": text }] })
}

/// What a client sends for its last message.
fn submit(chat: &str, id: &str, text: &str) -> Value {
    json!({ "id": chat, "messages": [user(id, text)], "trigger": "submit-message" })
}

/// The parts of a stream, which must end with `[DONE]` and nothing after it.
fn parts(text: &str) -> Vec<Value> {
    let mut blocks: Vec<&str> = text.split_terminator("\n\n").collect();
    assert_eq!(blocks.pop(), Some("data: [DONE]"), "{text}");
    let part = |block: &str| {
        let data = block
            .strip_prefix("data: ")
            .unwrap_or_else(|| panic!("{text}"));
        serde_json::from_str(data).unwrap_or_else(|e| panic!("{e}: {data}"))
    };
    blocks.into_iter().map(part).collect()
}

/// The types of parts, with deltas as one.
fn types(parts: &[Value]) -> Vec<&str> {
    let mut types: Vec<&str> = parts.iter().filter_map(|p| p["type"].as_str()).collect();
    types.dedup();
    types
}

/// All text of the answer.
fn text_of(parts: &[Value]) -> String {
    let deltas = parts.iter().filter(|p| p["type"] == "text-delta");
    deltas.filter_map(|p| p["delta"].as_str()).collect()
}

/// Asks, and expects a whole answer.
async fn ask(kit: &Kit, token: &str, body: Value) -> Vec<Value> {
    let answer = kit.post(token, "/chat/ui", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let parts = parts(&answer.text);
    assert_eq!(parts.last().unwrap()["type"], "finish", "{}", answer.text);
    parts
}

/// The conversation as a client loads it.
async fn load(kit: &Kit, token: &str, chat: &str) -> Value {
    let loaded = kit.get(token, &format!("/chat/ui/{chat}")).await;
    assert_eq!(loaded.status, 200, "{}", loaded.text);
    loaded.json
}

/// Role, id and text of its messages; of an answer no id.
async fn said(kit: &Kit, token: &str, chat: &str) -> Vec<(String, String)> {
    let loaded = load(kit, token, chat).await;
    let text = |message: &Value| {
        let parts = message["parts"].as_array().unwrap().iter();
        let texts = parts.filter(|p| p["type"] == "text");
        let texts = texts.filter_map(|p| p["text"].as_str());
        texts.collect::<String>()
    };
    let messages = loaded["messages"].as_array().unwrap().iter();
    let id = |message: &Value| match message["role"].as_str() {
        Some("user") => message["id"].as_str().unwrap().to_owned(),
        _ => "assistant".to_owned(),
    };
    messages.map(|m| (id(m), text(m))).collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(id, text): &(&str, &str)| (id.to_owned(), text.to_owned());
    all.iter().map(owned).collect()
}

/// A stream that is read as it comes.
struct Reading {
    body: Incoming,
    text: String,
}

impl Reading {
    async fn begin(served: &Served, token: &str, body: &Value) -> Self {
        let request = request(token, "POST", "/chat/ui").header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).unwrap();
        Self::of(served, request).await
    }

    async fn resume(served: &Served, token: &str, chat: &str) -> Self {
        let path = format!("/chat/ui/{chat}/stream");
        let request = request(token, "GET", &path).body(Body::empty()).unwrap();
        Self::of(served, request).await
    }

    async fn of(served: &Served, request: hyper::Request<Body>) -> Self {
        let response = served.send(request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-vercel-ai-ui-message-stream"], "v1");
        Self {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// Reads on until the stream holds `what`.
    async fn until(&mut self, what: &str) {
        while !self.text.contains(what) {
            let more = wait_for(format!("{what} in a stream"), self.body.frame()).await;
            let more = more.unwrap_or_else(|| panic!("{what} is not in {}", self.text));
            let more = more.expect("the stream goes on").into_data();
            self.text += std::str::from_utf8(&more.unwrap_or_default()).unwrap();
        }
    }

    /// Reads to the end.
    async fn all(mut self) -> Vec<Value> {
        while let Some(more) = wait_for("the rest of a stream", self.body.frame()).await {
            let more = more.expect("the stream goes on").into_data();
            self.text += std::str::from_utf8(&more.unwrap_or_default()).unwrap();
        }
        parts(&self.text)
    }
}

/// Asserts that nothing runs in a chat.
async fn assert_idle(kit: &Kit, token: &str, chat: &str) {
    let idle = kit.get(token, &format!("/chat/ui/{chat}/stream")).await;
    assert_eq!((idle.status.as_u16(), &*idle.text), (204, ""));
}

async fn stop(kit: &Kit, token: &str, chat: &str) -> Answer {
    let path = format!("/chat/ui/{chat}/stop");
    let stopped = kit.post(token, &path, json!({})).await;
    assert_eq!(stopped.status, 204, "{}", stopped.text);
    stopped
}
