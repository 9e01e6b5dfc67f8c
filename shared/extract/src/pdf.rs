//! PDF: the text of each page, under the headings of its outline.

mod outline;

use crate::{Block, Failure, limits, plain};
use outline::{Outline, letters};
use pdf_extract::{Document, OutputError, PlainTextOutput, output_doc_page};
use std::collections::HashSet;
use unicode_normalization::{UnicodeNormalization, char::compose};

/// With fewer characters a page, it is pictures that are on them.
const FEWEST: usize = 20;

type Read = (Option<u32>, Vec<Block>);

/// # Errors
/// It cannot be read; or there is no text in it.
pub(crate) fn blocks(bytes: &[u8]) -> Result<Read, Failure> {
    let mut document =
        Document::load_mem(bytes).map_err(|_| Failure::damaged("it is no whole PDF"))?;
    // Most that are encrypted are against changes alone: whoever reads them needs no password.
    if document.is_encrypted() && document.decrypt("").is_err() {
        return Err(Failure::Encrypted);
    }
    let numbers: Vec<u32> = document.get_pages().into_keys().collect();
    // Nothing of it can be told.
    if numbers.is_empty() && document.trailer.get(b"Encrypt").is_ok() {
        return Err(Failure::Encrypted);
    }
    if numbers.len() > limits::PAGES {
        return Err(Failure::too_much("more than 2,000 pages"));
    }
    let mut pages = Vec::new();
    for number in &numbers {
        pages.push(page(&document, *number)?);
    }
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let written: usize = pages
        .iter()
        .map(|page| page.split_whitespace().map(str::len).sum::<usize>())
        .sum();
    if pages.is_empty() {
        return Err(Failure::damaged("it has no pages"));
    }
    if written < FEWEST * pages.len() {
        return Err(Failure::Scanned(count));
    }
    let words: HashSet<String> = pages
        .iter()
        .flat_map(|page| page.split_whitespace())
        .map(bare)
        .collect();
    let mut outline = Outline::of(&document);
    let mut blocks = Vec::new();
    for (page, number) in pages.iter().zip(1..) {
        outline.turn(number, &page.lines().map(letters).collect());
        for paragraph in plain::blocks(page) {
            outline.read(&paragraph.text, number, &words, &mut blocks);
        }
    }
    Ok((Some(count), blocks))
}

/// The text of one page, with its ligatures taken apart.
fn page(document: &Document, number: u32) -> Result<String, Failure> {
    let mut text = String::new();
    let mut output = PlainTextOutput::new(&mut text);
    match output_doc_page(document, &mut output, number) {
        Ok(()) => {}
        Err(OutputError::PdfError(pdf_extract::Error::Decryption(_))) => {
            return Err(Failure::Encrypted);
        }
        Err(_) => {
            return Err(Failure::Damaged(
                format!("page {number} cannot be read").into(),
            ));
        }
    }
    let apart = |c: char| {
        let ligature = ('\u{fb00}'..='\u{fb06}').contains(&c);
        let parts = ligature.then(|| c.nfkc());
        parts.into_iter().flatten().chain((!ligature).then_some(c))
    };
    Ok(accented(text.chars().flat_map(apart)))
}

/// Letters with the accents that stand before them: TeX draws `ü` as `¨` and `u`.
fn accented(text: impl Iterator<Item = char>) -> String {
    let mut whole = String::new();
    let mut text = text.peekable();
    while let Some(c) = text.next() {
        // Alone, it quotes code.
        let is_quote = c == '`' && !whole.ends_with(char::is_alphabetic);
        let mark = mark(c).filter(|_| !is_quote);
        let letter = mark.zip(text.peek().copied()).and_then(|(mark, letter)| {
            let letter = if letter == 'ı' { 'i' } else { letter };
            compose(letter, mark)
        });
        match letter {
            Some(letter) => {
                text.next();
                whole.push(letter);
            }
            None => whole.push(c),
        }
    }
    whole
}

/// The mark that an accent is when it is not alone.
fn mark(accent: char) -> Option<char> {
    Some(match accent {
        '`' => '\u{300}',
        '´' => '\u{301}',
        'ˆ' => '\u{302}',
        '˜' => '\u{303}',
        '¯' => '\u{304}',
        '˘' => '\u{306}',
        '˙' => '\u{307}',
        '¨' => '\u{308}',
        '˚' => '\u{30a}',
        '˝' => '\u{30b}',
        'ˇ' => '\u{30c}',
        '¸' => '\u{327}',
        '˛' => '\u{328}',
        _ => return None,
    })
}

/// A word without what stands around it.
fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase()
}

/// Lines as one, and what a line broke off with a hyphen joined where the word is elsewhere in the document.
fn joined(lines: &[&str], words: &HashSet<String>) -> String {
    let mut text = String::new();
    for line in lines.iter().map(|line| line.trim()) {
        if let Some(broken) = text.strip_suffix('-') {
            let (first, rest) = (
                broken.split_whitespace().next_back(),
                line.split_whitespace().next(),
            );
            let whole = bare(&format!(
                "{}{}",
                first.unwrap_or_default(),
                rest.unwrap_or_default()
            ));
            if words.contains(&whole) {
                text.pop();
            }
        } else if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_before_its_letter_is_on_it() {
        for (drawn, said) in [
            (
                "L¨uck, f¨ur Universit´e, Universit`a",
                "Lück, für Université, Università",
            ),
            ("ˇCech, ´ıme, gar¸con", "Čech, íme, garçon"),
            ("`apt` 5 ¨ x", "`apt` 5 ¨ x"),
        ] {
            assert_eq!(accented(drawn.chars()), said);
        }
    }

    #[test]
    fn a_word_that_a_line_breaks_off_is_joined_where_it_is_known() {
        let words = ["refund", "takes"].map(str::to_owned).into();
        assert_eq!(joined(&["A re-", "fund takes"], &words), "A refund takes");
        assert_eq!(
            joined(&["A well-", "known one"], &words),
            "A well-known one"
        );
        assert_eq!(joined(&["One", "two"], &words), "One two");
    }
}
