//! The state of an answer: what has come, and whether it is complete.

use tokio_util::bytes::Bytes;

use crate::{
    Error, Event, FinishReason, Meter,
    chunk::{Choice, Chunk, Said},
    frames::Frames,
    sse::Item,
    text::{Joined, Wtf8},
    think::Think,
};

/// Reads an answer. It does no input or output of its own.
pub(crate) struct Reply {
    frames: Frames,
    think: Think,
    text: Joined,
    thoughts: Joined,
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
    /// For an answer that is passed on as it comes, or one that `holds` what may be thoughts, as [`Think::new`] has it.
    pub(crate) fn new(meter: Meter, holds: bool) -> Self {
        Reply {
            frames: Frames::new(),
            think: Think::new(holds),
            text: Joined::default(),
            thoughts: Joined::default(),
            finish_reason: None,
            meter,
            is_answer: false,
            is_known: false,
            started: false,
        }
    }

    /// Takes what the transport gave: a chunk, the end, or a failure. Appends what the model wrote to `out`, also
    /// when it fails.
    ///
    /// Once the model has said why it stopped, the answer is whole, and a transport that then fails,
    /// or ends without the closing event, takes nothing from it.
    ///
    /// # Errors
    /// The given failure; [`Error::Interrupted`] if the stream ended or reported an error before the
    /// answer was whole; [`Error::Invalid`] if it cannot be read, has no answer in it, or is over a cap.
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
                Item::Error => return Err(Error::Interrupted),
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
            Some(Item::Error) => Err(Error::Interrupted),
            Some(Item::Comment) | None => Ok(Step::Nothing),
        };
        match step {
            // Its own braces say that nothing is missing.
            Ok(_) if is_whole => self.complete(),
            Ok(Step::Complete) => Ok(Step::Complete),
            Err(error) if is_whole => Err(error),
            _ if self.finish_reason.is_some() => self.complete(),
            // An event cut short by the end of the stream is no event.
            Err(_) => Err(Error::Interrupted),
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
        let chunk = Chunk::parse(data).ok_or(Error::Invalid)?;
        self.meter.read(&chunk);
        if chunk.is_error {
            return Err(Error::Interrupted);
        }
        self.is_known |= chunk.is_known;
        if let Some(choice) = chunk.choice {
            self.choice(choice, out)?;
        }
        Ok(Step::Progress)
    }

    fn choice(&mut self, choice: Choice<'_>, out: &mut Vec<Event>) -> Result<(), Error> {
        self.is_answer |= choice.delta.is_some() || choice.message.is_some();
        let is_delta = choice.delta.is_some();
        let delta = choice.delta.unwrap_or_default();
        let message = choice.message.unwrap_or_default();
        let repeats = is_delta && self.started;
        match delta.text.is_empty() && delta.reasoning.is_empty() && !repeats {
            true => self.said(message, out),
            false => self.said(delta, out),
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            // DeepSeek's word for having given up for lack of capacity, and OpenRouter's for any failure.
            Some("insufficient_system_resource" | "error") => return Err(Error::Interrupted),
            Some(name) => self.finish_reason = Some(FinishReason::of(name)),
        }
        Ok(())
    }

    fn said(&mut self, said: Said, out: &mut Vec<Event>) {
        let thoughts = joined(&mut self.thoughts, &said.reasoning);
        let text = joined(&mut self.text, &said.text);
        self.meter.wrote(thoughts.len() + text.len());
        self.started |= !(said.text.is_empty() && said.reasoning.is_empty());
        if !thoughts.is_empty() {
            out.push(Event::Reasoning(thoughts));
        }
        if !text.is_empty() {
            self.think.push(&text, out);
        }
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

    /// Whether the model marks only the end of its thoughts, and they went on as text.
    pub(crate) fn is_unmarked(&self) -> bool {
        self.think.is_unmarked()
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
