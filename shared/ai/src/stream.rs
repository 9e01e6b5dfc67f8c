//! An answer that arrives while the model writes it.

use async_stream::try_stream;
use futures_util::Stream;

use crate::{
    Error, Event,
    chat::Call,
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
        let send = Box::pin(http::send(call.service, call.request));
        let mut response = clock.limit(send).await?;
        let mut reply = Reply::new(call.prompt_tokens);
        loop {
            let chunk = async { response.chunk().await.map_err(|_| Error::Interrupted) };
            let given = clock.limit(chunk).await;
            if let Err(error) = &given {
                let (host, code) = (http::host(response.url()), error.code());
                tracing::warn!(service = call.service, host, code, "an answer broke off");
            }
            let mut pieces = Vec::new();
            let step = reply.step(given, &mut pieces);
            for piece in pieces {
                yield Event::Delta(piece);
            }
            match step? {
                Step::Complete => break,
                Step::Progress if reply.started => clock.restart(),
                Step::Progress | Step::Nothing => {}
            }
        }
        yield reply.done();
    }
}
