//! HTML, token by token: without a tree, nothing nests too deep.

use crate::{Block, Headings, Kind};
use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind,
    },
};
use std::cell::RefCell;

/// What is not shown.
const HIDDEN: [&str; 8] = [
    "head", "template", "svg", "math", "iframe", "object", "select", "noscript",
];
/// What begins and ends a part of the text.
const PARTS: &str = "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure \
    footer form header hr main nav p section summary ul ol table";

#[derive(Default)]
struct Reading {
    headings: Headings,
    blocks: Vec<Block>,
    text: String,
    /// Which hidden element is open, and how often.
    hidden: Option<(String, usize)>,
    /// The level of a heading that is open.
    heading: Option<u32>,
    lists: usize,
    tables: usize,
    pre: bool,
}

#[derive(Default)]
struct Sink(RefCell<Reading>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reading = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return reading.tag(&tag),
            Token::CharacterTokens(text) => reading.characters(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut reading = tokens(text, Sink::default()).0.take();
    reading.end_part(Kind::Paragraph);
    reading.blocks
}

/// Hands the tokens of a text to `sink`, and gives that back.
pub(crate) fn tokens<S: TokenSink>(text: &str, sink: S) -> S {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(text));
    let tokenizer = Tokenizer::new(sink, Default::default());
    // A script would be handed back; none is run.
    while !queue.is_empty() {
        drop(tokenizer.feed(&queue));
    }
    tokenizer.end();
    tokenizer.sink
}

impl Reading {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let (name, starts) = (&*tag.name, tag.kind == TagKind::StartTag);
        let raw = match name {
            "script" => Some(RawKind::ScriptData),
            "style" | "xmp" | "noembed" | "noframes" => Some(RawKind::Rawtext),
            "textarea" | "title" => Some(RawKind::Rcdata),
            _ => None,
        };
        if let Some(raw) = raw.filter(|_| starts) {
            self.hidden.get_or_insert_with(|| (name.to_owned(), 1));
            return TokenSinkResult::RawData(raw);
        }
        if let Some((open, depth)) = &mut self.hidden {
            // What begins the body ends the head, whether that says so or not.
            if open == "head" && name == "body" {
                self.hidden = None;
            } else {
                if open == name && !tag.self_closing {
                    *depth = if starts { *depth + 1 } else { *depth - 1 };
                    if *depth == 0 {
                        self.hidden = None;
                    }
                }
                return TokenSinkResult::Continue;
            }
        }
        if starts && HIDDEN.contains(&name) && !tag.self_closing {
            self.hidden = Some((name.to_owned(), 1));
            return TokenSinkResult::Continue;
        }
        match starts {
            true => self.start(name),
            false => self.end(name),
        }
        TokenSinkResult::Continue
    }

    fn start(&mut self, name: &str) {
        match name {
            "br" => self.text.push('\n'),
            "pre" => {
                self.end_part(Kind::Paragraph);
                self.pre = true;
            }
            "table" => {
                if self.tables == 0 {
                    self.end_part(Kind::Paragraph);
                }
                self.tables += 1;
            }
            "ul" | "ol" => {
                if self.lists == 0 {
                    self.end_part(Kind::Paragraph);
                }
                self.lists += 1;
            }
            "li" => {
                // An item with nothing in it leaves no mark.
                let before = self
                    .text
                    .strip_suffix("- ")
                    .map_or(self.text.len(), str::len);
                self.text.truncate(before);
                self.new_line();
                let deep = self.lists.saturating_sub(1).min(8);
                self.text.push_str(&"  ".repeat(deep));
                self.text.push_str("- ");
            }
            "tr" => self.new_line(),
            _ if level(name).is_some() => {
                // Wherever it stands: many a page is laid out by a table.
                let around = match (self.tables, self.lists) {
                    (0, 0) => Kind::Paragraph,
                    (0, _) => Kind::List,
                    _ => Kind::Table,
                };
                self.finish(around);
                self.heading = level(name);
            }
            _ if is_part(name) => self.end_part(Kind::Paragraph),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "pre" => {
                self.end_part(Kind::Code);
                self.pre = false;
            }
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.finish(Kind::Table);
                }
            }
            "ul" | "ol" => {
                self.lists = self.lists.saturating_sub(1);
                if self.lists == 0 {
                    self.finish(Kind::List);
                }
            }
            "td" | "th" => self.text.push_str(" | "),
            "tr" => {
                self.text
                    .truncate(self.text.trim_end_matches([' ', '|']).len());
                self.new_line();
            }
            _ if level(name).is_some() => self.finish(Kind::Heading),
            _ if is_part(name) => self.end_part(Kind::Paragraph),
            _ => {}
        }
    }

    fn characters(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        if self.pre {
            self.text.push_str(text);
            return;
        }
        // Blanks in a row are one.
        for c in text.chars() {
            match c.is_whitespace() && c != '\u{a0}' {
                true if self.text.is_empty() || self.text.ends_with([' ', '\n']) => {}
                true => self.text.push(' '),
                false => self.text.push(c),
            }
        }
    }

    fn new_line(&mut self) {
        // What an item begins with stands beside its mark.
        let begins = self.lists > 0 && self.text.ends_with("- ");
        if !self.text.is_empty() && !self.text.ends_with('\n') && !begins {
            self.text.push('\n');
        }
    }

    /// Ends a part, but for those within a list or a table.
    fn end_part(&mut self, kind: Kind) {
        match self.lists > 0 || self.tables > 0 {
            true if self.tables == 0 => self.new_line(),
            // A row is a line, but the words of two paragraphs are not one.
            true if self.text.is_empty() || self.text.ends_with([' ', '\n']) => {}
            true => self.text.push(' '),
            false => self.finish(kind),
        }
    }

    fn finish(&mut self, kind: Kind) {
        let text = std::mem::take(&mut self.text);
        let level = self.heading.take();
        // Nor is the mark of an item or a cell that holds nothing else a text.
        if text.trim_matches([' ', '\n', '|', '-']).trim().is_empty() {
            return;
        }
        let kind = match level {
            Some(level) => {
                self.headings.open(level, &text);
                Kind::Heading
            }
            None => kind,
        };
        self.blocks.push(Block {
            kind,
            page: None,
            heading: self.headings.path(),
            text,
        });
    }
}

