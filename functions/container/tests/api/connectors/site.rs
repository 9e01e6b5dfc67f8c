//! A web site that a test writes.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Response, header},
};
use futures_util::stream;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::TcpListener;

/// What is at a path: status, headers, body.
#[derive(Clone, Default)]
pub(super) struct There {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// The status of what breaks off, of what never begins, and of what comes byte by byte without an end.
const BROKEN: u16 = 299;
const SILENT: u16 = 298;
const DRIPPING: u16 = 297;

#[derive(Default)]
struct Pages {
    at: BTreeMap<String, There>,
    /// The paths that were asked for, with the status that each was answered.
    asked: Vec<(String, u16)>,
}

/// A site at an address of this machine.
pub(super) struct Site {
    address: SocketAddr,
    pages: Arc<Mutex<Pages>>,
}

impl Site {
    /// One without any page.
    pub(super) async fn start() -> Self {
        let pages: Arc<Mutex<Pages>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(pages.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, pages }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn put(&self, path: &str, there: There) {
        self.pages.lock().unwrap().at.insert(path.to_owned(), there);
    }

    /// A page with a title, a text and links.
    pub(super) fn page(&self, path: &str, title: &str, text: &str, links: &[&str]) {
        let links: String = links
            .iter()
            .map(|link| format!("<a href=\"{link}\">{link}</a> "))
            .collect();
        let body = format!(
            "<html><head><title>{title}</title></head><body><nav>{links}</nav><p>{text}</p></body></html>"
        );
        self.text(path, "text/html; charset=utf-8", &body);
    }

    /// Whatever text.
    pub(super) fn text(&self, path: &str, media_type: &str, body: &str) {
        let etag = format!(
            "\"{:x}\"",
            body.bytes()
                .fold(7_u64, |sum, b| sum.wrapping_mul(31) ^ u64::from(b))
        );
        let headers = vec![("content-type", media_type.to_owned()), ("etag", etag)];
        let body = body.to_owned();
        self.put(
            path,
            There {
                status: 200,
                headers,
                body,
            },
        );
    }

    /// An answer that breaks off.
    pub(super) fn break_off(&self, path: &str) {
        self.status(path, BROKEN, None);
    }

    /// An answer that never begins.
    pub(super) fn silence(&self, path: &str) {
        self.status(path, SILENT, None);
    }

    /// An answer that comes byte by byte, without an end.
    pub(super) fn drip(&self, path: &str) {
        self.status(path, DRIPPING, None);
    }

    /// A status, with a header.
    pub(super) fn status(&self, path: &str, status: u16, header: Option<(&'static str, &str)>) {
        let headers = header
            .map(|(name, value)| (name, value.to_owned()))
            .into_iter()
            .collect();
        self.put(
            path,
            There {
                status,
                headers,
                body: "Something went wrong.".into(),
            },
        );
    }

    /// Has what is at a path be answered with one more header, and otherwise as before.
    pub(super) fn header(&self, path: &str, name: &'static str, value: &str) {
        let mut pages = self.pages.lock().unwrap();
        let there = pages.at.get_mut(path).expect("there is a page");
        there.headers.push((name, value.to_owned()));
    }

    pub(super) fn remove(&self, path: &str) {
        self.pages.lock().unwrap().at.remove(path);
    }

    /// What was asked for since this was called last, with the status that each was answered.
    pub(super) fn asked(&self) -> Vec<(String, u16)> {
        std::mem::take(&mut self.pages.lock().unwrap().asked)
    }
}

async fn answer(State(pages): State<Arc<Mutex<Pages>>>, request: Request) -> Response<Body> {
    let there = there(&pages, &request);
    match there.status {
        BROKEN => {
            let broken = Err::<&[u8], _>(std::io::Error::other("it is broken"));
            Response::new(Body::from_stream(stream::iter([broken])))
        }
        SILENT => pending().await,
        DRIPPING => Response::new(Body::from_stream(stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok::<_, Infallible>("<"), ()))
        }))),
        status => whole(status, &there.headers, there.body.into()),
    }
}

/// What is there, which is noted as asked for.
fn there(pages: &Mutex<Pages>, request: &Request) -> There {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    let mut pages = pages.lock().unwrap();
    let there = pages.at.get(&path).cloned();
    let mut there = there.unwrap_or(There {
        status: 404,
        ..There::default()
    });
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok());
    if known.is_some()
        && there
            .headers
            .iter()
            .any(|(name, value)| *name == "etag" && Some(&**value) == known)
    {
        there.status = 304;
        there.body.clear();
    }
    pages.asked.push((path, there.status));
    there
}

/// A whole answer.
pub(super) fn whole(
    status: u16,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> Response<Body> {
    let answer = Response::builder().status(status);
    let headers = headers.iter();
    let answer = headers.fold(answer, |answer, (name, value)| answer.header(*name, value));
    answer.body(Body::from(body)).unwrap()
}
