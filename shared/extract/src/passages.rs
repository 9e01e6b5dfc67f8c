//! Cutting a text into passages: what is searched for, given to a model, and quoted.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// The longest passage, in characters: a few paragraphs, which a model can be given five of.
const LONGEST: usize = 1200;
/// A passage of so many characters may end with its paragraph.
const ENOUGH: usize = 300;
/// So many characters in a row without a letter or digit are in no sentence. The rules for sentences look ahead from each
/// of them, so that a long run would take the square of its length.
const LONGEST_GAP: usize = 64;

/// `text` with every line ended by `\n` alone, so that a text is cut alike whatever wrote it.
pub fn with_plain_lines(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text.into(),
    }
}

/// The passages of `text`, in order; its lines end with `\n`. They end with a paragraph where one is long enough, else
/// with a sentence (Unicode UAX 29), and in the middle of one only where it is longer than a passage.
pub fn passages(text: &str) -> Vec<&str> {
    let (mut passages, mut start, mut end, mut length) = (Vec::new(), 0, 0, 0);
    for paragraph in paragraphs(text) {
        if length >= ENOUGH {
            passages.push(&text[start..end]);
            (start, length) = (end, 0);
        }
        for piece in sentences(paragraph) {
            let more = piece.chars().count();
            if length + more > LONGEST {
                passages.push(&text[start..end]);
                (start, length) = (end, 0);
            }
            end += piece.len();
            length += more;
        }
    }
    passages.push(&text[start..]);
    let filled = passages.into_iter().map(str::trim);
    filled.filter(|passage| !passage.is_empty()).collect()
}

/// The paragraphs of `text`, each with the blank lines that end it.
fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (mut end, mut ended) = (0, false);
        for line in rest.split_inclusive('\n') {
            let blank = line.trim().is_empty();
            if ended && !blank {
                break;
            }
            ended |= blank;
            end += line.len();
        }
        let paragraph;
        (paragraph, rest) = rest.split_at(end);
        Some(paragraph).filter(|paragraph| !paragraph.is_empty())
    })
}

/// The sentences of `paragraph`, and the parts of those that are longer than a passage.
fn sentences(paragraph: &str) -> Vec<&str> {
    let (mut sentences, mut rest) = (Vec::new(), paragraph);
    while !rest.is_empty() {
        for sentence in Window::first(rest).sentences() {
            sentences.push(sentence);
            rest = &rest[sentence.len()..];
        }
    }
    sentences
}

/// A part of a paragraph that is no longer than a passage: all that is looked at to find a sentence, so that each
/// character of a long text costs no more than one of a short text.
struct Window<'a> {
    text: &'a str,
    /// Whether its last sentence ends with it.
    whole: bool,
}

impl<'a> Window<'a> {
    /// The window that `text` begins with.
    fn first(text: &'a str) -> Self {
        let (mut gap, mut space) = (0, None);
        for (count, (at, c)) in text.char_indices().enumerate() {
            if gap == LONGEST_GAP {
                let (text, whole) = (&text[..space.unwrap_or(at)], true);
                return Self { text, whole };
            }
            if count == LONGEST {
                let (text, whole) = (&text[..at], false);
                return Self { text, whole };
            }
            if c.is_alphanumeric() {
                (gap, space) = (0, None);
                continue;
            }
            gap += 1;
            if c.is_whitespace() {
                space = Some(at + c.len_utf8());
            }
        }
        Self { text, whole: true }
    }

    /// Its sentences, but for the last if the window breaks that off. Where that is the only one, as many words of it as
    /// there are.
    fn sentences(self) -> Vec<&'a str> {
        let mut sentences: Vec<_> = self.text.split_sentence_bounds().collect();
        if self.whole {
            return sentences;
        }
        if sentences.len() > 1 {
            sentences.pop();
            return sentences;
        }
        let last = self.text.char_indices().rfind(|(_, c)| c.is_whitespace());
        let end = last.map_or(self.text.len(), |(at, space)| at + space.len_utf8());
        vec![&self.text[..end]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything that the rules for sentences are shown while `text` is cut.
    fn windows(text: &str) -> Vec<&str> {
        let mut windows = Vec::new();
        for paragraph in paragraphs(text) {
            let mut rest = paragraph;
            while !rest.is_empty() {
                let window = Window::first(rest);
                windows.push(window.text);
                rest = &rest[window.sentences().concat().len()..];
            }
        }
        windows
    }

    /// Asserts that no more than twice the text is looked at, and how much at once.
    fn assert_bounded(text: &str) {
        let windows = windows(text);
        let looked_at: usize = windows.iter().map(|w| w.chars().count()).sum();
        let all = text.chars().count();
        assert!(looked_at <= 2 * all + LONGEST, "{looked_at} of {all}");
        for window in windows {
            assert!(window.chars().count() <= LONGEST);
            let gaps = window.split(char::is_alphanumeric);
            let longest = gaps.map(|gap| gap.chars().count()).max();
            assert!(longest <= Some(LONGEST_GAP), "{longest:?}");
        }
    }

    #[test]
    fn keeps_a_short_text_whole() {
        let text = "Refunds take 14 days.\n\nWrite to us.";
        assert_eq!(passages(text), [text]);
        assert!(passages(" \n\t ").is_empty());
    }

    #[test]
    fn ends_with_a_paragraph_that_is_long_enough() {
        let (long, next) = ("One sentence. ".repeat(30), "Another paragraph.");
        for blank in ["\n\n", "\n \t\n", "\n\n\n"] {
            let text = format!("{}{blank}{next}", long.trim());
            assert_eq!(passages(&text), [long.trim(), next]);
        }
    }

    #[test]
    fn line_ends_of_every_kind_are_the_same() {
        for text in ["a\n\nb\nc\n", "a\r\n\r\nb\r\nc\r\n", "a\r\rb\rc\r"] {
            assert_eq!(with_plain_lines(text), "a\n\nb\nc\n");
        }
    }

    #[test]
    fn a_sentence_that_a_window_breaks_off_stays_whole() {
        let sentence = format!("{}end. ", "Word ".repeat(180));
        let text = sentence.repeat(5);
        assert_eq!(passages(&text), [sentence.trim(); 5]);
    }

    #[test]
    fn cuts_a_word_only_when_it_is_too_long() {
        assert_eq!(passages(&"x".repeat(3000)).len(), 3);
        for word in ["word", "1.5,", "(-)"] {
            let words = format!("{word} ").repeat(1000);
            let passages = passages(&words);
            assert!(passages.len() > 1);
            assert!(passages.iter().all(|p| p.split(' ').all(|w| w == word)));
        }
    }

    #[test]
    fn a_text_that_is_no_prose_costs_no_more() {
        for odd in [
            ". ",
            " ",
            ")",
            ".",
            "\n",
            "\r",
            "...)) ",
            "1 ",
            "é",
            "👨\u{200d}",
        ] {
            assert_bounded(&odd.repeat((64 << 10) / odd.len()));
        }
        assert_bounded(&format!("a.{}b", " ".repeat(64 << 10)));
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

        #[test]
        fn looks_at_any_text_twice_at_most(pieces in proptest::collection::vec("(a|\\.|\\)| |é|1){1,3}", 1..3), times in 1..3000_usize) {
            assert_bounded(&pieces.concat().repeat(times));
        }
    }
}
