//! How much of a secret people may see, to tell it from others.

use secrecy::{ExposeSecret, SecretString};

/// How many of a secret's last characters are shown.
const SHOWN: usize = 4;
/// A secret of fewer characters shows none: four of twelve give nothing useful away; four of eight would.
const SHORTEST: usize = 12;

/// How a secret ends, whatever it is written in; empty of a short one.
pub fn last4(secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    match secret.chars().count() {
        ..SHORTEST => String::new(),
        _ => ending(secret, SHOWN).to_owned(),
    }
}

/// The last `count` characters of a text; all of a shorter one. Bytes would cut some in two.
pub(crate) fn ending(text: &str, count: usize) -> &str {
    let start = text.char_indices().rev().take(count).last();
    &text[start.map_or(text.len(), |(at, _)| at)..]
}

/// What is shown of a secret that was made here, which begins with `prefix`.
pub(crate) fn hint(prefix: &str, secret: &str) -> String {
    format!("{prefix}...{}", ending(secret, SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn four_characters_are_shown_of_twelve() {
        for (secret, shown) in [
            ("", ""),
            ("sk-12345678", ""),
            ("sk-123456789", "6789"),
            // Eleven characters of 22 bytes.
            ("ééééééééééé", ""),
            ("sk-12345678éé", "78éé"),
            ("sk-12345678éé!", "8éé!"),
            ("sk-12345678🦀€ж!", "🦀€ж!"),
        ] {
            assert_eq!(last4(&secret.into()), shown, "{secret}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_ending(text: String, count in 0..8_usize) {
            let last = text.chars().rev().take(count).collect::<Vec<_>>();
            prop_assert_eq!(ending(&text, count), last.into_iter().rev().collect::<String>());
        }
    }
}
