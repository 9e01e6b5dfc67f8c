//! Cutting a text into passages: what is searched for, given to a model, and quoted.

use unicode_segmentation::UnicodeSegmentation;

/// The longest passage, in characters: a few paragraphs, which a model can be given five of.
const LONGEST: usize = 1200;
/// A passage of so many characters may end with its paragraph.
const ENOUGH: usize = 300;

/// The passages of `text`, in order. They end with a paragraph where one is long enough, else with a sentence
/// (Unicode UAX 29), and in the middle of one only where it is longer than a passage.
pub(crate) fn passages(text: &str) -> Vec<&str> {
    let (mut passages, mut start, mut end, mut length) = (Vec::new(), 0, 0, 0);
    for piece in text.split_sentence_bounds().flat_map(fitting) {
        let more = piece.chars().count();
        let paragraph_ends = length >= ENOUGH && text[..end].ends_with("\n\n");
        if paragraph_ends || length + more > LONGEST {
            passages.push(&text[start..end]);
            (start, length) = (end, 0);
        }
        end += piece.len();
        length += more;
    }
    passages.push(&text[start..]);
    let filled = passages.into_iter().map(str::trim);
    filled.filter(|passage| !passage.is_empty()).collect()
}

/// `sentence` in pieces that fit a passage, cut between words where there are any.
fn fitting(sentence: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), sentence);
    while let Some((limit, _)) = rest.char_indices().nth(LONGEST) {
        let space = rest[..limit].rfind(char::is_whitespace);
        let cut = space.map_or(limit, |at| {
            at + rest[at..].chars().next().map_or(1, char::len_utf8)
        });
        let (piece, after) = rest.split_at(cut);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_a_short_text_whole() {
        let text = "Refunds take 14 days.\n\nWrite to us.";
        assert_eq!(passages(text), [text]);
        assert!(passages(" \n\t ").is_empty());
    }

    #[test]
    fn ends_with_a_paragraph_that_is_long_enough() {
        let (long, next) = ("One sentence. ".repeat(30), "Another paragraph.");
        let text = format!("{}\n\n{next}", long.trim());
        assert_eq!(passages(&text), [long.trim(), next]);
    }

    #[test]
    fn cuts_a_word_only_when_it_is_too_long() {
        assert_eq!(passages(&"x".repeat(3000)).len(), 3);
        let words = "word ".repeat(1000);
        assert!(
            passages(&words)
                .iter()
                .all(|p| p.split(' ').all(|w| w == "word"))
        );
    }

    proptest! {
        #[test]
        fn loses_no_word(words in proptest::collection::vec("[a-zäöü]{1,12}[.!\n ]{1,2}", 0..600)) {
            let text = words.concat();
            let passages = passages(&text);
            prop_assert!(passages.iter().all(|p| (1..=LONGEST).contains(&p.chars().count())));
            let kept: String = passages.concat().split_whitespace().collect();
            prop_assert_eq!(kept, text.split_whitespace().collect::<String>());
        }

        #[test]
        fn takes_any_text(text in any::<String>()) {
            let kept: String = passages(&text).concat().split_whitespace().collect();
            prop_assert_eq!(kept, text.split_whitespace().collect::<String>());
        }
    }
}
