//! The headings that a PDF lists, and where they begin.

use super::joined;
use crate::{Block, Headings, Kind};
use pdf_extract::Document;
use std::{
    collections::{HashSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// The headings that the document lists, by page.
pub(super) struct Outline {
    /// What is to come: page, level, title.
    coming: VecDeque<(u32, u32, String)>,
    headings: Headings,
}

impl Outline {
    pub(super) fn of(document: &Document) -> Self {
        // An outline that leads nowhere makes its reader panic; the pages can be read all the same.
        let listed = catch_unwind(AssertUnwindSafe(|| document.get_toc()));
        let listed = listed.ok().and_then(Result::ok);
        let listed = listed.map(|toc| toc.toc).unwrap_or_default();
        let mut coming: Vec<(u32, u32, String)> = listed
            .into_iter()
            .filter_map(|entry| {
                let (page, level) = (
                    u32::try_from(entry.page).ok()?,
                    u32::try_from(entry.level).ok()?,
                );
                Some((page, level, entry.title.trim().to_owned()))
            })
            .filter(|(_, _, title)| !title.is_empty())
            .collect();
        coming.sort_by_key(|(page, ..)| *page);
        Self {
            coming: coming.into(),
            headings: Headings::default(),
        }
    }

    /// On a new page with these lines: what was listed of earlier ones, and not seen there, has begun all the same; and what is
    /// listed of this one and is none of its lines begins with it.
    pub(super) fn turn(&mut self, page: u32, lines: &HashSet<String>) {
        let begins = |(of, _, title): &mut (u32, u32, String)| {
            *of < page || (*of == page && !lines.contains(&letters(title)))
        };
        while let Some((_, level, title)) = self.coming.pop_front_if(begins) {
            self.headings.open(level, &title);
        }
    }

    /// Reads a paragraph, in which the titles of what is listed for this page may be lines.
    pub(super) fn read(
        &mut self,
        paragraph: &str,
        page: u32,
        words: &HashSet<String>,
        blocks: &mut Vec<Block>,
    ) {
        let mut lines = Vec::new();
        for line in paragraph.lines() {
            let said = letters(line);
            let listed = self.coming.iter().take_while(|(of, ..)| *of == page);
            let seen = listed
                .enumerate()
                .find(|(_, (_, _, title))| letters(title) == said);
            let Some(at) = seen.map(|(n, _)| n).filter(|_| !said.is_empty()) else {
                lines.push(line);
                continue;
            };
            self.push(Kind::Paragraph, page, joined(&lines, words), blocks);
            lines.clear();
            for (_, level, title) in self.coming.drain(..=at) {
                self.headings.open(level, &title);
            }
            self.push(Kind::Heading, page, line.to_owned(), blocks);
        }
        self.push(Kind::Paragraph, page, joined(&lines, words), blocks);
    }

    fn push(&self, kind: Kind, page: u32, text: String, blocks: &mut Vec<Block>) {
        if !text.trim().is_empty() {
            blocks.push(Block {
                kind,
                page: Some(page),
                heading: self.headings.path(),
                text,
            });
        }
    }
}

/// What titles are compared by.
pub(super) fn letters(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_and_not_written_begins_with_its_page() {
        let listed = [(1, 1, "Chapter 1"), (2, 1, "Chapter 2"), (2, 2, "Part")];
        let listed = listed.map(|(page, level, title)| (page, level, title.to_owned()));
        let mut outline = Outline {
            coming: listed.into(),
            headings: Headings::default(),
        };
        let mut blocks = Vec::new();
        for (page, text) in [(1, "It begins."), (2, "It goes on.\nPart\nIt ends.")] {
            outline.turn(page, &text.lines().map(letters).collect());
            outline.read(text, page, &HashSet::new(), &mut blocks);
        }
        let under: Vec<_> = blocks
            .iter()
            .filter(|block| matches!(block.kind, Kind::Paragraph))
            .map(|block| (&*block.text, block.heading.join(" > ")))
            .collect();
        let expected = [
            ("It begins.", "Chapter 1"),
            ("It goes on.", "Chapter 2"),
            ("It ends.", "Chapter 2 > Part"),
        ];
        assert_eq!(under, expected.map(|(text, path)| (text, path.to_owned())));
    }
}
