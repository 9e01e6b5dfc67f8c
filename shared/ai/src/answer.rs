//! Answering a question, by whichever provider and in whichever mode.

use std::sync::Arc;

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use crate::{
    Client, Error, Event, FinishReason, Options, Prompt, Provider, Usage, complete::complete,
    local, stream::streamed, tokens,
};

/// The items of one answer: pieces of text and then exactly one end, [`Event::Done`] or an error.
pub type Answer = BoxStream<'static, Result<Event, Error>>;

impl Client {
    /// Asks `provider`, with its own key, to answer `prompt`.
    ///
    /// With `stream` the text arrives in pieces as it is written; without, in one piece after one
    /// request that is not streamed. Nothing is sent before the answer is polled, and dropping it ends
    /// the request.
    ///
    /// A request that fails before anything has come of it, in a way that may pass, is made again, at most twice. A
    /// provider that failed too often lately, or refused the key, is not asked for a while.
    ///
    /// # Errors
    /// The last item is an error if the answer is not complete; see [`Error`].
    pub fn answer(
        &self,
        provider: &Provider,
        prompt: Prompt,
        options: Options,
        stream: bool,
    ) -> Answer {
        let target = match self.target(provider) {
            Ok(Some(target)) => target,
            Ok(None) => {
                return stream::iter(local_events(&prompt, stream).into_iter().map(Ok)).boxed();
            }
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        let permit = self.breakers.admit(target.service, target.key);
        let prepared = permit.map(Arc::new).and_then(|permit| {
            let call = self.call(&target, Arc::clone(&permit), prompt, options, stream)?;
            Ok((call, permit))
        });
        match prepared {
            Ok((call, permit)) if stream => streamed(call)
                .inspect(move |item| permit.saw_item(item))
                .boxed(),
            Ok((call, permit)) => complete(call)
                .inspect(move |item| permit.saw_item(item))
                .boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }
}

/// The embedded provider's answer, in pieces of a word if streamed.
fn local_events(prompt: &Prompt, stream: bool) -> Vec<Event> {
    let text = local::answer(&prompt.question, &prompt.passages);
    let passages = prompt.passages.iter().map(|p| tokens::estimate(&p.text));
    let usage = Usage {
        prompt_tokens: passages.fold(tokens::estimate(&prompt.question), u32::saturating_add),
        completion_tokens: tokens::estimate(&text),
        exact: false,
    };
    let pieces: Vec<String> = match stream {
        true => text.split_inclusive(' ').map(str::to_owned).collect(),
        false => vec![text],
    };
    let done = Event::Done {
        finish_reason: FinishReason::Stop,
        usage,
    };
    let deltas = pieces.into_iter().map(Event::Delta);
    deltas.chain([done]).collect()
}
