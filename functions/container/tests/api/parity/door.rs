//! The ways in: the container's socket, the functions by shape of event, a service that runs elsewhere.

use super::{scenario::Asked, service::Service};
use crate::kit::{
    Kit,
    lambda::{
        event::{Event, Shape},
        functions::Functions,
    },
    program::Program,
    wait::wait_for,
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming};
use std::io::Read;

/// One way in.
pub(super) enum Door {
    /// `parlance serve`, a process behind a socket.
    Container(Program),
    /// The functions before a stub of Lambda's Runtime API, and what kind of front they have.
    Functions(Functions, Shape),
    /// A service that is running.
    Service(Service),
}

/// An answer, read to its end.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answered {
    pub(super) async fn read(answer: Response<Incoming>) -> Self {
        let (parts, body) = answer.into_parts();
        let headers = parts.headers.iter().map(|(name, value)| {
            let value = value.to_str().expect("the header is text");
            (name.as_str().to_owned(), value.to_owned())
        });
        let body = wait_for("the rest of an answer", body.collect()).await;
        let body = body.expect("the body arrives").to_bytes();
        Self {
            status: parts.status.as_u16(),
            body: unpacked(&parts.headers, &body),
            headers: headers.collect(),
        }
    }
}

/// A body as a client reads it.
fn unpacked(headers: &HeaderMap, body: &[u8]) -> String {
    let mut text = String::new();
    match headers.get("content-encoding") {
        Some(encoding) if encoding == "gzip" => GzDecoder::new(body).read_to_string(&mut text),
        _ => (&*body).read_to_string(&mut text),
    }
    .expect("the body is UTF-8");
    text
}

impl Door {
    pub(super) async fn container(kit: &Kit, vars: &[(String, String)]) -> Self {
        Self::Container(Program::serve(kit, vars).await)
    }

    pub(super) fn functions(kit: &Kit, vars: &[(String, String)], shape: Shape) -> Self {
        Self::Functions(Functions::new(kit, vars), shape)
    }

    /// The name in URLs by which the service is called.
    pub(super) fn host(&self) -> &str {
        match self {
            Self::Container(_) | Self::Functions(..) => "example.org",
            Self::Service(service) => service.host(),
        }
    }

    /// Does what the host does by itself between requests; elsewhere, that is done already or by a schedule.
    pub(super) async fn work(&mut self) {
        if let Self::Functions(functions, _) = self {
            functions.work().await;
        }
    }

    pub(super) async fn ask(&mut self, asked: Asked) -> Answered {
        let host = self.host().to_owned();
        match self {
            Self::Container(program) => through_socket(program, &host, asked).await,
            Self::Functions(functions, shape) => {
                through_event(functions, *shape, &host, asked).await
            }
            Self::Service(service) => service.ask(asked).await,
        }
    }
}

async fn through_socket(program: &Program, host: &str, asked: Asked) -> Answered {
    let mut request = Request::builder().method(&*asked.method).uri(asked.path);
    request = request.header("host", host);
    for (name, value) in asked.headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(asked.body.unwrap_or_default()));
    let request = request.expect("the request is well formed");
    Answered::read(program.send(request).await).await
}

async fn through_event(
    functions: &mut Functions,
    shape: Shape,
    host: &str,
    asked: Asked,
) -> Answered {
    let mut event = Event::new(shape, &asked.method, &asked.path).header("host", host);
    for (name, value) in &asked.headers {
        event = event.header(name, value);
    }
    if let Some(body) = asked.body {
        event = event.body(body);
    }
    let answer = functions.ask(event).await;
    let status = u16::try_from(answer.status()).expect("a status is small");
    let headers = answer.headers();
    let named = headers.iter().map(|(name, value)| {
        let name = HeaderName::try_from(name).expect("a header has a name");
        let value = HeaderValue::try_from(value).expect("a header has a value");
        (name, value)
    });
    let body = unpacked(&named.collect(), &answer.bytes().await);
    Answered {
        status,
        headers,
        body,
    }
}
