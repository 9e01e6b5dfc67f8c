//! The service behind a real socket.

use super::Kit;
use axum::body::Body;
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

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
        self.running.await.expect("the service ends well");
    }

    /// Begins to stop, without waiting.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Sends a request on a connection of its own; the answer's body may still be coming.
    pub async fn send(&self, request: Request<Body>) -> Response<Incoming> {
        let stream = TcpStream::connect(self.address)
            .await
            .expect("the service accepts");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .expect("it speaks HTTP");
        tokio::spawn(connection);
        sender.send_request(request).await.expect("it answers")
    }
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
    buffer: String,
}

impl Events {
    pub fn new(response: Response<Incoming>) -> Self {
        Self {
            body: response.into_body(),
            buffer: String::new(),
        }
    }

    /// The next event; none when the stream has ended. Comments are passed over.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let event = parse(block);
                self.buffer = rest.to_owned();
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let frame = self.body.frame().await?.ok()?;
            let bytes = frame.into_data().ok()?;
            self.buffer
                .push_str(std::str::from_utf8(&bytes).expect("events are UTF-8"));
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
