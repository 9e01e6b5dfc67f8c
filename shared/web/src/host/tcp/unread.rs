//! What is left of a request when its answer is there: read and thrown away if it is little and comes soon, else the answer says that
//! the connection ends with it. hyper closes such a connection without a word, after an answer that promised to keep it, and the
//! next request on it is lost: clients whose head and body come apart met that after each 401 (RFC 9112, section 9.3).

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::timeout;

/// How long, and how much of, a request that is already answered is read so that its connection can be kept.
const LITTLE: (Duration, usize) = (Duration::from_secs(1), 64 * 1024);

/// Shared by a connection and its service: what is left of the request that is being answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Unread(Arc<Mutex<Left>>);

#[derive(Debug, Default)]
enum Left {
    #[default]
    Nothing,
    /// The client sends this.
    Coming(Incoming),
    /// The client waits to be asked for it (RFC 9110, section 10.1.1), or it is too much.
    Unwanted,
}

impl Unread {
    /// The same request; what nobody reads of it is noticed.
    pub(super) fn of(&self, request: Request<Incoming>) -> Request {
        *self.left() = Left::Nothing;
        let asks = request.headers().contains_key(header::EXPECT);
        request.map(|body| {
            Body::new(Asked {
                body: Some(body),
                asks,
                unread: self.clone(),
            })
        })
    }

    /// Whether the last request was left unread, and more of it may be on its way.
    pub(super) fn is_left(&self) -> bool {
        !matches!(*self.left(), Left::Nothing)
    }

    /// Reads what is left of the request, or says in the answer that the connection ends.
    pub(super) async fn settle(
        self,
        answer: Result<Response, Infallible>,
    ) -> Result<Response, Infallible> {
        // What is too large is not read for being refused.
        let refused = |answer: &Response| answer.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let left = std::mem::take(&mut *self.left());
        let whole = match left {
            Left::Nothing => true,
            Left::Coming(body) => !answer.as_ref().is_ok_and(refused) && read_to_end(body).await,
            Left::Unwanted => false,
        };
        if whole {
            return answer;
        }
        *self.left() = Left::Unwanted;
        answer.map(|mut answer| {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(header::CONNECTION, close);
            answer
        })
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether all of it came, as little and as soon as it must.
async fn read_to_end(body: Incoming) -> bool {
    let (time, most) = LITTLE;
    if body.size_hint().lower() > most as u64 {
        return false;
    }
    let rest = timeout(time, Limited::new(body, most).collect()).await;
    matches!(rest, Ok(Ok(_)))
}

/// The body of a request, which is handed back when nobody wants more of it.
struct Asked {
    /// None once all of it was read.
    body: Option<Incoming>,
    /// Whether the client waits to be asked for it.
    asks: bool,
    unread: Unread,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let Some(body) = self.body.take() else { return };
        if body.is_end_stream() {
            return;
        }
        *self.unread.left() = match self.asks {
            true => Left::Unwanted,
            false => Left::Coming(body),
        };
    }
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        // A client that waited was asked with that.
        self.asks = false;
        if frame.is_none() {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let empty = || SizeHint::with_exact(0);
        self.body.as_ref().map_or_else(empty, HttpBody::size_hint)
    }
}
