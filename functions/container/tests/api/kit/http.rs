//! The service behind a real socket.

use super::{Kit, documented::assert_documented, wait::wait_for};
use axum::{body::Body, http::header};
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use uuid::Uuid;

/// A service that accepts connections.
pub struct Served {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Served {
    /// Serves on a free port of this machine.
    pub async fn new(kit: &Kit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move {
            // A dropped sender stops it as well.
            drop(stopped.await);
        };
        let running = tokio::spawn(web::serve_on(
            listener,
            kit.service.clone(),
            kit.app.clone(),
            stopped,
        ));
        Self {
            address,
            stop: Some(stop),
            running,
        }
    }

    /// What SIGTERM does; returns when the service has ended.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let ended = wait_for("the end of a service that was told to stop", self.running);
        ended.await.expect("the service ends well");
    }

    /// Begins to stop, without waiting.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Sends a request on a connection of its own; the answer's body may still be coming.
    pub async fn send(&self, request: Request<Body>) -> Response<Incoming> {
        send(self.address, request).await
    }
}

/// Sends a request on a connection of its own; the answer's body may still be coming.
pub async fn send(address: SocketAddr, mut request: Request<Body>) -> Response<Incoming> {
    let host = address.to_string().parse().expect("an address is a header");
    request.headers_mut().entry(header::HOST).or_insert(host);
    let stream = TcpStream::connect(address)
        .await
        .expect("the service accepts");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .expect("it speaks HTTP");
    tokio::spawn(connection);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let what = format!("the answer to {method} {}", request.uri());
    let answer = wait_for(&what, sender.send_request(request)).await;
    let response = answer.unwrap_or_else(|e| panic!("{what} did not come: {e}"));
    let (parts, body) = response.into_parts();
    assert_documented(&method, &path, &parts);
    Response::from_parts(parts, body)
}

/// One server-sent event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: String,
    pub event: String,
    pub data: Value,
}

/// Reads events as they arrive.
pub struct Events {
    body: Incoming,
    /// What has come of the next event, which may end inside a character.
    buffer: Vec<u8>,
    /// The names of those that came, for whoever waits for another in vain.
    came: Vec<String>,
}

impl Events {
    pub fn new(response: Response<Incoming>) -> Self {
        Self {
            body: response.into_body(),
            buffer: Vec::new(),
            came: Vec::new(),
        }
    }

    /// The next event; none when the stream has ended. Comments are passed over.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                let block = std::str::from_utf8(&block[..end]).expect("events are UTF-8");
                if let Some(event) = parse(block) {
                    self.came.push(event.event.clone());
                    return Some(event);
                }
                continue;
            }
            let what = format!("the next event of a stream that had {:?}", self.came);
            let frame = wait_for(what, self.body.frame()).await?.ok()?;
            let bytes = frame.into_data().ok()?;
            self.buffer.extend_from_slice(&bytes);
        }
    }

    /// Every event up to the end of the stream.
    pub async fn all(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let data = field("data")?;
    assert_eq!(
        block
            .lines()
            .filter(|line| line.starts_with("data"))
            .count(),
        1,
        "one data line: {block}"
    );
    Some(Event {
        id: field("id").unwrap_or_default().to_owned(),
        event: field("event").unwrap_or_default().to_owned(),
        data: serde_json::from_str(data).expect("data is JSON"),
    })
}

/// `POST /chat`, streamed.
pub fn streamed(token: &str, message: &str) -> Request<Body> {
    let body = json!({ "message": message, "stream": true });
    super::request(token, "POST", "/chat")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .expect("the request is well formed")
}

impl Events {
    /// The next event, which must come.
    pub async fn one(&mut self) -> Event {
        let next = self.next().await;
        next.unwrap_or_else(|| panic!("the stream ended after {:?}", self.came))
    }
}

impl Event {
    /// An id in its data.
    pub fn uuid(&self, field: &str) -> Uuid {
        let id = self.data[field].as_str().expect("the event has that id");
        id.parse().expect("an id is a UUID")
    }
}

/// The text of all `delta`s.
pub fn text_of(events: &[Event]) -> String {
    let deltas = events.iter().filter(|e| e.event == "delta");
    deltas.filter_map(|e| e.data["text"].as_str()).collect()
}
