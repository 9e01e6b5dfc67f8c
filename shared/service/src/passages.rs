//! The passages of a document, with their words, as they are stored.

use crate::words::{counted, words};
use db::{DocumentWords, NewChunk};
use uuid::Uuid;

/// A part of a text: what it says, on which page it begins, and under which headings it stands.
pub type Part = (String, Option<u32>, Vec<String>);

/// The passages of a document.
#[derive(Debug)]
pub struct Passages {
    /// In their order.
    pub chunks: Vec<NewChunk>,
    /// Their words; those of the title and of a passage's headings count twice.
    pub words: DocumentWords,
}

impl Passages {
    /// The passages of a document of that title. Takes time that grows with the text.
    pub fn of(title: &str, parts: impl IntoIterator<Item = Part>) -> Self {
        let of_title = words(title);
        let mut chunks = Vec::new();
        let counts = parts.into_iter().map(|(text, page, heading)| {
            let mut above = of_title.clone();
            above.extend(words(&heading.join(" ")));
            let counts = counted(&above, &text);
            chunks.push(NewChunk {
                id: Uuid::now_v7(),
                text,
                page,
                heading,
            });
            counts
        });
        let words = DocumentWords::of(counts);
        Self { chunks, words }
    }
}
