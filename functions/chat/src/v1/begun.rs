//! Waiting for the first word of an answer: whoever has a status already cannot be told that there is none.

use crate::event::{Event, Events};
use futures_util::{StreamExt, stream};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use web::Result;

/// How long: proxies close a connection that says nothing, and a stream that has begun has heartbeats.
const PATIENCE: Duration = Duration::from_secs(15);

/// The events of an answer that has begun, or that takes its time.
///
/// # Errors
/// What ended it before its first word.
pub(super) async fn begun(mut events: Events) -> Result<Events> {
    let until = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    while let Ok(Some((at, event))) = timeout_at(until, events.next()).await {
        if let Event::Error(failure) = event {
            return Err(failure.cause);
        }
        let is_word = matches!(event, Event::Delta(_) | Event::Done(_));
        seen.push((at, event));
        if is_word {
            break;
        }
    }
    Ok(stream::iter(seen).chain(events).boxed())
}