fn is_part(name: &str) -> bool {
    PARTS.split(' ').any(|part| part == name)
}

fn level(name: &str) -> Option<u32> {
    let digit = name.strip_prefix('h')?;
    (digit.len() == 1)
        .then(|| digit.parse().ok())
        .flatten()
        .filter(|level| (1..=6).contains(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(Kind, String, String)> {
        let told = blocks(text).into_iter();
        told.map(|block| {
            let path = block.heading.join(" > ");
            (block.kind, path, block.text.trim().to_owned())
        })
        .collect()
    }

    #[test]
    fn a_heading_within_a_table_or_a_list_is_that_alone() {
        let html = "<table><tr><td><h1>Shop</h1><p>One.</p><p>Two.</p></td></tr></table>
            <ul><li><h2>Refunds</h2><p>In 5 days.</p></li></ul>";
        let expected = [
            (Kind::Heading, "Shop", "Shop"),
            (Kind::Table, "Shop", "One. Two."),
            (Kind::Heading, "Shop > Refunds", "Refunds"),
            (Kind::List, "Shop > Refunds", "In 5 days."),
        ];
        assert_eq!(
            told(html),
            expected.map(|(kind, path, text)| (kind, path.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn an_item_and_a_cell_hold_paragraphs() {
        let told = told(
            "<ul><li><p>One.</p><p>More.</p></li><li>Two.</li></ul><table><tr><td><p>a</p><div>b</div></td><td>c</td></tr></table>",
        );
        let texts: Vec<_> = told.iter().map(|(_, _, text)| text.as_str()).collect();
        assert_eq!(texts, ["- One.\nMore.\n- Two.", "a b  | c"]);
    }
}
