//! Names of people.

use crate::{Error, Result};
use unicode_properties::{
    GeneralCategory::{Control, Format},
    UnicodeGeneralCategory,
};

/// Confirms that a `full_name` can be stored: at most 200 characters of which something can be seen, or none.
///
/// # Errors
/// 422: it is longer, or shows nothing.
pub fn check_full_name(name: &str) -> Result<()> {
    let wrong = if name.chars().count() > 200 {
        "must be at most 200 characters"
    } else if !name.is_empty() && !shows(name) {
        "shows nothing: leave it empty, or write letters that people can see"
    } else {
        return Ok(());
    };
    Err(Error::field("full_name", wrong))
}

/// Whether anything of a text can be seen.
pub fn shows(text: &str) -> bool {
    let seen = |c: char| is_plain(c) && !c.is_whitespace() && !is_blank(c) && !is_variation(c);
    text.chars().any(seen)
}

/// Whether a character stands for something that people see, or is a space.
pub(crate) fn is_plain(c: char) -> bool {
    !matches!(c.general_category(), Control | Format)
}

/// Whether a character that is counted among letters and signs is shown as nothing, or as a gap: fillers of Hangul, vowels
/// of Khmer that nobody writes, Braille without a dot, and what Unicode has set aside for more of the kind
/// (Default_Ignorable_Code_Point).
fn is_blank(c: char) -> bool {
    matches!(c,
        '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}')
}

/// Whether a character only says how the one before it looks, or holds two together.
fn is_variation(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a text can be a name that people tell from others: something of it can be seen, and nothing in it is hidden but
/// what joins or parts letters, or says how they look, as Persian writing and emoji need it.
pub fn is_visible(text: &str) -> bool {
    let joins = |c| ['\u{200c}', '\u{200d}'].contains(&c);
    let shown = |c: char| (is_plain(c) && !is_blank(c)) || joins(c);
    shows(text) && text.chars().all(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_seen() {
        for name in [
            "Acme",
            "A",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{1f469}\u{200d}\u{1f680}",
            "\u{2764}\u{fe0f}",
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
            "\u{3164}",
            "\u{2800}\u{2800}",
            "Acme\u{3164}",
            "\u{fe0f}",
        ] {
            assert!(!is_visible(name), "{name:?}");
        }
    }

    #[test]
    fn a_name_that_shows_nothing_is_told_from_none() {
        for name in ["", "A", "\u{3164}A", "\u{200b}A", "\u{2764}\u{fe0f}"] {
            assert!(check_full_name(name).is_ok(), "{name:?}");
        }
        for name in [
            " ",
            "\u{3164}",
            "\u{2800}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{17b5}",
            "\u{34f}",
            "\u{200b}\u{feff}",
            "\u{e0100}",
            "\u{180e}",
            "\t\n",
        ] {
            assert!(check_full_name(name).is_err(), "{name:?}");
        }
    }
}
