//! The server-sent events of a stream, cut out of chunks that end anywhere, and in lines that end in any way the
//! standard allows.

use crate::Error;

/// The longest line, in bytes.
pub(crate) const MAX_LINE: usize = 1024 * 1024;

/// What came, as far as an answer is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// The data of an event; never empty.
    Data(String),
    /// An event that is called `error`, with its data.
    Error(String),
    /// A comment: the server lives.
    Comment,
}

/// Collects events. Holds at most one line and one event.
#[derive(Default)]
pub(crate) struct Events {
    /// A line whose end has not come.
    line: Vec<u8>,
    /// The last line ended with a carriage return; a newline that follows belongs to it.
    returned: bool,
    /// The data of an event whose end has not come.
    data: String,
    is_error: bool,
    started: bool,
}

impl Events {
    /// Takes the next chunk and appends what it completes to `out`.
    ///
    /// # Errors
    /// [`Error::Invalid`] on a line, or an event, that is too long; `out` then still holds what came before.
    pub(crate) fn push(&mut self, chunk: &[u8], out: &mut Vec<Item>) -> Result<(), Error> {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, ended) = rest.split_at(end);
            rest = &ended[1..];
            if std::mem::take(&mut self.returned) && end == 0 && ended[0] == b'\n' {
                continue;
            }
            self.returned = ended[0] == b'\r';
            self.more(line)?;
            self.end_line(out)?;
        }
        self.returned &= rest.is_empty();
        self.more(rest)
    }

    /// The event that the end of the stream left open, if any.
    ///
    /// The standard drops it; some servers end their last event with nothing, so the caller decides.
    pub(crate) fn finish(&mut self) -> Option<Item> {
        let mut out = Vec::new();
        // An error here is of a line that is no event then.
        self.end_line(&mut out).ok()?;
        out.pop().or_else(|| self.end_event())
    }

    fn more(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.line.len() + bytes.len() > MAX_LINE {
            return Err(Error::Invalid);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<Item>) -> Result<(), Error> {
        let bytes = std::mem::take(&mut self.line);
        // What is no text within a string of JSON becomes U+FFFD there; elsewhere it is a fault that the parser finds.
        let item = self.line(&String::from_utf8_lossy(&bytes));
        out.extend(item?);
        self.line = bytes;
        self.line.clear();
        Ok(())
    }

    /// Takes one line and gives what it completes. Fields that matter to nobody here are skipped.
    fn line(&mut self, line: &str) -> Result<Option<Item>, Error> {
        let line = match std::mem::replace(&mut self.started, true) {
            true => line,
            false => line.strip_prefix('\u{feff}').unwrap_or(line),
        };
        if line.is_empty() {
            return Ok(self.end_event());
        }
        if line.starts_with('{') {
            // Some servers fail with an object that is in no event. It is no field of one either.
            return Ok(Some(Item::Data(line.to_owned())));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => return Ok(Some(Item::Comment)),
            // A comment that something on the way took for data.
            "data" if value.starts_with(':') => return Ok(Some(Item::Comment)),
            "data" => self.add(value)?,
            "event" => self.is_error = value == "error",
            _ => {}
        }
        Ok(None)
    }

    fn add(&mut self, value: &str) -> Result<(), Error> {
        if self.data.len() + value.len() > MAX_LINE {
            return Err(Error::Invalid);
        }
        if !self.data.is_empty() {
            self.data.push('\n');
        }
        self.data.push_str(value);
        Ok(())
    }

    fn end_event(&mut self) -> Option<Item> {
        let data = std::mem::take(&mut self.data);
        match std::mem::take(&mut self.is_error) {
            true => Some(Item::Error(data)),
            false => (!data.is_empty()).then_some(Item::Data(data)),
        }
    }
}

#[cfg(test)]
#[path = "sse_tests.rs"]
mod tests;
