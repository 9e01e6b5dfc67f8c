//! Whose turn it is on a connection: the client's, to ask, or ours, to answer. Between the two a connection is idle,
//! which hyper does not tell.

use axum::{body::Body, response::Response};
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

/// Nothing is being answered, and everything that was has been sent.
const CLIENTS: u8 = 0;
/// A request is being answered.
const OURS: u8 = 1;
/// The answer is whole; not all of it may have been sent.
const ANSWERED: u8 = 2;

/// Shared by a connection, its service and the body of its answer, all of which one task polls.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn(Arc<AtomicU8>);

impl Turn {
    /// A request has come.
    pub(super) fn asked(&self) {
        self.0.store(OURS, Ordering::Relaxed);
    }

    /// Everything that hyper had to send is sent. True if with that an answer has ended.
    pub(super) fn sent(&self) -> bool {
        let ended = self.0.load(Ordering::Relaxed) == ANSWERED;
        if ended {
            self.0.store(CLIENTS, Ordering::Relaxed);
        }
        ended
    }

    /// Whether no request is being answered.
    pub(super) fn is_clients(&self) -> bool {
        self.0.load(Ordering::Relaxed) == CLIENTS
    }

    /// The same answer; its end is noticed.
    pub(super) fn until_the_end_of(self, answer: Response) -> Response {
        answer.map(|body| Body::new(Answer { body, turn: self }))
    }
}

/// The body of an answer.
struct Answer {
    body: Body,
    turn: Turn,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.turn.0.store(ANSWERED, Ordering::Relaxed);
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
