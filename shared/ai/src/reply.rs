//! The state of a streamed answer: what has come, and whether it is complete.

use tokio_util::bytes::Bytes;

use crate::{
    Error, Event, FinishReason,
    chat::{Choice, Completion, WireUsage, usage},
    sse::Events,
};

/// Reads a streamed answer. It does no input or output of its own.
pub(crate) struct Reply {
    events: Events,
    finish_reason: Option<FinishReason>,
    counted: Option<WireUsage>,
    prompt_tokens: u32,
    text_bytes: usize,
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
    pub(crate) fn new(prompt_tokens: u32) -> Self {
        Reply {
            events: Events::new(),
            finish_reason: None,
            counted: None,
            prompt_tokens,
            text_bytes: 0,
            started: false,
        }
    }

    /// Takes what the transport gave: a chunk, the end, or a failure. Appends new text to `out`, also
    /// when it fails.
    ///
    /// Once the model has said why it stopped, the answer is whole, and a transport that then fails,
    /// or ends without the closing event, takes nothing from it.
    ///
    /// # Errors
    /// The given failure; [`Error::Interrupted`] if the stream ended or reported an error before the
    /// answer was whole; [`Error::Invalid`] if it cannot be read or is over a cap.
    pub(crate) fn step(
        &mut self,
        given: Result<Option<Bytes>, Error>,
        out: &mut Vec<String>,
    ) -> Result<Step, Error> {
        match given {
            Ok(Some(chunk)) => self.chunk(&chunk, out),
            Ok(None) => self.end(out),
            Err(_) if self.finish_reason.is_some() => Ok(Step::Complete),
            Err(error) => Err(error),
        }
    }

    fn chunk(&mut self, chunk: &[u8], out: &mut Vec<String>) -> Result<Step, Error> {
        let mut events = Vec::new();
        let outcome = self.events.push(chunk, &mut events);
        for event in &events {
            if self.event(event, out)? == Step::Complete {
                return Ok(Step::Complete);
            }
        }
        outcome?;
        match events.is_empty() {
            true => Ok(Step::Nothing),
            false => Ok(Step::Progress),
        }
    }

    fn end(&mut self, out: &mut Vec<String>) -> Result<Step, Error> {
        let complete = match self.events.finish() {
            // An event cut short by the end of the stream is no event.
            Some(event) => match self.event(&event, out) {
                Ok(step) => step == Step::Complete,
                Err(_) => false,
            },
            None => false,
        };
        match complete || self.finish_reason.is_some() {
            true => Ok(Step::Complete),
            false => Err(Error::Interrupted),
        }
    }

    fn event(&mut self, event: &str, out: &mut Vec<String>) -> Result<Step, Error> {
        if event.trim() == "[DONE]" {
            return Ok(Step::Complete);
        }
        let event: Completion = serde_json::from_str(event).map_err(|_| Error::Invalid)?;
        if event.error.is_some() {
            return Err(Error::Interrupted);
        }
        self.counted = event.usage.or(self.counted);
        if let Some(choice) = event.choices.into_iter().next() {
            self.choice(choice, out)?;
        }
        Ok(Step::Progress)
    }

    fn choice(&mut self, choice: Choice, out: &mut Vec<String>) -> Result<(), Error> {
        let delta = choice.delta.unwrap_or_default();
        self.started |= delta.reasons();
        if let Some(text) = delta.into_text() {
            self.started = true;
            self.text_bytes += text.len();
            out.push(text);
        }
        if let Some(reason) = choice.finish_reason {
            self.finish_reason = Some(finish_reason(&reason)?);
        }
        Ok(())
    }

    /// The last event of a complete answer.
    pub(crate) fn done(&self) -> Event {
        Event::Done {
            finish_reason: self.finish_reason.unwrap_or(FinishReason::Other),
            usage: usage(self.counted, self.prompt_tokens, self.text_bytes),
        }
    }
}

/// The reason that a provider calls `name`.
///
/// # Errors
/// [`Error::Interrupted`] for DeepSeek's word for having given up for lack of capacity.
pub(crate) fn finish_reason(name: &str) -> Result<FinishReason, Error> {
    match name {
        "insufficient_system_resource" => Err(Error::Interrupted),
        name => Ok(FinishReason::of(name)),
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
