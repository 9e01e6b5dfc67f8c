//! An answer that is passed on while the model writes it.

use async_stream::try_stream;
use futures_util::Stream;

use crate::{
    Error, Event,
    chat::{Call, Opened},
    clock::Clock,
    http,
    reply::{Reply, Step},
};

/// Sends `call` and yields its answer piece by piece. Dropping the stream closes the connection, which
/// tells the provider to stop.
pub(crate) fn streamed(call: Call) -> impl Stream<Item = Result<Event, Error>> + Send + 'static {
    try_stream! {
        let mut clock = Clock::start(call.timeouts);
        // In a box: it is done before the first piece, and larger than all that reads them.
        let open = Box::pin(call.ask.open());
        let Opened { mut response, most } = clock.limit(open).await?;
        let mut reply = Reply::new(call.meter.clone(), call.is_unmarked);
        reply.end_at(most);
        loop {
            let given = clock.limit(http::chunk(&mut response)).await;
            let mut pieces = Vec::new();
            let step = reply.step(given, &mut pieces);
            if let Err(error) = &step {
                http::note_broken(&call.service, &response, error);
            }
            for piece in pieces {
                yield piece;
            }
            match step? {
                Step::Complete => break,
                _ if !reply.started => clock.expect_first(),
                Step::Progress => clock.expect_next(),
                Step::Nothing => {}
            }
        }
        yield reply.done();
    }
}
