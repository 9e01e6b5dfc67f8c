//! The scripted provider.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ai::{Client, Endpoints, Models, Preset, Timeouts};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, stream};
use serde_json::Value;

/// One request that the provider got.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    /// Null if there was none.
    pub body: Value,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The last message of a chat request.
    pub fn question(&self) -> &str {
        let messages = self.body["messages"].as_array().unwrap();
        messages.last().unwrap()["content"].as_str().unwrap()
    }
}

pub struct Server {
    origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts a provider that answers with `script`, or never if it gives `None`.
    pub async fn start(script: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, log) = (Arc::new(script), Arc::clone(&seen));
        let router = Router::new().fallback(move |request: Request| {
            let (script, log) = (Arc::clone(&script), Arc::clone(&log));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                let seen = Seen {
                    method: parts.method.to_string(),
                    path: parts.uri.to_string(),
                    headers: parts.headers,
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                };
                let response = script(&seen);
                log.lock().unwrap().push(seen);
                match response {
                    Some(response) => response,
                    None => std::future::pending().await,
                }
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Server { origin, seen }
    }

    /// Starts a provider that gives these answers in turn, and the last of them to all further requests.
    pub async fn in_turn(answers: Vec<Box<dyn Fn() -> Response + Send + Sync>>) -> Self {
        let next = AtomicUsize::new(0);
        Server::start(move |_| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            Some(answers[at.min(answers.len() - 1)]())
        })
        .await
    }

    /// Starts a provider that gives every request the same answer, made anew by `answer`.
    pub async fn always(answer: impl Fn() -> Response + Send + Sync + 'static) -> Self {
        Server::start(move |_| Some(answer())).await
    }

    pub fn client(&self) -> Client {
        self.client_with(Timeouts {
            backoff: Duration::from_millis(1),
            ..Timeouts::default()
        })
    }

    /// A client whose three endpoints are different paths of this server.
    pub fn client_with(&self, timeouts: Timeouts) -> Client {
        Client::new(self.endpoints(), Models::new(None).unwrap(), timeouts).unwrap()
    }

    /// A client with an endpoint of this kind, besides.
    pub fn client_of(&self, name: &str, preset: Preset) -> Client {
        let mut endpoints = self.endpoints();
        let base = format!("{}/{name}/v1", self.origin);
        let endpoint = preset.at(&base, name, "usual").unwrap();
        endpoints.chat.insert(name.to_owned(), endpoint);
        Client::new(endpoints, Models::new(None).unwrap(), Timeouts::default()).unwrap()
    }

    fn endpoints(&self) -> Endpoints {
        let at = |path| format!("{}/{path}", self.origin);
        Endpoints::new(&at("openai/v1"), &at("deepseek"), &at("pinecone/")).unwrap()
    }

    /// A client that knows these models besides.
    pub fn client_knowing(&self, models: Value) -> Client {
        let models = serde_json::json!({ "models": models }).to_string();
        let endpoints = self.endpoints();
        Client::new(
            endpoints,
            Models::new(Some(&models)).unwrap(),
            Timeouts::default(),
        )
        .unwrap()
    }

    /// `host:port`, as Pinecone names hosts.
    pub fn authority(&self) -> &str {
        self.origin.strip_prefix("http://").unwrap()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request there was.
    pub fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1);
        seen.remove(0)
    }
}

pub fn json(body: Value) -> Response {
    axum::Json(body).into_response()
}

/// A status with a body that must not be read.
pub fn status(code: u16, body: &str) -> Response {
    (StatusCode::from_u16(code).unwrap(), body.to_owned()).into_response()
}

/// A stream of these chunks, which then ends.
pub fn chunks<B: Into<Vec<u8>>>(chunks: impl IntoIterator<Item = B>) -> Response {
    let chunks: Vec<Vec<u8>> = chunks.into_iter().map(Into::into).collect();
    endless(stream::iter(chunks))
}

/// A stream of whatever `chunks` yields.
pub fn endless(chunks: impl Stream<Item = Vec<u8>> + Send + 'static) -> Response {
    use futures_util::StreamExt;
    Body::from_stream(chunks.map(Ok::<_, Infallible>)).into_response()
}

/// An event of a stream with this text.
pub fn delta(text: &str) -> String {
    let event = serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]});
    format!("data: {event}\n\n")
}

/// The events that end a complete answer.
pub const END: &str = concat!(
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);
