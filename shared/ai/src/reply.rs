//! The state of an answer: what has come, and whether it is complete.

use tokio_util::bytes::Bytes;

use crate::{
    Error, Event, FinishReason, Meter,
    chunk::{Choice, Chunk, Said},
    frames::Frames,
    reported,
    sse::Item,
    text::{Joined, Wtf8},
    think::Think,
    tokens,
};

/// The most bytes of thoughts and text.
const MAX_WRITTEN: usize = 8 * 1024 * 1024;

/// Reads an answer. It does no input or output of its own.
pub(crate) struct Reply {
    frames: Frames,
    think: Think,
    text: Joined,
    thoughts: Joined,
    /// How many bytes of both have come.
    written: usize,
    /// The most tokens to read, where the provider was not told.
    most: Option<u32>,
    /// Which of several choices is read: the first that comes, since one is asked for.
    index: Option<u64>,
    finish_reason: Option<FinishReason>,
    meter: Meter,
    /// Whether there has been a place for text, be it empty.
    is_answer: bool,
    /// Whether the body is of this API at all, as far as can be told.
    is_known: bool,
    /// Whether the model has begun to write or to think.
    pub(crate) started: bool,
}

/// What one step of the transport brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing but comments, or part of an event.
    Nothing,
    /// At least one event, and more is to come.
    Progress,
    /// The answer is complete.
    Complete,
}

impl Reply {
    /// For an answer of a model that marks its thoughts, or, if it `is_unmarked`, only their end.
    pub(crate) fn new(meter: Meter, is_unmarked: bool) -> Self {
        Reply {
            frames: Frames::new(),
            think: Think::new(is_unmarked),
            written: 0,
            most: None,
            index: None,
            text: Joined::default(),
            thoughts: Joined::default(),
            finish_reason: None,
            meter,
            is_answer: false,
            is_known: false,
            started: false,
        }
    }

    /// It ends after about `most` tokens, if the provider was not told to end it.
    pub(crate) fn end_at(&mut self, most: Option<u32>) {
        self.most = most;
    }

    /// Takes what the transport gave: a chunk, the end, or a failure. Appends what the model wrote to `out`, also
    /// when it fails.
    ///
    /// Once the model has said why it stopped, the answer is whole, and a transport or a provider that then fails,
    /// or ends without the closing event, takes nothing from it.
    ///
    /// # Errors
    /// The given failure; what the provider reports, be it only [`Error::Interrupted`] once something was written;
    /// that also if the stream ended or made no sense any more before the answer was whole; [`Error::Invalid`] if it
    /// cannot be read at all, has no answer in it, or is over a cap.
    pub(crate) fn step(
        &mut self,
        given: Result<Option<Bytes>, Error>,
        out: &mut Vec<Event>,
    ) -> Result<Step, Error> {
        let step = match given {
            Ok(Some(chunk)) => self.chunk(&chunk, out),
            Ok(None) => self.end(out),
            Err(_) if self.finish_reason.is_some() => self.complete(),
            Err(error) => Err(error),
        };
        if !matches!(step, Ok(Step::Nothing | Step::Progress)) {
            self.release(out);
        }
        step
    }

    fn chunk(&mut self, chunk: &[u8], out: &mut Vec<Event>) -> Result<Step, Error> {
        let mut items = Vec::new();
        let outcome = self.frames.push(chunk, &mut items);
        let mut step = Step::Nothing;
        for item in items {
            match item {
                Item::Comment => self.is_known = true,
                Item::Error(data) => step = self.error(&data)?,
                Item::Data(data) => step = self.data(&data, out)?,
            }
            if step == Step::Complete {
                return Ok(step);
            }
        }
        outcome.map(|()| step)
    }

    fn end(&mut self, out: &mut Vec<Event>) -> Result<Step, Error> {
        let (item, is_whole) = self.frames.finish();
        let step = match item {
            Some(Item::Data(data)) => self.data(&data, out),
            Some(Item::Error(data)) => self.error(&data),
            Some(Item::Comment) | None => Ok(Step::Nothing),
        };
        match step {
            // Its own braces say that nothing is missing.
            Ok(_) if is_whole => self.complete(),
            Ok(Step::Complete) => Ok(Step::Complete),
            Err(error) if is_whole => Err(error),
            _ if self.finish_reason.is_some() => self.complete(),
            Err(Error::Invalid) => Err(Error::Interrupted),
            Err(error) => Err(error),
            Ok(_) if self.is_known => Err(Error::Interrupted),
            Ok(_) => Err(Error::Invalid),
        }
    }

    fn complete(&self) -> Result<Step, Error> {
        match self.is_answer {
            true => Ok(Step::Complete),
            false => Err(Error::Invalid),
        }
    }

