//! What is made of a document before it is stored.

use crate::{
    asked::AddDocument,
    passages::{passages, with_plain_lines},
};
use anyhow::Context;
use db::{DocumentWords, NewChunk, NewDocument};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::{sync::Semaphore, task::spawn_blocking};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;
use web::{Error, Result};

/// A text of so many bytes is cut faster than another thread is woken for it.
const CUT_AT_ONCE: usize = 16 * 1024;

/// A document that can be stored.
pub(crate) struct Cut {
    asked: AddDocument,
    metadata: Value,
    hash: [u8; 32],
    /// Its language, if it was said or can be told.
    language: Option<String>,
    chunks: Vec<NewChunk>,
    words: DocumentWords,
}

impl Cut {
    /// Cuts a text. A long one is cut on a thread of its own, one text at a time, so that requests which have nothing to do
    /// with it do not wait.
    ///
    /// # Errors
    /// 422 for a text with nothing in it; the thread died.
    pub(crate) async fn of(asked: AddDocument) -> Result<Self> {
        static LONG: Semaphore = Semaphore::const_new(1);
        asked.check()?;
        let cut = if asked.text.len() <= CUT_AT_ONCE {
            Self::new(asked)
        } else {
            let turn = LONG.acquire().await;
            let cut = spawn_blocking(move || {
                // Held by the work and not by the request, which may be given up before the work is done.
                let _turn = turn;
                Self::new(asked)
            });
            cut.await.context("a text could not be cut")?
        };
        match cut.chunks.is_empty() {
            true => Err(Error::field("text", "must not be empty")),
            false => Ok(cut),
        }
    }

    fn new(mut asked: AddDocument) -> Self {
        let text = with_plain_lines(&asked.text);
        let title = asked.title.trim();
        let of_title = service::words(title);
        let mut words = DocumentWords::default();
        let chunks = passages(&text).into_iter().map(|piece| {
            words.add(service::counted(&of_title, piece));
            NewChunk {
                id: Uuid::now_v7(),
                text: piece.to_owned(),
            }
        });
        let chunks = chunks.collect();
        let told = || service::language_of(&text).map(str::to_owned);
        Self {
            metadata: asked.metadata.take().unwrap_or_default().into(),
            hash: hash(title, &text),
            language: asked.language.take().or_else(told),
            chunks,
            words,
            asked,
        }
    }

    /// Tells its title and text from those of others: SHA-256.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// It as the document with this id.
    pub(crate) fn document(&self, id: Uuid, keeps_vectors: bool) -> NewDocument<'_> {
        NewDocument {
            id,
            title: self.asked.title.trim(),
            text: &self.asked.text,
            hash: &self.hash,
            source_url: self.asked.source_url.as_deref(),
            language: self.language.as_deref(),
            metadata: &self.metadata,
            chunks: &self.chunks,
            words: &self.words,
            keeps_vectors,
        }
    }
}

/// The same for texts that differ in how their lines end, in blanks around them, or in how accents are written.
fn hash(title: &str, text: &str) -> [u8; 32] {
    let composed = |text: &str| text.trim().nfc().collect::<String>();
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
