//! An answer that is passed on in one piece.

use async_stream::try_stream;
use futures_util::Stream;

use crate::{
    Error, Event,
    chat::{Call, Opened},
    http,
    reply::{Reply, Step},
};

/// Sends `call` and yields the thoughts and the text of its answer, each as at most one piece, and the end.
pub(crate) fn complete(call: Call) -> impl Stream<Item = Result<Event, Error>> + Send + 'static {
    try_stream! {
        let mut reply = Reply::new(call.meter.clone(), call.is_unmarked);
        let mut pieces = Vec::new();
        let limit = call.timeouts.complete;
        let read = read(call, &mut reply, &mut pieces);
        let outcome = match http::within(limit, read).await {
            // The time was over: what there is counts as it does when the connection breaks.
            Err(Error::Timeout) => reply.step(Err(Error::Timeout), &mut pieces).map(drop),
            outcome => outcome,
        };
        for piece in in_one(pieces) {
            yield piece;
        }
        outcome?;
        yield reply.done();
    }
}

async fn read(call: Call, reply: &mut Reply, pieces: &mut Vec<Event>) -> Result<(), Error> {
    let Opened { mut response, most } = call.ask.open().await?;
    reply.end_at(most);
    loop {
        let given = http::chunk(&mut response).await;
        match reply.step(given, pieces) {
            Ok(Step::Complete) => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                http::note_broken(&call.service, &response, &error);
                return Err(error);
            }
        }
    }
}

/// All thoughts as one piece, then all text.
fn in_one(pieces: Vec<Event>) -> impl Iterator<Item = Event> {
    let (mut thoughts, mut text) = (String::new(), String::new());
    for piece in pieces {
        match piece {
            Event::Reasoning(piece) => thoughts += &piece,
            Event::Delta(piece) => text += &piece,
            Event::Done { .. } => {}
        }
    }
    let thoughts = (!thoughts.is_empty()).then_some(Event::Reasoning(thoughts));
    let text = (!text.is_empty()).then_some(Event::Delta(text));
    thoughts.into_iter().chain(text)
}
