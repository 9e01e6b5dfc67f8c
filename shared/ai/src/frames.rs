//! Whether a body is a stream of events or one piece of JSON. Servers answer with either, whatever they were asked for
//! and whatever they call it; the first byte that is no white space tells.

use crate::{
    Error,
    sse::{Events, Item},
};

/// The most bytes of a whole stream, comments included. A token of text comes in an object of several hundred bytes.
pub(crate) const MAX_STREAM: usize = 64 * 1024 * 1024;

/// What some servers put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The most bytes of an answer in one piece.
pub(crate) const MAX_JSON: usize = 4 * 1024 * 1024;

/// A body that is being read.
pub(crate) struct Frames {
    kind: Kind,
    received: usize,
}

enum Kind {
    /// Nothing has come but white space, which some servers send while one waits, and this beginning of a byte order mark.
    Unknown(Vec<u8>),
    Events(Events),
    Json(Vec<u8>),
}

impl Frames {
    pub(crate) fn new() -> Self {
        Frames {
            kind: Kind::Unknown(Vec::new()),
            received: 0,
        }
    }

    /// Takes the next chunk and appends what it completes to `out`.
    ///
    /// # Errors
    /// [`Error::Invalid`] over a cap, or if this is no answer but a page; `out` then still holds what came before.
    pub(crate) fn push(&mut self, chunk: &[u8], out: &mut Vec<Item>) -> Result<(), Error> {
        let fits = &chunk[..chunk.len().min(MAX_STREAM - self.received)];
        self.received += fits.len();
        self.take(fits, out)?;
        match fits.len() < chunk.len() {
            true => Err(Error::Invalid),
            false => Ok(()),
        }
    }

    fn take(&mut self, chunk: &[u8], out: &mut Vec<Item>) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Events(events) => events.push(chunk, out),
            Kind::Json(body) if body.len() + chunk.len() > MAX_JSON => Err(Error::Invalid),
            Kind::Json(body) => {
                body.extend_from_slice(chunk);
                Ok(())
            }
            Kind::Unknown(held) => {
                held.extend_from_slice(chunk);
                let begun = held.trim_ascii_start();
                if BYTE_ORDER_MARK.starts_with(begun) {
                    *held = begun.to_vec();
                    return Ok(());
                }
                let begun = begun.strip_prefix(BYTE_ORDER_MARK).unwrap_or(begun);
                let body = begun.trim_ascii_start().to_vec();
                self.kind = match body.first() {
                    None => Kind::Unknown(BYTE_ORDER_MARK.to_vec()),
                    Some(b'{' | b'[') => Kind::Json(Vec::new()),
                    Some(b'<') => return Err(Error::Invalid),
                    Some(_) => Kind::Events(Events::default()),
                };
                match self.kind {
                    Kind::Unknown(_) => Ok(()),
                    _ => self.take(&body, out),
                }
            }
        }
    }

    /// What the end of the body completes, and whether it is an answer in one piece.
    pub(crate) fn finish(&mut self) -> (Option<Item>, bool) {
        match std::mem::replace(&mut self.kind, Kind::Unknown(Vec::new())) {
            Kind::Unknown(_) => (None, false),
            Kind::Events(mut events) => (events.finish(), false),
            Kind::Json(body) => {
                let text = String::from_utf8_lossy(&body).into_owned();
                (Some(Item::Data(text)), true)
            }
        }
    }
}
