//! A turn as server-sent events.

use crate::event::Event;
use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response, Sse,
        sse::{self, KeepAlive},
    },
};
use futures_util::StreamExt;
use std::{convert::Infallible, time::Duration};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Proxies close a connection that says nothing.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams the events of a turn, numbered. The stream itself never fails: on Lambda an error in it would be sent as text.
pub(crate) fn stream(events: mpsc::Receiver<Event>) -> Response {
    let numbered = ReceiverStream::new(events).enumerate();
    let events = numbered.map(|(n, event)| Ok::<_, Infallible>(render(n, &event)));
    let beat = KeepAlive::new().interval(HEARTBEAT);
    let mut response = Sse::new(events).keep_alive(beat).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

fn render(number: usize, event: &Event) -> sse::Event {
    let name = match event {
        Event::Start(_) => "start",
        Event::Sources(_) => "sources",
        Event::Delta(_) => "delta",
        Event::Done(_) => "done",
        Event::Error(_) => "error",
    };
    let named = sse::Event::default().id(number.to_string()).event(name);
    // JSON has no bare line break, so one event stays one event whatever a model writes.
    named
        .json_data(event)
        .expect("structs with string keys always serialise")
}
