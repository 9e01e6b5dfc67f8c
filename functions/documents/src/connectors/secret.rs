//! The secrets that connectors are given.

/// A sealed secret, and how it ends.
pub(super) type Sealed = (Vec<u8>, String);

/// Whether a text is printable ASCII without spaces, of so many characters.
pub(super) fn is_token(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}
