//! The secrets that connectors are given.

use secrecy::{ExposeSecret, SecretString};

/// A sealed secret, and how it ends.
pub(super) type Sealed = (Vec<u8>, String);

/// Whether a text is printable ASCII without spaces, of so many characters.
pub(super) fn is_token(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// How a secret ends; empty of a short one.
pub(super) fn last4(secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    // Four of twelve characters give nothing useful away; four of eight would.
    match secret.len() {
        ..12 => String::new(),
        length => secret[length - 4..].to_owned(),
    }
}
