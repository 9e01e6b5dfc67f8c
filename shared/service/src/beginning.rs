//! Shortening a text for people.

use unicode_segmentation::UnicodeSegmentation;

/// The beginning of `text`, at most `most` characters of it (Unicode scalar values). No letter is parted from its accents
/// and no emoji taken apart, unless that is all there would be.
pub fn beginning(text: &str, most: usize) -> &str {
    let Some((limit, _)) = text.char_indices().nth(most) else {
        return text;
    };
    // What a reader takes for one character may be of any length, so no more of the text is looked at than could be kept.
    let next = text[limit..].chars().next().map_or(0, char::len_utf8);
    let seen = &text[..limit + next];
    let last = seen.grapheme_indices(true).next_back();
    match last {
        Some((at, _)) if at > 0 => &seen[..at],
        _ => &text[..limit],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_between_what_readers_take_for_characters() {
        let family = "👨\u{200d}👩\u{200d}👧";
        for (text, most, kept) in [
            ("", 3, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "abc"),
            ("abe\u{301}x", 3, "ab"),
            ("abe\u{301}x", 4, "abe\u{301}"),
            ("🇩🇪🇫🇷", 3, "🇩🇪"),
            ("a\r\nb", 2, "a"),
            (&format!("a{family}b"), 5, "a"),
            (&format!("a{family}b"), 6, &format!("a{family}")),
            // One that is too long by itself.
            (family, 2, "👨\u{200d}"),
            (
                &"e".chars().chain(['\u{301}'; 9]).collect::<String>(),
                3,
                "e\u{301}\u{301}",
            ),
        ] {
            assert_eq!(beginning(text, most), kept, "{text}");
        }
    }

    proptest! {
        #[test]
        fn is_a_beginning_that_is_short_enough(text in any::<String>(), most in 1..40_usize) {
            let kept = beginning(&text, most);
            prop_assert!(text.starts_with(kept));
            prop_assert!(kept.chars().count() <= most);
            prop_assert!(!kept.is_empty() || text.is_empty());
            let whole = kept.len() == text.len();
            let boundary = text.grapheme_indices(true).any(|(at, _)| at == kept.len());
            let first = text.graphemes(true).next().map_or(0, |g| g.chars().count());
            prop_assert!(whole || boundary || first > most);
        }
    }
}
