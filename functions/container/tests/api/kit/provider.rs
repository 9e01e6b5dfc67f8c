//! OpenAI, DeepSeek and Pinecone as a test wants them: one HTTP server that records what it is asked and answers
//! as it was told.

mod lies;
mod pinecone;
mod replies;
mod vectors;

use super::{Kit, database::Database, wait::wait_until};
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
pub use lies::Lie;
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::{net::TcpListener, sync::Semaphore};

/// One request that the provider received.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub authorization: String,
    pub api_key: String,
    /// Of Pinecone's API.
    pub version: String,
    pub content_type: String,
    /// The trace that it is a part of.
    pub traceparent: String,
    pub tracestate: String,
    /// Of the body.
    pub bytes: usize,
    pub body: Value,
}

/// How to answer one chat completion.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The pieces of a good answer, streamed or not as it is asked for.
    Text(Vec<String>),
    /// The pieces and then the end, each only after [`Provider::let_go`].
    Held(Vec<String>),
    /// The pieces, then the connection breaks.
    BreakAfter(Vec<String>),
    /// A status with a body.
    Status(u16, Value),
    /// Any bytes as an event stream.
    Raw(String),
    /// Nothing, ever.
    Silence,
}

/// The server.
#[derive(Clone)]
pub struct Provider {
    pub address: String,
    inner: Arc<Inner>,
}

struct Inner {
    asked: Mutex<Vec<Asked>>,
    replies: Mutex<VecDeque<Reply>>,
    always: Mutex<Option<Reply>>,
    matches: Mutex<Vec<Value>>,
    /// The vectors of texts that hold a word; of others it is the usual one.
    meanings: Mutex<Vec<(&'static str, Vec<f32>)>>,
    /// How many numbers a vector of the index has.
    dimensions: Mutex<usize>,
    /// What the index refuses next: a path, the status, the body.
    refusals: Mutex<VecDeque<(&'static str, u16, &'static str)>>,
    /// The status of every answer about vectors, and how many seconds it asks to wait.
    vectors_fail: Mutex<Option<(u16, Option<u32>)>>,
    /// Whether requests about vectors wait until they are let go.
    vectors_held: AtomicBool,
    vectors_go: Semaphore,
    go: Semaphore,
    /// How many held answers whoever asked no longer reads, at their end or before.
    left: AtomicUsize,
    echoes: AtomicBool,
    lie: Mutex<Option<Lie>>,
}

/// Counts when it is dropped.
struct Reader(Provider);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.inner.left.fetch_add(1, Relaxed);
    }
}

impl Provider {
    /// Starts it on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let address = address.to_string();
        let inner = Arc::new(Inner {
            asked: Mutex::default(),
            replies: Mutex::default(),
            always: Mutex::default(),
            matches: Mutex::default(),
            vectors_fail: Mutex::default(),
            meanings: Mutex::default(),
            dimensions: Mutex::new(pinecone::DIMENSIONS),
            refusals: Mutex::default(),
            vectors_held: AtomicBool::new(false),
            vectors_go: Semaphore::new(0),
            go: Semaphore::new(0),
            left: AtomicUsize::new(0),
            echoes: AtomicBool::new(false),
            lie: Mutex::default(),
        });
        let provider = Self { address, inner };
        let router = Router::new().fallback(answer).with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    /// The variables that make a service use it, without any key.
    pub fn vars(&self) -> [(String, String); 3] {
        let base = |path: &str| format!("http://{}/{path}", self.address);
        [
            ("OPENAI_BASE_URL".into(), base("openai/v1/")),
            ("DEEPSEEK_BASE_URL".into(), base("deepseek/")),
            ("PINECONE_BASE_URL".into(), base("")),
        ]
    }

    /// Answers the next chat completion so; without, it says "Hello from the model."
    pub fn reply(&self, reply: Reply) {
        self.inner.replies.lock().unwrap().push_back(reply);
    }

    /// From now on every question is repeated in the answer, word by word, and nothing is recorded.
    pub fn echo(&self) {
        self.inner.echoes.store(true, Relaxed);
    }

    /// Says the beginning of what it would repeat, if anything, and goes on as it should not; or no more.
    pub fn lie(&self, lie: Option<Lie>) {
        *self.inner.lie.lock().unwrap() = lie;
    }

    /// Answers every chat completion so for which there is no [`Provider::reply`].
    pub fn always(&self, reply: Reply) {
        *self.inner.always.lock().unwrap() = Some(reply);
    }

