//! Markdown.

use crate::{Block, Headings, Kind, html};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A text on its way to be a block.
#[derive(Default)]
struct Reading {
    headings: Headings,
    blocks: Vec<Block>,
    text: String,
    /// How many lists, quotes and the like are open.
    lists: usize,
    in_table: bool,
    /// Of a heading or a block of code that is open.
    html: String,
}

pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut reading = Reading::default();
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for event in Parser::new_ext(text, options) {
        reading.take(event);
    }
    reading.end_html();
    reading.blocks
}

impl Reading {
    fn take(&mut self, event: Event<'_>) {
        if !matches!(
            event,
            Event::Html(_) | Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock)
        ) {
            self.end_html();
        }
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) => self.text.push_str(&text),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Html(html) => self.html.push_str(&html),
            // A row of a table is a line.
            Event::InlineHtml(html) if is_break(&html) => {
                self.text.push(if self.in_table { ' ' } else { '\n' });
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(_) if self.lists == 0 => {
                self.push(Kind::Paragraph);
                self.lists = 1;
            }
            Tag::List(_) => self.lists += 1,
            Tag::Item => {
                if !self.text.is_empty() && !self.text.ends_with('\n') {
                    self.text.push('\n');
                }
                self.text
                    .push_str(&"  ".repeat(self.lists.saturating_sub(1).min(8)));
                self.text.push_str("- ");
            }
            Tag::Table(_) => self.in_table = true,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let title = std::mem::take(&mut self.text);
                self.headings.open(level as u32, &title);
                self.text = title;
                self.push(Kind::Heading);
            }
            TagEnd::Paragraph if self.lists > 0 => self.text.push('\n'),
            TagEnd::Paragraph => self.push(Kind::Paragraph),
            TagEnd::CodeBlock if self.lists == 0 => self.push(Kind::Code),
            TagEnd::List(_) => {
                self.lists -= 1;
                if self.lists == 0 {
                    self.push(Kind::List);
                }
            }
            // It is for the program that makes a site of it.
            TagEnd::MetadataBlock(_) => self.text.clear(),
            TagEnd::TableCell => self.text.push_str(" | "),
            TagEnd::TableRow | TagEnd::TableHead => {
                self.text
                    .truncate(self.text.trim_end_matches([' ', '|']).len());
                self.text.push('\n');
            }
            TagEnd::Table => {
                self.in_table = false;
                self.push(Kind::Table);
            }
            _ => {}
        }
    }

    fn push(&mut self, kind: Kind) {
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            self.blocks.push(Block {
                kind,
                page: None,
                heading: self.headings.path(),
                text,
            });
        }
    }

    /// What stands in HTML says what it says.
    fn end_html(&mut self) {
        let html = std::mem::take(&mut self.html);
        if html.is_empty() {
            return;
        }
        let path = self.headings.path();
        self.blocks
            .extend(html::blocks(&html).into_iter().map(|mut block| {
                block.heading.splice(0..0, path.iter().cloned());
                block
            }));
    }
}

fn is_break(html: &str) -> bool {
    let name = html.trim_matches(['<', '>', '/', ' ']);
    name.eq_ignore_ascii_case("br")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(Vec<String>, String)> {
        let told = blocks(text).into_iter();
        told.map(|block| (block.heading, block.text.trim().to_owned()))
            .collect()
    }

    #[test]
    fn what_stands_before_a_page_for_its_site_is_no_heading() {
        let heading = || vec!["Refunds".to_owned()];
        assert_eq!(
            told("---\ntitle: x\ntags:\n  - y\n---\n\n# Refunds\n\nIn 5 days.\n"),
            [
                (heading(), "Refunds".to_owned()),
                (heading(), "In 5 days.".to_owned())
            ]
        );
    }

    #[test]
    fn a_break_parts_words() {
        assert_eq!(told("one<br>two"), [(vec![], "one\ntwo".to_owned())]);
        let table = "| a | b |\n|---|---|\n| one<br/>two | three |\n";
        assert_eq!(told(table), [(vec![], "a | b\none two | three".to_owned())]);
    }
}
