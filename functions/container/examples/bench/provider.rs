//! OpenAI and Pinecone as they are needed to measure the service: prepared answers, as fast as can be.

use anyhow::Result;
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, time::timeout};

/// As many numbers as OpenAI's `text-embedding-3-small` gives.
const DIMENSIONS: u16 = 1536;
/// A streamed answer has so many tokens.
pub const TOKENS: usize = 50;
/// A question that holds this is answered slowly, until [`Provider::let_go`].
pub const SLOWLY: &str = "Answer slowly";
/// The time between two tokens of a slow answer.
const PACE: Duration = Duration::from_millis(500);
/// A slow answer ends by itself after so many tokens.
const MOST_TOKENS: usize = 600;
/// What the index finds, at most.
const MATCHES: usize = 5;

/// The running server.
#[derive(Clone)]
pub struct Provider {
    address: SocketAddr,
    prepared: Arc<Prepared>,
}

struct Prepared {
    /// One embedding as JSON.
    vector: String,
    /// What a query finds: the first vectors that were stored.
    matches: Mutex<Vec<Value>>,
    whole: Bytes,
    tokens: Vec<Bytes>,
    end: Bytes,
    held: watch::Sender<bool>,
    /// How many slow answers have begun.
    begun: AtomicUsize,
}

impl Provider {
    /// The variables that make a service use it, for embeddings, vectors and answers.
    pub fn vars(&self) -> [(&'static str, String); 5] {
        [
            ("OPENAI_API_KEY", "sk-bench".into()),
            ("OPENAI_BASE_URL", format!("{}/v1/", self.url())),
            ("PINECONE_API_KEY", "pc-bench".into()),
            ("PINECONE_BASE_URL", format!("{}/", self.url())),
            ("INDEX_NAME", "bench".into()),
        ]
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts it on a free port of this machine. It ends with this program.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let prepared = Arc::new(Prepared::new());
        let router = Router::new()
            .route("/v1/embeddings", post(embed))
            .route("/v1/chat/completions", post(complete))
            .route("/indexes/{name}", get(move || index(address)))
            .route("/vectors/upsert", post(upsert))
            .route("/query", post(query))
            .with_state(prepared.clone());
        let listener = listener.tap_io(|stream| {
            // Without it, a token waits for the acknowledgement of the last; some hosts know no such option.
            drop(stream.set_nodelay(true));
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, prepared })
    }

    /// Makes slow answers slow again, and counts them anew.
    pub fn hold(&self) {
        self.prepared.begun.store(0, Ordering::Relaxed);
        self.prepared.held.send_replace(true);
    }

    /// How many slow answers have begun since they are held.
    pub fn begun(&self) -> usize {
        self.prepared.begun.load(Ordering::Relaxed)
    }

    /// Lets all slow answers end.
    pub fn let_go(&self) {
        self.prepared.held.send_replace(false);
    }
}

/// An embedding, with as many digits as real ones have.
pub fn vector() -> Vec<f32> {
    let numbers = (1_u16..=DIMENSIONS).map(|n| f32::from(n).sin() * 0.036_084_4);
    numbers.collect()
}

impl Prepared {
    fn new() -> Self {
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
            held: watch::Sender::new(false),
            begun: AtomicUsize::new(0),
        }
    }
}

fn chunk(choices: &Value) -> String {
    let chunk = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini", "choices": choices
    });
    format!("data: {chunk}\n\n")
}

#[derive(Deserialize)]
struct Texts {
    input: Vec<String>,
}

async fn embed(State(prepared): State<Arc<Prepared>>, Json(texts): Json<Texts>) -> Response {
    let one = |n| {
        format!(
            r#"{{"object":"embedding","index":{n},"embedding":{}}}"#,
            prepared.vector
        )
    };
    let data: Vec<String> = (0..texts.input.len()).map(one).collect();
    prepared_json(format!(r#"{{"object":"list","data":[{}]}}"#, data.join(",")).into())
}

async fn index(address: SocketAddr) -> Json<Value> {
    Json(json!({ "host": address.to_string() }))
}

#[derive(Deserialize)]
struct Upsert {
    vectors: Vec<Stored>,
}

#[derive(Deserialize)]
struct Stored {
    id: String,
    metadata: Value,
}

async fn upsert(State(prepared): State<Arc<Prepared>>, Json(stored): Json<Upsert>) -> Json<Value> {
    let mut matches = prepared
        .matches
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let count = stored.vectors.len();
    for Stored { id, metadata } in stored.vectors.into_iter().take(MATCHES - matches.len()) {
        matches.push(json!({ "id": id, "score": 0.9, "metadata": metadata }));
    }
    Json(json!({ "upsertedCount": count }))
}

/// The body is read and not looked at.
async fn query(State(prepared): State<Arc<Prepared>>, _asked: Bytes) -> Json<Value> {
    let matches = prepared
        .matches
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    Json(json!({ "matches": *matches, "namespace": "n" }))
}

#[derive(Deserialize)]
struct Chat {
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

async fn complete(State(prepared): State<Arc<Prepared>>, Json(asked): Json<Chat>) -> Response {
    if !asked.stream {
        return prepared_json(prepared.whole.clone());
    }
    let question = asked.messages.last();
    if question.is_some_and(|question| question.content.contains(SLOWLY)) {
        prepared.begun.fetch_add(1, Ordering::Relaxed);
        return events(Body::from_stream(slow(prepared)));
    }
    let blocks = prepared.tokens.iter().chain([&prepared.end]).cloned();
    let blocks: Vec<Result<Bytes, Infallible>> = blocks.map(Ok).collect();
    events(Body::from_stream(stream::iter(blocks)))
}

/// A token at once and one every [`PACE`], until the answers are let go.
fn slow(prepared: Arc<Prepared>) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    let held = prepared.held.subscribe();
    let begin = (prepared, held, Some(0));
    let tokens = stream::unfold(begin, |(prepared, mut held, n)| async move {
        let n: usize = n?;
        let ended = n > 0 && timeout(PACE, held.wait_for(|held| !held)).await.is_ok();
        let (block, next) = match ended || n == MOST_TOKENS {
            true => (prepared.end.clone(), None),
            false => (prepared.tokens[n % TOKENS].clone(), Some(n + 1)),
        };
        Some((block, (prepared, held, next)))
    });
    tokens.map(Ok)
}

fn prepared_json(body: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn events(body: Body) -> Response {
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}
