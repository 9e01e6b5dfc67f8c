//! Names of people.

use crate::{Error, Result};
use unicode_properties::{
    GeneralCategory::{Control, Format},
    UnicodeGeneralCategory,
};

/// Confirms that a `full_name` can be stored: at most 200 characters of any kind, or none.
///
/// # Errors
/// 422: it is longer.
pub fn check_full_name(name: &str) -> Result<()> {
    match name.chars().count() <= 200 {
        true => Ok(()),
        false => Err(Error::field("full_name", "must be at most 200 characters")),
    }
}

/// Whether a character stands for something that people see, or is a space.
pub(crate) fn is_plain(c: char) -> bool {
    !matches!(c.general_category(), Control | Format)
}

/// Whether a text can be a name that people tell from others: something of it can be seen, and nothing in it is hidden but
/// what joins or parts letters, as Persian writing and emoji need it.
pub fn is_visible(text: &str) -> bool {
    let joins = |c| ['\u{200c}', '\u{200d}'].contains(&c);
    let seen = |c: char| is_plain(c) && !c.is_whitespace();
    text.chars().any(seen) && text.chars().all(|c| is_plain(c) || joins(c))
}

#[cfg(test)]
mod tests {
    use super::is_visible;

    #[test]
    fn a_name_can_be_seen() {
        for name in [
            "Acme",
            "A",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{1f469}\u{200d}\u{1f680}",
        ] {
            assert!(is_visible(name), "{name}");
        }
        for name in [
            "",
            " ",
            "\u{200b}",
            "\u{200d}\u{200d}",
            "Ac\u{200b}me",
            "\u{202e}emcA",
            "A\u{0}",
        ] {
            assert!(!is_visible(name), "{name:?}");
        }
    }
}