    fn data(&mut self, data: &str, out: &mut Vec<Event>) -> Result<Step, Error> {
        if data.trim() == "[DONE]" {
            return self.complete();
        }
        let chunk = match Chunk::parse(data) {
            Ok(chunk) => chunk,
            // Something on the way wanted to see whether anybody is there.
            Err(_) if !data.trim_start().starts_with(['{', '[']) => return Ok(Step::Nothing),
            Err(e) => return self.broken(e.is_eof()),
        };
        self.meter.read(&chunk);
        if let Some(error) = chunk.error {
            return self.failed(error);
        }
        self.is_known |= chunk.is_known;
        match chunk.choice {
            Some(choice) if *self.index.get_or_insert(choice.index) == choice.index => {
                self.choice(choice, out)
            }
            _ => Ok(Step::Progress),
        }
    }

    /// An event that is called an error.
    fn error(&mut self, data: &str) -> Result<Step, Error> {
        match Chunk::parse(data) {
            Ok(Chunk {
                error: Some(error), ..
            }) => self.failed(error),
            // The object is the error itself, or nothing is known of it.
            _ => self.failed(reported::meaning_of_text(data)),
        }
    }

    /// What the provider reports counts as such before the model has begun: later it is no more than the end, unless the
    /// question must not be asked again.
    fn failed(&self, error: Error) -> Result<Step, Error> {
        match error {
            _ if self.finish_reason.is_some() => Ok(Step::Progress),
            error if error.is_refusal() => Err(error),
            _ if self.started => Err(Error::Interrupted),
            _ => Err(error),
        }
    }

    /// An object that cannot be read; `is_cut` where its end is missing.
    fn broken(&self, is_cut: bool) -> Result<Step, Error> {
        match self.is_known || is_cut {
            _ if self.finish_reason.is_some() => Ok(Step::Progress),
            true => Err(Error::Interrupted),
            false => Err(Error::Invalid),
        }
    }

    fn choice(&mut self, choice: Choice<'_>, out: &mut Vec<Event>) -> Result<Step, Error> {
        self.is_answer |= choice.delta.is_some() || choice.message.is_some();
        let is_delta = choice.delta.is_some();
        let delta = choice.delta.unwrap_or_default();
        let message = choice.message.unwrap_or_default();
        let repeats = is_delta && self.started;
        match delta.text.is_empty() && delta.reasoning.is_empty() && !repeats {
            true => self.said(message, out)?,
            false => self.said(delta, out)?,
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            // DeepSeek's word for having given up for lack of capacity, and OpenRouter's for any failure.
            Some("insufficient_system_resource" | "error") => {
                return self.failed(Error::Interrupted);
            }
            Some(name) => self.finish_reason = Some(FinishReason::of(name)),
        }
        if self
            .most
            .is_some_and(|most| tokens::of_bytes(self.written) >= most)
        {
            self.finish_reason = Some(FinishReason::Length);
            return self.complete();
        }
        Ok(Step::Progress)
    }

    fn said(&mut self, said: Said, out: &mut Vec<Event>) -> Result<(), Error> {
        let thoughts = joined(&mut self.thoughts, &said.reasoning);
        let text = joined(&mut self.text, &said.text);
        self.written += thoughts.len() + text.len();
        if self.written > MAX_WRITTEN {
            return Err(Error::Invalid);
        }
        self.meter.wrote(thoughts.len() + text.len());
        self.started |= !(said.text.is_empty() && said.reasoning.is_empty());
        let before = out.len();
        if !thoughts.is_empty() {
            out.push(Event::Reasoning(thoughts));
        }
        if !text.is_empty() {
            self.think.push(&text, out);
        }
        let is_thought = |event: &Event| matches!(event, Event::Reasoning(_));
        if out[before..].iter().any(is_thought) {
            self.meter.thought();
        }
        Ok(())
    }

    /// Gives what was held back for what might have followed.
    fn release(&mut self, out: &mut Vec<Event>) {
        let halves = [self.thoughts.finish(), self.text.finish()];
        let [thoughts, text] = halves.map(|half| half.map(String::from));
        out.extend(thoughts.map(Event::Reasoning));
        if let Some(text) = text {
            self.think.push(&text, out);
        }
        self.think.finish(out);
    }

    /// The last event of a complete answer.
    pub(crate) fn done(&self) -> Event {
        Event::Done {
            finish_reason: self.finish_reason.unwrap_or(FinishReason::Other),
            spent: self.meter.complete(),
        }
    }
}

fn joined(joined: &mut Joined, pieces: &[Wtf8]) -> String {
    pieces.iter().map(|piece| joined.push(piece)).collect()
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
