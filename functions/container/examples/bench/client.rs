//! An HTTP connection that says when the parts of an answer came.

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode, Uri,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tower::ServiceExt;

/// An answer that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where requests go.
#[derive(Clone)]
pub struct Server {
    base: String,
    uri: Uri,
    connector: HttpsConnector<HttpConnector>,
}

/// A request that can be sent again and again.
#[derive(Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub token: Option<String>,
    pub body: Bytes,
    /// What the first token of the answer is told by; none if its first byte is as good.
    pub first_token: Option<&'static [u8]>,
}

/// How long the parts of an answer took to come, from the first byte of the request.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub first_byte: Duration,
    pub first_token: Duration,
    pub whole: Duration,
}

/// An answer.
pub struct Answer {
    pub timing: Timing,
    pub body: Vec<u8>,
}

impl Server {
    /// The server at `base`, such as `http://127.0.0.1:8080`.
    pub fn new(base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().context("the base URL is not one")?;
        ensure!(
            uri.host().is_some(),
            "the base URL must be http:// or https:// and a host"
        );
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new().with_webpki_roots();
        let connector = connector.https_or_http().enable_http1().wrap_connector(tcp);
        Ok(Self {
            base,
            uri,
            connector,
        })
    }

    /// A new connection.
    pub async fn connect(&self) -> Result<Connection> {
        let stream = self.connector.clone().oneshot(self.uri.clone()).await;
        let stream = stream
            .map_err(anyhow::Error::from_boxed)
            .with_context(|| format!("{} cannot be reached", self.base))?;
        let (sender, connection) = http1::handshake(stream).await?;
        // Its end shows in what is sent over it.
        tokio::spawn(connection);
        let host = self.uri.authority().map(ToString::to_string);
        Ok(Connection {
            sender,
            host: host.unwrap_or_default(),
            prefix: self.uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The JSON answer to `call`, on a connection of its own.
    pub async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<T> {
        let answer = self.connect().await?.send(call).await?;
        serde_json::from_slice(&answer.body)
            .with_context(|| format!("{} answered something else than expected", call.path))
    }
}

/// An open connection; it serves one request after the other.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    prefix: String,
}

impl Connection {
    /// Sends `call` and reads the answer to its end.
    ///
    /// # Errors
    /// Any status but a good one, for a refusal costs less than the work that is measured.
    pub async fn send(&mut self, call: &Call) -> Result<Answer> {
        let (status, answer) = self.exchange(call).await?;
        ensure!(
            status.is_success(),
            "{} answered {status}: {}",
            call.path,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(answer)
    }

    /// Sends `call` and reads the answer to its end, whatever its status.
    pub async fn exchange(&mut self, call: &Call) -> Result<(StatusCode, Answer)> {
        let answer = timeout(PATIENCE, self.answer(call)).await;
        answer.with_context(|| format!("{} took longer than {PATIENCE:?}", call.path))?
    }

    async fn answer(&mut self, call: &Call) -> Result<(StatusCode, Answer)> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(format!("{}{}", self.prefix, call.path))
            .header(header::HOST, &self.host);
        if let Some(token) = &call.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if !call.body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(call.body.clone()))?;
        // The answer before may have been read a moment before its connection is free again.
        self.sender.ready().await?;
        let begun = Instant::now();
        let mut response = self.sender.send_request(request).await?;
        let (mut body, mut first_byte, mut first_token) = (Vec::new(), None, None);
        while let Some(frame) = response.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            first_byte.get_or_insert_with(|| begun.elapsed());
            body.extend_from_slice(&data);
            if first_token.is_none() && call.first_token.is_some_and(|token| holds(&body, token)) {
                first_token = Some(begun.elapsed());
            }
        }
        let (whole, status) = (begun.elapsed(), response.status());
        ensure!(
            !status.is_success() || call.first_token.is_none() || first_token.is_some(),
            "{} streamed no token: {}",
            call.path,
            String::from_utf8_lossy(&body)
        );
        let first_byte = first_byte.unwrap_or(whole);
        let timing = Timing {
            first_byte,
            first_token: first_token.unwrap_or(first_byte),
            whole,
        };
        Ok((status, Answer { timing, body }))
    }
}

pub fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

impl Call {
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            token: None,
            body: Bytes::new(),
            first_token: None,
        }
    }

    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self {
            method: Method::POST,
            body: body.to_string().into(),
            ..Self::get(path)
        }
    }

    pub fn by(self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self
        }
    }
}
