//! A turn as server-sent events.

use crate::event::{Event, Events};
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use futures_util::{StreamExt, stream};
use std::{convert::Infallible, time::Duration};
use tokio::time::timeout;

/// Proxies close a connection that says nothing.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A comment. An empty line after it would end an event that there is not, which some clients take for one.
const BEAT: Bytes = Bytes::from_static(b":\n");

/// Streams the events of a turn, each as `write` makes it of its position and itself. The stream never fails: on Lambda an
/// error in it would be sent as text.
pub(crate) fn stream<W>(events: Events, write: W) -> Response
where
    W: FnMut(usize, Event) -> Bytes + Send + 'static,
{
    let next = async |(mut events, mut write): (Events, W)| {
        let bytes = match timeout(HEARTBEAT, events.next()).await {
            Ok(Some((position, event))) => write(position, event),
            Ok(None) => return None,
            Err(_) => BEAT,
        };
        Some((Ok::<_, Infallible>(bytes), (events, write)))
    };
    let state = (events, write);
    let mut response = Response::new(Body::from_stream(stream::unfold(state, next)));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// An event of `POST /chat`. JSON has no bare line break, so one event stays one event whatever a model writes.
pub(crate) fn event(position: usize, event: Event) -> Bytes {
    let name = match &event {
        Event::Start(_) => "start",
        Event::Sources(_) => "sources",
        Event::Reasoning(_) => "reasoning",
        Event::Delta(_) => "delta",
        Event::Done(_) => "done",
        Event::Error(_) => "error",
    };
    let mut text = format!("id: {position}\nevent: {name}\ndata: ").into_bytes();
    serde_json::to_writer(&mut text, &event).expect("structs with string keys always serialise");
    text.extend_from_slice(b"\n\n");
    text.into()
}
