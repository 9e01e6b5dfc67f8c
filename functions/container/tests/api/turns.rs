//! A turn from its beginning to its true end: stopped, resumed, repeated, branched, and never told otherwise than stored.

mod branching;
pub(crate) mod checker;
mod crowd;
mod cuts;
mod large;
mod leaving;
mod living;
mod outputs;
pub(crate) mod programs;
mod repeating;
mod resuming;
mod stopping;
mod vanishing;

use crate::kit::{Kit, Person, http::Events, http::Served, http::streamed, provider::Provider};
use axum::http::{Request, Response};
use hyper::body::Incoming;
use serde_json::{Value, json};
use uuid::Uuid;

/// A service that asks the provider on the deployment's key.
async fn kit(provider: &Provider) -> Kit {
    provider.kit([("OPENAI_API_KEY", "sk-deployment")]).await
}

/// Another process on the same database. It listens to nobody.
async fn twin(kit: &Kit, provider: &Provider) -> Kit {
    let key = ("OPENAI_API_KEY".to_owned(), "sk-deployment".to_owned());
    let vars = provider.vars().into_iter().chain([key]);
    Kit::on(kit.database.clone(), vars).await
}

/// A streamed answer of which the first piece has come.
struct Begun {
    events: Events,
    message: Uuid,
    session: Uuid,
}

async fn begin(served: &Served, provider: &Provider, token: &str, pieces: &[&str]) -> Begun {
    provider.hold(pieces);
    provider.let_go(1);
    let mut events = Events::new(served.send(streamed(token, "Hello?")).await);
    let start = events.one().await;
    let first = events.one().await;
    assert_eq!(first.data["text"], pieces[0]);
    Begun {
        events,
        message: start.uuid("message_id"),
        session: start.uuid("session_id"),
    }
}

/// `GET /chat/messages/{id}/stream`, from a position if one is given.
pub(crate) async fn resume(
    served: &Served,
    token: &str,
    message: Uuid,
    from: Option<&str>,
) -> Response<Incoming> {
    let path = format!("/chat/messages/{message}/stream");
    let mut request = crate::kit::request(token, "GET", &path);
    if let Some(from) = from {
        request = request.header("last-event-id", from);
    }
    let request: Request<_> = request.body(axum::body::Body::empty()).unwrap();
    served.send(request).await
}

/// Asks, and expects an answer.
async fn ask(kit: &Kit, who: Person, body: Value) -> Value {
    let answer = kit.post(&kit.token(who).await, "/chat", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

/// Role and content of the messages that the last chat completion was asked with.
fn asked_last(provider: &Provider) -> Vec<(String, String)> {
    let asked = provider.chats().pop().expect("something was asked");
    let messages = asked.body["messages"].as_array().cloned();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = messages.unwrap_or_default();
    messages
        .iter()
        .map(|m| (text(&m["role"]), text(&m["content"])))
        .collect()
}

/// Stops an answer, and expects that it can be.
async fn stop(kit: &Kit, token: &str, message: Uuid) -> Value {
    let path = format!("/chat/messages/{message}/stop");
    let stopped = kit.post(token, &path, json!(null)).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    stopped.json
}
