//! Bytes on a real socket, for what no HTTP client would send.

use super::{Answer, headers::assert_safe, wait::wait_for};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection, and what was read of it that nobody has asked for yet.
pub struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await;
        let stream = stream.expect("the service accepts");
        let read = Vec::new();
        Self { stream, read }
    }

    /// Sends bytes; an error if the other end is gone.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        wait_for("bytes to be taken", self.stream.write_all(bytes.as_ref())).await
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let sent = self.try_send(bytes).await;
        sent.expect("the service reads");
    }

    /// `GET` with a host; the connection stays open.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"))
            .await;
        self.answer().await
    }

    /// The next answer, which must come.
    pub async fn answer(&mut self) -> Answer {
        let answer = self.try_answer().await;
        answer.expect("an answer before the end of the connection")
    }

    /// The next answer; none if the connection ends first.
    pub async fn try_answer(&mut self) -> Option<Answer> {
        let (status, headers) = self.head().await?;
        let length = headers.get("content-length");
        let length = length.map_or(0, |l| l.to_str().unwrap().parse().unwrap());
        while self.read.len() < length {
            self.more().await?;
        }
        let body: Vec<u8> = self.read.drain(..length).collect();
        let text = String::from_utf8(body).expect("the body is text");
        assert_safe(&headers);
        Some(Answer {
            status,
            headers,
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        })
    }

    /// The next head, be it of an answer or of what comes before one, such as 100.
    pub async fn head(&mut self) -> Option<(StatusCode, HeaderMap)> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break at;
            }
            self.more().await?;
        };
        let head: Vec<u8> = self.read.drain(..end + 4).collect();
        let head = String::from_utf8(head).expect("a head is text");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.expect("a status").parse().expect("a number");
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header");
            let name: HeaderName = name.parse().expect("a name");
            (name, HeaderValue::from_str(value).expect("a value"))
        };
        Some((status, lines.map(header).collect()))
    }

    /// Waits until the other end closes; what it sent until then.
    pub async fn ended(mut self) -> String {
        while self.more().await.is_some() {}
        String::from_utf8_lossy(&self.read).into_owned()
    }

    async fn more(&mut self) -> Option<()> {
        let read = wait_for("bytes of an answer", self.stream.read_buf(&mut self.read)).await;
        read.ok().filter(|n| *n > 0).map(|_| ())
    }
}