    /// Lets `n` held pieces go.
    pub fn let_go(&self, n: usize) {
        self.inner.go.add_permits(n);
    }

    /// Answers the next request of that path so, if it is one of the vector index: with JSON, if the body begins so.
    pub fn refuse(&self, path: &'static str, status: u16, body: &'static str) {
        let refused = (path, status, body);
        self.inner.refusals.lock().unwrap().push_back(refused);
    }

    /// What was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// What was asked of chat completions.
    pub fn chats(&self) -> Vec<Asked> {
        self.asked()
            .into_iter()
            .filter(|a| a.path.ends_with("/chat/completions"))
            .collect()
    }
}

async fn answer(State(provider): State<Provider>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = body
        .collect()
        .await
        .map(|b| b.to_bytes())
        .unwrap_or_default();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let asked = Asked {
        method: parts.method.to_string(),
        version: header("x-pinecone-api-version"),
        content_type: header("content-type"),
        traceparent: header("traceparent"),
        tracestate: header("tracestate"),
        bytes: bytes.len(),
        path: parts.uri.path().to_owned(),
        authorization: header("authorization"),
        api_key: header("api-key"),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    };
    if provider.inner.echoes.load(Relaxed) {
        return echo(&provider, &asked).await;
    }
    provider.inner.asked.lock().unwrap().push(asked.clone());
    if asked.path.ends_with("/chat/completions") {
        let reply = provider.inner.replies.lock().unwrap().pop_front();
        let always = || provider.inner.always.lock().unwrap().clone();
        let reply = reply.or_else(always).unwrap_or_else(|| {
            Reply::Text(
                ["Hello ", "from ", "the ", "model."]
                    .map(String::from)
                    .into(),
            )
        });
        return replies::chat(provider, asked.body["stream"] == true, reply).await;
    }
    if provider.inner.vectors_held.load(Relaxed) {
        let go = provider.inner.vectors_go.acquire().await;
        go.expect("nobody closes it").forget();
    }
    let fails = *provider.inner.vectors_fail.lock().unwrap();
    if let Some((status, wait)) = fails {
        let status = StatusCode::from_u16(status).expect("it is a status");
        let wait = wait.map(|seconds| [("retry-after", seconds.to_string())]);
        return match wait {
            Some(wait) => (status, wait).into_response(),
            None => status.into_response(),
        };
    }
    vectors::answer(&provider, &asked)
}

/// Repeats a question, word by word, unless it lies; nothing is recorded.
async fn echo(provider: &Provider, asked: &Asked) -> Response {
    let lie = *provider.inner.lie.lock().unwrap();
    if !asked.path.ends_with("/chat/completions") {
        return match lie {
            Some(lie) => lies::about_vectors(lie).await,
            None => vectors::answer(provider, asked),
        };
    }
    let messages = asked.body["messages"].as_array();
    let question = messages.and_then(|all| all.last()?["content"].as_str());
    // Before it may stand another, which was never answered.
    let question = question.and_then(|text| text.rsplit("\n\n").next());
    let words = question.unwrap_or_default().split_inclusive(' ');
    let words: Vec<String> = words.map(String::from).collect();
    let streamed = asked.body["stream"] == true;
    match lie {
        Some(lie) => lies::chat(lie, streamed, &words).await,
        None => replies::chat(provider.clone(), streamed, Reply::Text(words)).await,
    }
}

impl Provider {
    /// A service that uses it, with some more variables set.
    pub async fn kit<const N: usize>(&self, vars: [(&str, &str); N]) -> Kit {
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let database = Database::clone_template().await;
        Kit::on(database, self.vars().into_iter().chain(vars)).await
    }

    /// Answers the next chat completion with these pieces, each when it is let go.
    pub fn hold(&self, pieces: &[&str]) {
        self.reply(Reply::Held(pieces.iter().map(|&p| p.to_owned()).collect()));
    }

    /// Waits until `n` held answers are read no more.
    pub async fn left_by(&self, n: usize) {
        wait_until(format!("{n} answers that are read no more"), async || {
            let left = self.inner.left.load(Relaxed);
            (left >= n).then_some(()).ok_or(left)
        })
        .await;
    }

    /// Waits for `n` chat completions.
    pub async fn asked_for(&self, n: usize) {
        wait_until(format!("{n} chat completions"), async || {
            let asked = self.chats().len();
            (asked >= n).then_some(()).ok_or(asked)
        })
        .await;
    }
}
