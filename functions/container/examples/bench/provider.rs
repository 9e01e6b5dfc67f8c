//! OpenAI and Pinecone as they are needed to measure the service: prepared answers, as fast as can be or at a pace.

mod prepared;

pub use prepared::vector;

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
use futures_util::{Stream, StreamExt, stream};
use prepared::Prepared;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    time::{interval, timeout},
};

/// As many numbers as OpenAI's `text-embedding-3-small` gives.
const DIMENSIONS: u16 = 1536;
/// A streamed answer has so many tokens.
pub const TOKENS: usize = 50;
/// A question that holds this is answered at a person's pace.
pub const PACED: &str = "Answer steadily";
/// A question that holds this is answered slowly, until [`Provider::let_go`].
pub const HELD: &str = "Answer slowly";
/// A held answer ends by itself after so long.
const LONGEST: Duration = Duration::from_secs(600);
/// What the index finds, at most.
const MATCHES: usize = 5;

/// The running server.
#[derive(Clone)]
pub struct Provider {
    address: SocketAddr,
    prepared: Arc<Prepared>,
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
    /// Between two tokens of a paced answer is `pace`; of a held one, `held_pace`.
    pub async fn start(pace: Duration, held_pace: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let prepared = Arc::new(Prepared::new(pace, held_pace));
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

    /// Holds answers again, and counts them anew.
    pub fn hold(&self) {
        self.prepared.begun.store(0, Ordering::Relaxed);
        self.prepared.held.send_replace(true);
    }

    /// How many held answers have begun since they are held.
    pub fn begun(&self) -> usize {
        self.prepared.begun.load(Ordering::Relaxed)
    }

    /// Lets all held answers end.
    pub fn let_go(&self) {
        self.prepared.held.send_replace(false);
    }
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
    let asks = |marker| {
        let question = asked.messages.last();
        question.is_some_and(|question| question.content.contains(marker))
    };
    if asks(HELD) {
        prepared.begun.fetch_add(1, Ordering::Relaxed);
        return events(Body::from_stream(held(prepared)));
    }
    if asks(PACED) {
        return events(Body::from_stream(paced(prepared)));
    }
    let blocks = prepared.tokens.iter().chain([&prepared.end]).cloned();
    let blocks: Vec<Result<Bytes, Infallible>> = blocks.map(Ok).collect();
    events(Body::from_stream(stream::iter(blocks)))
}

/// A token at once and one every so often, until the answers are let go.
fn held(prepared: Arc<Prepared>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let held = prepared.held.subscribe();
    let most = LONGEST.div_duration_f64(prepared.held_pace) as usize;
    let begin = (prepared, held, Some(0));
    let tokens = stream::unfold(begin, move |(prepared, mut held, n)| async move {
        let n: usize = n?;
        let pause = prepared.held_pace;
        let ended = n > 0 && timeout(pause, held.wait_for(|held| !held)).await.is_ok();
        let (block, next) = match ended || n == most {
            true => (prepared.end.clone(), None),
            false => (prepared.tokens[n % TOKENS].clone(), Some(n + 1)),
        };
        Some((block, (prepared, held, next)))
    });
    tokens.map(Ok)
}

/// A token at once and one after each pause, as many as of any answer.
fn paced(prepared: Arc<Prepared>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let pause = interval(prepared.pace);
    let tokens = stream::unfold(
        (prepared, pause, 0),
        |(prepared, mut pause, n)| async move {
            let block = match n {
                TOKENS => prepared.end.clone(),
                _ => prepared.tokens.get(n)?.clone(),
            };
            if n < TOKENS {
                pause.tick().await;
            }
            Some((block, (prepared, pause, n + 1)))
        },
    );
    tokens.map(Ok)
}

fn prepared_json(body: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn events(body: Body) -> Response {
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}
