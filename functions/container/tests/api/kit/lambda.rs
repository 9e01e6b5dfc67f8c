//! The Lambda Runtime API, which a function asks for its next event and tells its answer, piece by piece.

pub mod event;
pub mod functions;
mod invocation;

use super::wait::wait_for;
use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use event::Event;
use http_body_util::BodyExt;
pub use invocation::Invocation;
use serde_json::{Value, json};
use std::{
    process::ExitStatus,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
    net::TcpListener,
    process::Child,
    sync::{Mutex, mpsc},
    time::timeout,
};

/// How long what a process told may take to arrive after its end.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What the function told.
#[derive(Debug)]
enum Told {
    /// It begins to answer; the value of `lambda-runtime-function-response-mode`.
    Begun(String),
    /// A piece of the answer's body.
    Piece(Vec<u8>),
    /// The end of the answer.
    End,
    /// It could not answer.
    Failed(String),
}

/// One API, and the one function before it; both end with this.
pub struct Runtime {
    /// How long the function may take for the events to come.
    pub time: Duration,
    events: mpsc::UnboundedSender<(Value, Duration)>,
    told: mpsc::UnboundedReceiver<Told>,
    program: Child,
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<(Value, Duration)>>,
    told: mpsc::UnboundedSender<Told>,
}

impl Runtime {
    /// Starts the API on a free port of this machine, and what `launch` launches for the API at that address.
    pub async fn start(launch: impl FnOnce(&str) -> Child) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (events, queue) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        let shared = Shared {
            events: Mutex::new(queue),
            told: tell,
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(error))
            .route("/2020-01-01/extension/register", post(register))
            .route("/2020-01-01/extension/event/next", get(no_event))
            .with_state(Arc::new(shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            program: launch(&address.to_string()),
            time: Duration::from_secs(300),
            events,
            told,
        }
    }

    /// Hands the function an event; its answer as it begins.
    pub async fn invoke(&mut self, event: Event) -> Invocation<'_> {
        let what = format!("{event:?}");
        let begun = self.try_invoke(event).await;
        begun.unwrap_or_else(|why| panic!("{what} was not answered: {why}"))
    }

    /// Hands the function an event that it may fail at: its answer as it begins, or what it told instead. A front
    /// makes a 502 of that.
    pub async fn try_invoke(&mut self, event: Event) -> Result<Invocation<'_>, String> {
        self.send(event.build());
        match self.next().await {
            Told::Begun(mode) => assert_eq!(mode, "streaming"),
            Told::Failed(why) => return Err(why),
            told => panic!("an answer should begin, not {told:?}"),
        }
        Ok(Invocation::begun(self).await)
    }

    /// Hands the function an event that is no request: what it gives back, or why it failed.
    pub async fn run(&mut self, event: Value) -> Result<String, String> {
        self.send(event);
        match self.next().await {
            Told::Begun(mode) => assert_eq!(mode, "buffered"),
            Told::Failed(why) => return Err(why),
            told => panic!("an answer should begin, not {told:?}"),
        }
        let mut bytes = Vec::new();
        while let Told::Piece(piece) = self.next().await {
            bytes.extend(piece);
        }
        Ok(String::from_utf8(bytes).expect("it gives back UTF-8"))
    }

    /// What the function told instead of asking for an event.
    pub async fn init_failure(&mut self) -> String {
        match self.next().await {
            Told::Failed(why) => why,
            told => panic!("the function started and told {told:?}"),
        }
    }

    fn send(&self, event: Value) {
        let sent = self.events.send((event, self.time));
        sent.expect("the API runs");
    }

    async fn next(&mut self) -> Told {
        let Self { told, program, .. } = self;
        let next = async {
            tokio::select! {
                biased;
                told = told.recv() => told,
                // What it told last may still be on its way.
                ended = program.wait() => match timeout(LAST_WORDS, told.recv()).await {
                    Ok(told) => told,
                    Err(_) => panic!("the function has ended ({ended:?}) and told no more"),
                },
            }
        };
        let told = wait_for("what the function tells next", next).await;
        told.expect("the API runs")
    }

    /// The function's process.
    pub fn program(&self) -> &Child {
        &self.program
    }

    /// How the process ended.
    pub async fn ended(mut self) -> ExitStatus {
        let ended = wait_for("the end of the function's process", self.program.wait());
        ended.await.expect("it is our child")
    }
}

/// A function that wants to know its end registers an extension.
async fn register() -> impl IntoResponse {
    let id = [("lambda-extension-identifier", "1")];
    let about =
        json!({ "functionName": "test", "functionVersion": "$LATEST", "handler": "bootstrap" });
    (id, Json(about))
}

/// The extension asked for no events.
async fn no_event() {
    std::future::pending().await
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let event = shared.events.lock().await.recv().await;
    let Some((event, time)) = event else {
        return std::future::pending().await;
    };
    let until = SystemTime::now() + time;
    let until = until.duration_since(UNIX_EPOCH).expect("it is after 1970");
    let until = until.as_millis().to_string();
    let headers = [
        ("lambda-runtime-aws-request-id", "1"),
        ("lambda-runtime-deadline-ms", &*until),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:1:function:test",
        ),
        ("lambda-runtime-trace-id", "Root=1"),
    ];
    (headers, Json(event)).into_response()
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(_): Path<String>,
    request: Request,
) -> StatusCode {
    let mode = request
        .headers()
        .get("lambda-runtime-function-response-mode");
    let mode = mode
        .and_then(|v| v.to_str().ok())
        .unwrap_or("buffered")
        .to_owned();
    let mut told = vec![Told::Begun(mode)];
    let mut body = request.into_body();
    loop {
        for told in told.drain(..) {
            if shared.told.send(told).is_err() {
                return StatusCode::GONE;
            }
        }
        match body.frame().await {
            Some(Ok(frame)) => {
                told.extend(frame.into_data().ok().map(|b| Told::Piece(b.to_vec())));
            }
            Some(Err(e)) => told.push(Told::Failed(e.to_string())),
            None => break,
        }
    }
    if shared.told.send(Told::End).is_err() {
        return StatusCode::GONE;
    }
    StatusCode::ACCEPTED
}

async fn error(State(shared): State<Arc<Shared>>, body: String) -> StatusCode {
    match shared.told.send(Told::Failed(body)) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::GONE,
    }
}
