//! What is made of a text before it is stored.

use crate::asked::{AddDocument, Said};
use anyhow::Context;
use db::{NewDocument, NewFile};
use extract::{passages, with_plain_lines};
use serde_json::Value;
use service::{Part, Passages};
use sha2::{Digest, Sha256};
use tokio::{sync::Semaphore, task::spawn_blocking};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;
use web::{Error, Result};

/// A text of so many bytes is cut faster than another thread is woken for it.
const CUT_AT_ONCE: usize = 16 * 1024;

/// A document that can be stored.
pub(crate) struct Cut {
    title: String,
    text: String,
    source_url: Option<String>,
    metadata: Value,
    groups: Option<Vec<String>>,
    hash: [u8; 32],
    /// Its language, if it was said or can be told.
    language: Option<String>,
    passages: Passages,
}

impl Cut {
    /// Cuts a text. A long one is cut on a thread of its own, one text at a time, so that requests which have nothing to do
    /// with it do not wait.
    ///
    /// # Errors
    /// 422 for a text with nothing in it; the thread died.
    pub(crate) async fn of(mut asked: AddDocument) -> Result<Self> {
        static LONG: Semaphore = Semaphore::const_new(1);
        let said = asked.check()?;
        let cut = if said.length() <= CUT_AT_ONCE {
            Self::new(asked, said)
        } else {
            let turn = LONG.acquire().await;
            let cut = spawn_blocking(move || {
                // Held by the work and not by the request, which may be given up before the work is done.
                let _turn = turn;
                Self::new(asked, said)
            });
            cut.await.context("a text could not be cut")?
        };
        match cut.passages.chunks.is_empty() {
            true => Err(Error::field("text", "must not be empty")),
            false => Ok(cut),
        }
    }

    fn new(asked: AddDocument, said: Said) -> Self {
        let (text, parts) = match said {
            Said::Text(text) => {
                let parts = parts_of(&text, None, &[]);
                (text, parts)
            }
            Said::Chunks(chunks) => {
                let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.text.trim()).collect();
                let text = texts.join("\n\n");
                let parts = chunks.iter().flat_map(|chunk| {
                    let heading = chunk.heading.as_deref().unwrap_or_default();
                    parts_of(&chunk.text, chunk.page, heading)
                });
                (text, parts.collect())
            }
        };
        let title = asked.title.trim();
        let told = || service::language_of(&with_plain_lines(&text)).map(str::to_owned);
        Self {
            hash: hash(title, &text),
            language: asked.language.or_else(told),
            passages: Passages::of(title, parts),
            title: title.to_owned(),
            text,
            source_url: asked.source_url,
            metadata: asked.metadata.unwrap_or_default().into(),
            groups: asked.groups,
        }
    }

    /// Tells its title and text from those of others: SHA-256.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The groups that it is limited to, if they were said.
    pub(crate) fn groups(&self) -> Option<&[String]> {
        self.groups.as_deref()
    }

    /// It as the document with this id.
    pub(crate) fn document(&self, id: Uuid, keeps_vectors: bool) -> NewDocument<'_> {
        NewDocument {
            id,
            title: &self.title,
            text: &self.text,
            hash: &self.hash,
            source_url: self.source_url.as_deref(),
            language: self.language.as_deref(),
            metadata: &self.metadata,
            groups: self.groups.as_deref().unwrap_or_default(),
            chunks: &self.passages.chunks,
            words: &self.passages.words,
            keeps_vectors,
        }
    }
}

fn parts_of(text: &str, page: Option<u32>, heading: &[String]) -> Vec<Part> {
    let text = with_plain_lines(text);
    let pieces = passages(&text).into_iter();
    pieces
        .map(|piece| (piece.to_owned(), page, heading.to_vec()))
        .collect()
}

/// A file, or a text that is as long as one, which a job reads.
pub(crate) struct ToRead {
    title: String,
    name: Option<String>,
    content: Vec<u8>,
    source_url: Option<String>,
    language: Option<String>,
    metadata: Value,
    groups: Option<Vec<String>>,
    hash: [u8; 32],
}

impl ToRead {
    /// # Errors
    /// 422 for what cannot be kept; the thread died.
    pub(crate) async fn text(asked: AddDocument, text: String) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::field("text", "must not be empty"));
        }
        let read = move || {
            let title = asked.title.trim().to_owned();
            Self {
                hash: hash(&title, &with_plain_lines(&text)),
                title,
                name: None,
                content: text.into_bytes(),
                source_url: asked.source_url,
                language: asked.language,
                metadata: asked.metadata.unwrap_or_default().into(),
                groups: asked.groups,
            }
        };
        let read = spawn_blocking(read).await;
        Ok(read.context("a text could not be taken in")?)
    }

    /// # Errors
    /// 422 for what cannot be kept; the thread died.
    pub(crate) async fn file(asked: AddDocument, name: String, content: Vec<u8>) -> Result<Self> {
        asked.check_told()?;
        if content.is_empty() {
            return Err(Error::field("file", "is empty"));
        }
        let read = move || {
            let title = asked.title.trim().to_owned();
            let mut hash = Sha256::new();
            // Which is in no title, twice: no text is hashed so.
            hash.update(title.nfc().collect::<String>());
            hash.update([0, 0]);
            hash.update(&content);
            Self {
                hash: hash.finalize().into(),
                title,
                name: Some(name),
                content,
                source_url: asked.source_url,
                language: asked.language,
                metadata: asked.metadata.unwrap_or_default().into(),
                groups: asked.groups,
            }
        };
        let read = spawn_blocking(read).await;
        Ok(read.context("a file could not be taken in")?)
    }

    /// Tells its title and content from those of others: SHA-256.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The groups that it is limited to, if they were said.
    pub(crate) fn groups(&self) -> Option<&[String]> {
        self.groups.as_deref()
    }

    /// It as what the document with this id is to be read from.
    pub(crate) fn file_of(&self, id: Uuid) -> NewFile<'_> {
        NewFile {
            id,
            name: self.name.as_deref(),
            // Until it is known.
            media_type: "application/octet-stream",
            content: &self.content,
            title: &self.title,
            source_url: self.source_url.as_deref(),
            language: self.language.as_deref(),
            metadata: &self.metadata,
            groups: self.groups.as_deref().unwrap_or_default(),
            hash: &self.hash,
        }
    }
}

/// The same for texts that differ in how their lines end, in blanks around them, or in how accents are written.
fn hash(title: &str, text: &str) -> [u8; 32] {
    let composed = |text: &str| with_plain_lines(text).trim().nfc().collect::<String>();
    let mut hash = Sha256::new();
    hash.update(composed(title));
    // Which is in no title.
    hash.update([0]);
    hash.update(composed(text));
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_alike_are_the_same() {
        let alike = [("Café", "Offen.\n"), ("Cafe\u{301} ", " Offen.")];
        assert_eq!(hash(alike[0].0, alike[0].1), hash(alike[1].0, alike[1].1));
        for (title, text) in [("Café", "offen."), ("CaféOffen", "."), ("", "Café Offen.")] {
            assert_ne!(hash(title, text), hash("Café", "Offen."), "{title} {text}");
        }
    }
}
