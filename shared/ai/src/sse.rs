//! The server-sent events of a stream, cut out of chunks that end anywhere.
//!
//! Lines are cut by [`LinesCodec`], which bounds their length and keeps characters whole. It is driven
//! directly rather than through a reader, so that the caller keeps its own kinds of error and can put a
//! deadline on each chunk. It knows no line ends of a lone carriage return; the standard allows them,
//! no provider sends them.

use tokio_util::{
    bytes::BytesMut,
    codec::{Decoder, LinesCodec},
};

use crate::Error;

/// The longest line, in bytes.
pub(crate) const MAX_LINE: usize = 1024 * 1024;

/// The most bytes of a whole stream, comments included.
pub(crate) const MAX_STREAM: usize = 8 * 1024 * 1024;

/// Collects the `data` of events. Holds at most one line and one event.
pub(crate) struct Events {
    lines: LinesCodec,
    buffer: BytesMut,
    /// The lines of `data` of an event whose end has not come.
    data: Option<String>,
    received: usize,
    first: bool,
}

impl Events {
    pub(crate) fn new() -> Self {
        Events {
            lines: LinesCodec::new_with_max_length(MAX_LINE),
            buffer: BytesMut::new(),
            data: None,
            received: 0,
            first: true,
        }
    }

    /// Takes the next chunk and appends the events that it completes to `out`.
    ///
    /// # Errors
    /// [`Error::Invalid`] over a cap or on bytes that are not UTF-8; `out` then still holds the events
    /// before the fault.
    pub(crate) fn push(&mut self, chunk: &[u8], out: &mut Vec<String>) -> Result<(), Error> {
        let room = MAX_STREAM - self.received;
        let fits = &chunk[..chunk.len().min(room)];
        self.received += fits.len();
        self.buffer.extend_from_slice(fits);
        while let Some(line) = self.decode()? {
            out.extend(self.line(&line));
        }
        if fits.len() < chunk.len() {
            return Err(Error::Invalid);
        }
        Ok(())
    }

    /// The event that the end of the stream left open, if any.
    ///
    /// The standard drops it; some servers end their last event with nothing, so the caller decides.
    pub(crate) fn finish(&mut self) -> Option<String> {
        if let Ok(Some(line)) = self.lines.decode_eof(&mut self.buffer)
            && let Some(event) = self.line(&line)
        {
            return Some(event);
        }
        self.data.take()
    }

    fn decode(&mut self) -> Result<Option<String>, Error> {
        self.lines
            .decode(&mut self.buffer)
            .map_err(|_| Error::Invalid)
    }

    /// Takes one line and gives the event that it ends. Comments and other fields are skipped.
    fn line(&mut self, line: &str) -> Option<String> {
        let line = match std::mem::take(&mut self.first) {
            true => line.strip_prefix('\u{feff}').unwrap_or(line),
            false => line,
        };
        if line.is_empty() {
            return self.data.take();
        }
        let value = match line.strip_prefix("data") {
            Some("") => "",
            Some(rest) => rest.strip_prefix(':')?,
            None => return None,
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => self.data = Some(value.to_owned()),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Result<(), Error>) {
        let mut events = Events::new();
        let mut out = Vec::new();
        for chunk in chunks {
            if let Err(error) = events.push(chunk, &mut out) {
                return (out, Err(error));
            }
        }
        out.extend(events.finish());
        (out, Ok(()))
    }

    #[test]
    fn reads_what_servers_send() {
        let text = "\u{feff}: keep-alive\n\ndata: a\r\n\r\nevent: x\nid: 1\ndata:b\ndata: c\ndata\n\n\
                    database: no\n\n\n\ndata:  d\n\ndata: [DONE]";
        let (events, outcome) = parse([text.as_bytes()]);
        assert_eq!(events, ["a", "b\nc\n", " d", "[DONE]"]);
        assert_eq!(outcome, Ok(()));
    }

    // R61
    #[test]
    fn an_endless_line_is_refused_early_and_cheaply() {
        let mut events = Events::new();
        let mut out = Vec::new();
        let chunk = vec![b'x'; 64 * 1024];
        let pushed = (0..1000).find(|_| events.push(&chunk, &mut out).is_err());
        assert_eq!(pushed, Some(MAX_LINE / chunk.len()));
        assert!(events.buffer.capacity() <= 4 * MAX_LINE);
        assert!(out.is_empty());
    }

    // R61
    #[test]
    fn an_endless_stream_of_short_lines_is_refused() {
        let mut events = Events::new();
        let mut out = Vec::new();
        let chunk = b": keep-alive\n".repeat(1000);
        let pushed = (0..10_000).find(|_| events.push(&chunk, &mut out).is_err());
        assert_eq!(pushed, Some(MAX_STREAM / chunk.len()));
        assert!(events.buffer.capacity() <= MAX_LINE);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let (events, outcome) = parse([&b"data: a\n\ndata: \xff\n\n"[..]]);
        assert_eq!(events, ["a"]);
        assert_eq!(outcome, Err(Error::Invalid));
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"".to_vec()),
            Just(b"data".to_vec()),
            Just(b": keep-alive".to_vec()),
            "data: ?[a-zé漢😀 ]{0,12}".prop_map(String::into_bytes),
            ".{0,12}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..6),
        ]
    }

    proptest! {
        #[test]
        fn the_cuts_do_not_matter(
            lines in prop::collection::vec((line(), any::<bool>()), 0..20),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let mut bytes = Vec::new();
            for (line, crlf) in lines {
                bytes.extend(line);
                bytes.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
            prop_assert_eq!(parse(pieces), parse([&bytes[..]]));
            prop_assert_eq!(parse(bytes.chunks(1)), parse([&bytes[..]]));
        }
    }
}
