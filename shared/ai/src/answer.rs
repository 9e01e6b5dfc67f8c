//! Answering a question, by whichever provider and in whichever mode.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};

use crate::{
    Client, Error, Event, FinishReason, LOCAL_MODEL, Meter, Options, Prompt, Provider,
    complete::complete, local, stream::streamed, tokens, until::until,
};

/// One answer: pieces of text and then exactly one end, [`Event::Done`] or an error.
pub struct Answer {
    items: BoxStream<'static, Result<Event, Error>>,
    meter: Meter,
}

impl Answer {
    /// What tells how much this answer has used so far, also when it is dropped, or ended by an error.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// As it is, but that it ends before any of `stops`.
    fn until(self, stops: Vec<String>, at_once: bool) -> Self {
        if stops.is_empty() {
            return self;
        }
        let Answer { items, meter } = self;
        Answer::new(until(items, stops, meter.clone(), at_once), meter)
    }

    fn new(items: impl Stream<Item = Result<Event, Error>> + Send + 'static, meter: Meter) -> Self {
        let items = items.boxed();
        Answer { items, meter }
    }

    /// An answer that was not even asked for.
    fn failed(error: Error) -> Self {
        Answer::new(stream::iter([Err(error)]), Meter::default())
    }
}

impl Stream for Answer {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.as_mut().poll_next(context)
    }
}

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
        mut options: Options,
        stream: bool,
    ) -> Answer {
        let stops = std::mem::take(&mut options.stop);
        // How much a model has thought is told at the end alone, and is paid for.
        let target = self.target(provider).ok().flatten();
        let model =
            target.and_then(|target| self.models.get(&target.endpoint.table, &options.model));
        let thinks = options.thoughts || model.is_some_and(|model| model.thinks(&options));
        self.whole_answer(provider, prompt, options, stream)
            .until(stops, stream && !thinks)
    }

    fn whole_answer(
        &self,
        provider: &Provider,
        prompt: Prompt,
        options: Options,
        stream: bool,
    ) -> Answer {
        let target = match self.target(provider) {
            Ok(Some(target)) => target,
            Ok(None) => return local_answer(&prompt, stream),
            Err(error) => return Answer::failed(error),
        };
        let permit = self.breakers.admit(target.service, target.key);
        let prepared = permit.map(Arc::new).and_then(|permit| {
            let call = self.call(&target, Arc::clone(&permit), prompt, options, stream)?;
            Ok((call, permit))
        });
        let (call, permit) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Answer::failed(error),
        };
        let meter = call.meter.clone();
        let mut timed = self.times.begin(target.service, "chat");
        let saw = move |item: &Result<Event, Error>| {
            permit.saw_item(item);
            timed.saw_item(item);
        };
        match stream {
            true => Answer::new(streamed(call).inspect(saw), meter),
            false => Answer::new(complete(call).inspect(saw), meter),
        }
    }
}

/// The embedded provider's answer, in pieces of a word if streamed.
fn local_answer(prompt: &Prompt, stream: bool) -> Answer {
    let text = local::answer(&prompt.question, &prompt.passages);
    let passages = prompt.passages.iter().map(|p| tokens::estimate(&p.text));
    let read = passages.fold(tokens::estimate(&prompt.question), u32::saturating_add);
    let meter = Meter::new(read);
    meter.sent();
    meter.wrote(text.len());
    meter.named(LOCAL_MODEL);
    let pieces: Vec<String> = match stream {
        true => text.split_inclusive(' ').map(str::to_owned).collect(),
        false => vec![text],
    };
    let done = Event::Done {
        finish_reason: FinishReason::Stop,
        spent: meter.complete(),
    };
    let deltas = pieces.into_iter().map(Event::Delta);
    let items: Vec<_> = deltas.chain([done]).map(Ok).collect();
    Answer::new(stream::iter(items), meter)
}
