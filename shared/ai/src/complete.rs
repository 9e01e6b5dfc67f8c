//! An answer that arrives in one piece.

use async_stream::try_stream;
use futures_util::Stream;

use crate::{
    Error, Event, FinishReason,
    chat::{Call, Completion, usage},
    http,
    reply::finish_reason,
};

/// Sends `call` and yields its answer as at most one piece and the end.
pub(crate) fn complete(call: Call) -> impl Stream<Item = Result<Event, Error>> + Send + 'static {
    try_stream! {
        let limit = call.timeouts.complete;
        let answer = http::json(call.service, call.request, limit).await?;
        let (text, done) = read(answer, call.prompt_tokens)?;
        if let Some(text) = text {
            yield Event::Delta(text);
        }
        yield done;
    }
}

fn read(answer: Completion, prompt_tokens: u32) -> Result<(Option<String>, Event), Error> {
    if answer.error.is_some() {
        return Err(Error::Interrupted);
    }
    let choice = answer.choices.into_iter().next().ok_or(Error::Invalid)?;
    let finish_reason = match choice.finish_reason {
        Some(name) => finish_reason(&name)?,
        None => FinishReason::Other,
    };
    let text = choice.delta.ok_or(Error::Invalid)?.into_text();
    let bytes = text.as_ref().map_or(0, String::len);
    let usage = usage(answer.usage, prompt_tokens, bytes);
    let done = Event::Done {
        finish_reason,
        usage,
    };
    Ok((text, done))
}
