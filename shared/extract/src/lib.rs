//! Reading files: what they say, in blocks that know their page and heading, and the passages that those are cut into.
//!
//! A file is read by a process of its own ([`read_apart`]), which this same program is when it is started with one word
//! or two ([`is_asked`]): parsers of formats such as PDF fall over what is broken or hostile, and take their process with them.

mod apart;
mod child;
mod docx;
mod failure;
mod html;
mod limits;
mod markdown;
mod package;
mod page;
mod passages;
mod pdf;
mod pieces;
mod plain;
mod pptx;
mod sheet;
mod sitemap;
mod sniff;
mod xml;

pub use apart::{page_apart, read_apart, sitemap_apart};
pub use child::{child, is_asked};
pub use failure::Failure;
pub use page::Page;
pub use passages::{passages, with_plain_lines};
pub use pieces::{Piece, pieces};
pub use sitemap::Sitemap;
pub use sniff::Format;

use serde::{Deserialize, Serialize};

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The title of what follows.
    Heading,
    /// Sentences.
    Paragraph,
    /// Items, one a line or more.
    List,
    /// Rows, one a line, of which the first names the columns.
    Table,
    /// Lines that belong together as they are.
    Code,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// On which page it begins, from 1; of what has pages.
    pub page: Option<u32>,
    /// Under which headings it stands, from the widest to the narrowest; of a heading, itself is the last.
    pub heading: Vec<String>,
    /// What it says.
    pub text: String,
}

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// What the file is.
    pub format: Format,
    /// How many pages, or slides, it has.
    pub pages: Option<u32>,
    /// Its parts, in order.
    pub blocks: Vec<Block>,
}

impl Extracted {
    /// The whole text: its parts with a blank line between them.
    pub fn text(&self) -> String {
        let blocks = self.blocks.iter();
        let parts = blocks.map(|block| block.text.as_str());
        parts.collect::<Vec<_>>().join("\n\n")
    }
}

/// What a file says, read here and now. Only for a process that has nothing else to lose.
///
/// # Errors
/// It cannot be read.
pub fn read(name: &str, bytes: &[u8]) -> Result<Extracted, Failure> {
    let format = sniff::format(name, bytes)?;
    let (pages, blocks) = match format {
        Format::Text => (None, plain::blocks(&plain::decode(bytes)?)),
        Format::Markdown => (None, markdown::blocks(&plain::decode(bytes)?)),
        Format::Html => (None, html::blocks(&plain::decode(bytes)?)),
        Format::Csv => (None, sheet::csv_blocks(&plain::decode(bytes)?)?),
        Format::Xlsx => (None, sheet::xlsx_blocks(bytes)?),
        Format::Docx => (None, docx::blocks(bytes)?),
        Format::Pptx => pptx::blocks(bytes)?,
        Format::Pdf => pdf::blocks(bytes)?,
    };
    let blocks: Vec<Block> = blocks.into_iter().filter_map(tidy).collect();
    if blocks.iter().map(|block| block.text.len()).sum::<usize>() > limits::TEXT {
        return Err(Failure::too_much("more than 20 MiB of text"));
    }
    match blocks.is_empty() {
        true => Err(Failure::Empty),
        false => Ok(Extracted {
            format,
            pages,
            blocks,
        }),
    }
}

/// Without what no text has, such as U+0000, and without blanks around it; nothing if that is all.
fn tidy(mut block: Block) -> Option<Block> {
    let clean = |text: &str| {
        let kept = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\t' | '\n'));
        kept.collect::<String>().trim().to_owned()
    };
    block.text = clean(&with_plain_lines(&block.text));
    block.heading = block
        .heading
        .iter()
        .map(|h| clean(h))
        .filter(|h| !h.is_empty())
        .collect();
    (!block.text.is_empty()).then_some(block)
}

/// The headings that are open, as a text is read.
#[derive(Debug, Default)]
struct Headings(Vec<(u32, String)>);

impl Headings {
    /// A heading of that level ends those of the same and narrower ones.
    fn open(&mut self, level: u32, title: &str) {
        self.0.retain(|(open, _)| *open < level);
        let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ");
        self.0
            .push((level, title.chars().take(limits::HEADING).collect()));
    }

    fn path(&self) -> Vec<String> {
        self.0.iter().map(|(_, title)| title.clone()).collect()
    }
}
