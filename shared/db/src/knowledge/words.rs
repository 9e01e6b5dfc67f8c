//! Which words are in which passages of a document, as full text stores them.

use super::languages::stemmer;
use crate::{Result, TenantTx};
use std::collections::HashMap;
use uuid::Uuid;

/// So many words are stemmed at a time.
const STEMMED: usize = 5_000;
/// And so many places of words stored at a time, each statement within a small part of the time that it may take.
const STORED: usize = 20_000;

/// Which words are in which passages, and how often.
#[derive(Debug, Default)]
pub struct DocumentWords {
    /// For each word, in which passages, counted from 1, and how often in each.
    places: HashMap<String, Vec<(i32, i32)>>,
    /// How many words each passage has.
    pub(crate) lengths: Vec<i32>,
}

impl DocumentWords {
    /// Adds the next passage, with how often each word is in it.
    pub fn add(&mut self, counts: HashMap<String, u32>) {
        let ordinal = i32::try_from(self.lengths.len() + 1).unwrap_or(i32::MAX);
        let mut length = 0_i32;
        for (word, count) in counts {
            let count = i32::try_from(count).unwrap_or(i32::MAX);
            length = length.saturating_add(count);
            let places = self.places.entry(word).or_default();
            places.push((ordinal, count));
        }
        self.lengths.push(length);
    }

    /// How many words there are in all.
    fn total(&self) -> i32 {
        self.lengths.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// Where stems are, and how often.
type Stems = HashMap<String, Vec<(i32, i32)>>;

impl TenantTx {
    /// Stores which words are in which passages of a document, stemmed as its language is, and how many there are.
    pub(crate) async fn store_words(
        &mut self,
        id: Uuid,
        language: Option<&str>,
        words: &DocumentWords,
    ) -> Result<()> {
        let stemmer = stemmer(language);
        let stems = self.stemmed(stemmer, words).await?;
        let (mut lexemes, mut ordinals, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for (lexeme, places) in &stems {
            for (ordinal, count) in places {
                lexemes.push(lexeme.as_str());
                ordinals.push(*ordinal);
                counts.push(*count);
            }
            // Between two: each is a row.
            if lexemes.len() >= STORED {
                self.store_places(id, (&lexemes, &ordinals, &counts))
                    .await?;
                (lexemes, ordinals, counts) = (Vec::new(), Vec::new(), Vec::new());
            }
        }
        self.store_places(id, (&lexemes, &ordinals, &counts))
            .await?;
        sqlx::query(
            "with stemmed as (insert into document_stemmers (stemmer) values ($2) on conflict do nothing)
             update documents set chunks = $3, words = $4 where id = $1",
        )
        .bind(id)
        .bind(stemmer)
        .bind(i32::try_from(words.lengths.len()).unwrap_or(i32::MAX))
        .bind(words.total())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    async fn store_places(
        &mut self,
        id: Uuid,
        (lexemes, ordinals, counts): (&[&str], &[i32], &[i32]),
    ) -> Result<()> {
        if lexemes.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into document_words (lexeme, document_id, ordinals, counts)
             select p.lexeme, $1, array_agg(p.ordinal order by p.ordinal),
               array_agg(least(p.count, 32767)::smallint order by p.ordinal)
             from unnest($2::text[], $3::integer[], $4::integer[]) p(lexeme, ordinal, count)
             group by p.lexeme",
        )
        .bind(id)
        .bind(lexemes)
        .bind(ordinals)
        .bind(counts)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// What the words are stemmed to: several may be stemmed to the same.
    async fn stemmed(&mut self, stemmer: &str, words: &DocumentWords) -> Result<Stems> {
        let all: Vec<&str> = words.places.keys().map(String::as_str).collect();
        let mut stems = HashMap::<String, HashMap<i32, i32>>::new();
        for some in all.chunks(STEMMED) {
            let found: Vec<(String, String)> =
                sqlx::query_as("select word, lexeme from stems(array[$1], $2)")
                    .bind(stemmer)
                    .bind(some)
                    .fetch_all(self.conn())
                    .await?;
            for (word, lexeme) in found {
                let places = stems.entry(lexeme).or_default();
                for (ordinal, count) in &words.places[&word] {
                    let sum = places.entry(*ordinal).or_default();
                    *sum = sum.saturating_add(*count);
                }
            }
        }
        let sorted = stems.into_iter().map(|(lexeme, places)| {
            let mut places: Vec<_> = places.into_iter().collect();
            places.sort_unstable();
            (lexeme, places)
        });
        Ok(sorted.collect())
    }
}
