//! The passages of a file: as much of its parts as fits together, and never two sections in one.

use crate::{Block, Kind, passages};
use std::borrow::Cow;

/// The longest passage, in characters.
const LONGEST: usize = 1200;
/// A passage of so many characters may end with its page.
const ENOUGH: usize = 300;

/// A passage: what is searched for, given to a model, and quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// On which page it begins.
    pub page: Option<u32>,
    /// Under which headings it stands.
    pub heading: Vec<String>,
}

/// The passages of `blocks`, in order. A heading stands before what it is the title of; a passage ends where the next heading begins.
pub fn pieces(blocks: &[Block]) -> Vec<Piece> {
    let mut cutting = Cutting::default();
    for block in blocks {
        // What begins on another page is cited by that one.
        let is_enough = cutting.length >= ENOUGH && cutting.page != block.page;
        // A title is of what stands under it alone: the next slide may have none.
        let is_under = cutting.is_title && block.heading.starts_with(&cutting.heading);
        if block.kind == Kind::Heading || is_enough || cutting.heading != block.heading && !is_under
        {
            cutting.end();
        }
        for (n, part) in parts(block).into_iter().enumerate() {
            if n > 0 || !cutting.has_room(&part) {
                cutting.end();
            }
            cutting.add(block, &part);
        }
    }
    cutting.end();
    cutting.pieces
}

/// A block, in parts that each fit into a passage.
fn parts(block: &Block) -> Vec<Cow<'_, str>> {
    let length = block.text.chars().count();
    match block.kind {
        _ if length <= LONGEST => vec![block.text.as_str().into()],
        Kind::Table => rows(&block.text),
        _ => passages(&block.text).into_iter().map(Cow::from).collect(),
    }
}

/// Rows, as many as fit, each time with the names of the columns before them.
fn rows(table: &str) -> Vec<Cow<'_, str>> {
    let mut lines = table.lines();
    let names = lines.next().unwrap_or_default();
    let names: String = names.chars().take(LONGEST / 4).collect();
    let (mut parts, mut part, mut length) = (Vec::new(), names.clone(), names.chars().count());
    let bare = length;
    for line in lines {
        // A row that is longer than a passage is cut as a text is.
        for line in passages(line) {
            let more = line.chars().count() + 1;
            if length + more > LONGEST && length > bare {
                parts.push(std::mem::replace(&mut part, names.clone()).into());
                length = bare;
            }
            part.push('\n');
            part.push_str(line);
            length += more;
        }
    }
    parts.push(part.into());
    parts
}

#[derive(Default)]
struct Cutting {
    pieces: Vec<Piece>,
    text: String,
    length: usize,
    page: Option<u32>,
    heading: Vec<String>,
    /// Whether there are titles alone by now.
    is_title: bool,
}

impl Cutting {
    fn has_room(&self, part: &str) -> bool {
        self.text.is_empty()
            || self.length + 2 + part.chars().count() <= LONGEST
            || self.is_title && self.length < LONGEST / 4
    }

    fn add(&mut self, block: &Block, part: &str) {
        if self.text.is_empty() {
            self.page = block.page;
            self.is_title = block.kind == Kind::Heading;
        } else {
            self.text.push_str("\n\n");
            self.is_title &= block.kind == Kind::Heading;
        }
        self.heading.clone_from(&block.heading);
        self.text.push_str(part);
        self.length = self.text.chars().count();
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.is_empty() {
            self.pieces.push(Piece {
                text,
                page: self.page,
                heading: std::mem::take(&mut self.heading),
            });
        }
        (self.length, self.is_title) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(kind: Kind, page: u32, heading: &str, text: &str) -> Block {
        Block {
            kind,
            page: Some(page),
            heading: vec![heading.to_owned()],
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_section_is_a_passage_with_its_title() {
        let blocks = [
            block(Kind::Heading, 1, "One", "One"),
            block(Kind::Paragraph, 1, "One", "First."),
            block(Kind::List, 2, "One", "- a"),
            block(Kind::Heading, 2, "Two", "Two"),
            block(Kind::Paragraph, 2, "Two", "Second."),
        ];
        let told: Vec<_> = pieces(&blocks)
            .into_iter()
            .map(|piece| (piece.page, piece.text))
            .collect();
        let expected = [
            (Some(1), "One\n\nFirst.\n\n- a"),
            (Some(2), "Two\n\nSecond."),
        ];
        assert_eq!(told, expected.map(|(page, text)| (page, text.to_owned())));
    }

    #[test]
    fn a_title_is_not_of_what_stands_elsewhere() {
        let untitled = Block {
            heading: Vec::new(),
            ..block(Kind::Paragraph, 2, "", "Of a slide without a title.")
        };
        let pieces = pieces(&[block(Kind::Heading, 1, "One", "One"), untitled]);
        let told: Vec<_> = pieces
            .into_iter()
            .map(|piece| (piece.heading.concat(), piece.text))
            .collect();
        let expected = [("One", "One"), ("", "Of a slide without a title.")];
        assert_eq!(
            told,
            expected.map(|(heading, text)| (heading.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn a_passage_that_is_long_enough_ends_with_its_page() {
        let long = "Words of it. ".repeat(40);
        let blocks = [
            block(Kind::Paragraph, 1, "One", long.trim()),
            block(Kind::Paragraph, 2, "One", "The rest."),
        ];
        let told: Vec<_> = pieces(&blocks)
            .into_iter()
            .map(|piece| piece.page)
            .collect();
        assert_eq!(told, [Some(1), Some(2)]);
    }

    #[test]
    fn a_row_that_is_longer_than_a_passage_is_cut() {
        let table = format!("Name | Text\nA | {}", "long ".repeat(1000));
        for piece in pieces(&[block(Kind::Table, 1, "T", &table)]) {
            assert!(piece.text.starts_with("Name | Text\n"), "{}", piece.text);
            assert!(piece.text.chars().count() <= LONGEST + "Name | Text\n".len());
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_passage_is_long(parts in proptest::collection::vec((0..3_u8, 1..4_u32, "[a-c]", "[a-zäß .\n]{1,3000}"), 0..12)) {
            let kinds = [Kind::Heading, Kind::Paragraph, Kind::List];
            let blocks: Vec<Block> = parts.iter().map(|(kind, page, heading, text)| {
                let kind = kinds[usize::from(*kind)];
                let text: String = if kind == Kind::Heading { text.chars().take(200).collect() } else { text.clone() };
                block(kind, *page, heading, text.trim())
            }).filter(|block| !block.text.is_empty()).collect();
            let plain = |text: &str| text.split_whitespace().collect::<String>();
            let pieces = pieces(&blocks);
            let whole: String = blocks.iter().map(|block| plain(&block.text)).collect();
            prop_assert_eq!(pieces.iter().map(|piece| plain(&piece.text)).collect::<String>(), whole);
            for piece in &pieces {
                prop_assert!(piece.text.chars().count() <= LONGEST + LONGEST / 4 + 2);
                prop_assert_eq!(piece.heading.len(), 1);
            }
        }
    }
}
