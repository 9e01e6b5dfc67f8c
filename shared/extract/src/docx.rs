//! DOCX: paragraphs, headings by their styles, lists, tables.

use crate::{
    Block, Failure, Headings, Kind,
    package::Package,
    xml::{Node, attribute, walk},
};
use std::collections::HashMap;

/// What of the package is text, in this order.
const PARTS: [&str; 3] = [
    "word/document.xml",
    "word/footnotes.xml",
    "word/endnotes.xml",
];

#[derive(Default)]
struct Reading {
    /// Which styles are headings, of which level.
    styles: HashMap<String, u32>,
    headings: Headings,
    blocks: Vec<Block>,
    paragraph: String,
    level: Option<u32>,
    is_item: bool,
    /// Whether characters are text of a paragraph.
    in_text: bool,
    tables: usize,
    table: String,
}

pub(crate) fn blocks(bytes: &[u8]) -> Result<Vec<Block>, Failure> {
    let mut package = Package::open(bytes)?;
    let mut reading = Reading::default();
    if let Some(styles) = package.part("word/styles.xml")? {
        reading.styles = heading_styles(&styles)?;
    }
    for name in PARTS {
        if let Some(part) = package.part(name)? {
            walk(&part, |node| reading.meet(node))?;
        }
    }
    Ok(reading.blocks)
}

/// The ids of the styles of headings: their names are English in every language, or an outline level makes them one.
fn heading_styles(part: &[u8]) -> Result<HashMap<String, u32>, Failure> {
    let (mut styles, mut id) = (HashMap::new(), String::new());
    walk(part, |node| {
        let Node::Start(name, start) = node else {
            return;
        };
        let value = |named| attribute(start, named).unwrap_or_default();
        match name {
            "style" => id = value("styleId"),
            "name" => {
                let named = value("val").to_lowercase();
                let level = named.strip_prefix("heading ").and_then(|n| n.parse().ok());
                let level = level.or((named == "title").then_some(0));
                if let Some(level) = level {
                    styles.insert(id.clone(), level);
                }
            }
            "outlineLvl" => {
                if let Some(level) = value("val").parse::<u32>().ok().filter(|level| *level < 9) {
                    styles.entry(id.clone()).or_insert(level + 1);
                }
            }
            _ => {}
        }
    })?;
    Ok(styles)
}

impl Reading {
    fn meet(&mut self, node: Node<'_>) {
        match node {
            Node::Start(name, start) => match name {
                "p" => (self.level, self.is_item) = (None, false),
                "pStyle" => {
                    let style = attribute(start, "val").unwrap_or_default();
                    self.level = self.styles.get(&style).copied();
                }
                "outlineLvl" => {
                    let level = attribute(start, "val").and_then(|level| level.parse::<u32>().ok());
                    self.level = level
                        .filter(|level| *level < 9)
                        .map(|level| level + 1)
                        .or(self.level);
                }
                "numPr" => self.is_item = true,
                "t" => self.in_text = true,
                "tab" => self.paragraph.push('\t'),
                "br" | "cr" => self.paragraph.push('\n'),
                "noBreakHyphen" => self.paragraph.push('-'),
                "tbl" => self.tables += 1,
                _ => {}
            },
            Node::Text(text) if self.in_text => self.paragraph.push_str(text),
            Node::Text(_) => {}
            Node::End(name) => match name {
                "t" => self.in_text = false,
                "p" => self.end_paragraph(),
                "tc" if self.tables == 1 => {
                    self.table.truncate(self.table.trim_end().len());
                    self.table.push_str(" | ");
                }
                "tr" if self.tables == 1 => {
                    self.table
                        .truncate(self.table.trim_end_matches([' ', '|']).len());
                    self.table.push('\n');
                }
                "tbl" => {
                    self.tables = self.tables.saturating_sub(1);
                    if self.tables == 0 {
                        let table = std::mem::take(&mut self.table);
                        self.push(Kind::Table, table);
                    }
                }
                _ => {}
            },
        }
    }

    fn end_paragraph(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        if self.tables > 0 {
            // A row is a line.
            self.table
                .push_str(&text.split_whitespace().collect::<Vec<_>>().join(" "));
            self.table.push(' ');
            return;
        }
        match (self.level, self.is_item) {
            (Some(level), _) if !text.trim().is_empty() => {
                self.headings.open(level, &text);
                self.push(Kind::Heading, text);
            }
            (_, true) => self.item(&text),
            _ => self.push(Kind::Paragraph, text),
        }
    }

    /// Items after each other are one list.
    fn item(&mut self, text: &str) {
        match self.blocks.last_mut() {
            Some(last) if last.kind == Kind::List => {
                last.text.push_str("\n- ");
                last.text.push_str(text);
            }
            _ => self.push(Kind::List, format!("- {text}")),
        }
    }

    fn push(&mut self, kind: Kind, text: String) {
        if !text.trim().is_empty() {
            self.blocks.push(Block {
                kind,
                page: None,
                heading: self.headings.path(),
                text,
            });
        }
    }
}
