//! Cutting the text of a document into sentences.

/// What an item of a list, a row of a table or a heading begins with.
const MARKS: [char; 5] = ['-', '*', '•', '#', '|'];

/// A sentence of a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    /// Whether it stands over what follows, and says little without it.
    pub(crate) heading: bool,
}

/// The sentences of `text`, in order, with runs of white space made one space.
///
/// A blank line, a list item and a heading end a sentence too. A full stop before a lower-case letter,
/// as in "e.g. this", does not. A heading is marked with `#`, or is a line by itself without a full stop.
pub(crate) fn split(text: &str) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut block = String::new();
    let mut lines = 0;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(MARKS) {
            let heading = line.is_empty() && lines == 1 && is_heading(&block);
            cut(&std::mem::take(&mut block), heading, &mut sentences);
            lines = 0;
        }
        for word in line.split_whitespace() {
            if !block.is_empty() {
                block.push(' ');
            }
            block.push_str(word);
        }
        lines += usize::from(!line.is_empty());
        if line.starts_with('#') {
            cut(&std::mem::take(&mut block), true, &mut sentences);
            lines = 0;
        }
    }
    cut(&block, false, &mut sentences);
    sentences
}

/// Whether a line by itself is a heading rather than a sentence or an item of a list.
fn is_heading(line: &str) -> bool {
    !ends(line) && !line.starts_with(MARKS)
}

/// Cuts a block, whose words are one space apart, and appends its sentences.
fn cut(block: &str, heading: bool, sentences: &mut Vec<Sentence>) {
    let mut start = 0;
    for (index, _) in block.match_indices(' ') {
        let next = block[index + 1..].chars().next();
        if ends(&block[start..index]) && !next.is_some_and(char::is_lowercase) {
            push(&block[start..index], false, sentences);
            start = index + 1;
        }
    }
    push(&block[start..], heading, sentences);
}

/// Whether `text` ends as a sentence does, closing quotes and brackets aside.
fn ends(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '’', '\'', ')', ']'])
        .ends_with(['.', '!', '?', '。', '！', '？'])
}

fn push(text: &str, heading: bool, sentences: &mut Vec<Sentence>) {
    let text = text.trim_start_matches(|c| c == ' ' || MARKS.contains(&c));
    if text.chars().any(char::is_alphanumeric) {
        sentences.push(Sentence {
            text: text.to_owned(),
            heading,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prose_lists_and_headings() {
        let text = "# Refunds\nWe pay within\n14 days, e.g. by card. (Really.) Ask us!\n\n- Bring a\n  \
                    receipt\n\n* No cash\n\nOpening hours\n\nNine to five\n";
        let expected = [
            ("Refunds", true),
            ("We pay within 14 days, e.g. by card.", false),
            ("(Really.)", false),
            ("Ask us!", false),
            ("Bring a receipt", false),
            ("No cash", false),
            ("Opening hours", true),
            ("Nine to five", false),
        ];
        let found = split(text);
        let found: Vec<_> = found.iter().map(|s| (s.text.as_str(), s.heading)).collect();
        assert_eq!(found, expected);
        assert!(split(" \n-- \n").is_empty());
    }

    proptest! {
        #[test]
        fn adds_and_loses_no_letter(text in any::<String>()) {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            let found: String = split(&text).into_iter().map(|sentence| sentence.text).collect();
            prop_assert_eq!(letters(&found), letters(&text));
        }
    }
}
