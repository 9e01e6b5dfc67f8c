//! Which words are in which passages of a document, as full text stores them.

use super::languages::stemmer;
use crate::{Result, TenantTx};
use std::collections::HashMap;
use uuid::Uuid;

/// From so many different words on, what follows is stored by itself: a text of nothing but words that differ takes no more memory at a
/// time, and nothing that others wait for takes long. Most books have fewer.
const DIFFERENT: usize = 20_000;
/// So many words are stemmed at a time.
const STEMMED: usize = 5_000;
/// And so many places of words stored at a time, each statement within a small part of the time that it may take.
const STORED: usize = 20_000;

/// In which passages each word, or stem, is, and how often.
type Places = HashMap<String, Vec<(i32, i32)>>;

/// Which words are in which passages, and how often.
#[derive(Debug)]
pub struct DocumentWords {
    /// Of passages that follow each other.
    slices: Vec<Slice>,
    /// How many words each passage has.
    pub(crate) lengths: Vec<i32>,
}

/// Which words are in which of some passages that follow each other. Small: there are millions of words in a large file.
#[derive(Debug)]
struct Slice {
    /// The words, a line each.
    words: String,
    /// Where they are, in the order of the words.
    places: Vec<Place>,
}

/// Where a word is.
#[derive(Debug)]
struct Place {
    /// Which of the words it is.
    nth: u32,
    /// In which passage, counted from 1.
    ordinal: i32,
    /// How often.
    count: i32,
}

impl Slice {
    /// Of the places of each word.
    fn of(places_of: Places) -> Self {
        let (mut words, mut places) = (String::new(), Vec::new());
        for ((word, found), nth) in places_of.into_iter().zip(0..) {
            // No word has a line's end in it: it ends there.
            words.push_str(&word);
            words.push('\n');
            places.extend(found.into_iter().map(|(ordinal, count)| Place {
                nth,
                ordinal,
                count,
            }));
        }
        Self { words, places }
    }
}

impl DocumentWords {
    /// The words of passages in their order, each with how often it has which word. Takes time that grows with the text.
    pub fn of(passages: impl IntoIterator<Item = HashMap<String, u32>>) -> Self {
        let (mut slices, mut open, mut lengths) = (Vec::new(), Places::new(), Vec::new());
        for (counts, ordinal) in passages.into_iter().zip(1..) {
            let mut length = 0_i32;
            for (word, count) in counts {
                let count = i32::try_from(count).unwrap_or(i32::MAX);
                length = length.saturating_add(count);
                open.entry(word).or_default().push((ordinal, count));
            }
            lengths.push(length);
            if open.len() >= DIFFERENT {
                slices.push(Slice::of(std::mem::take(&mut open)));
            }
        }
        slices.push(Slice::of(open));
        Self { slices, lengths }
    }

    /// How many words there are in all.
    fn total(&self) -> i32 {
        self.lengths.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

impl TenantTx {
    /// Stores which words are in which passages of a document, stemmed as its language is, and how many there are.
    pub(crate) async fn store_words(
        &mut self,
        id: Uuid,
        language: Option<&str>,
        words: &DocumentWords,
    ) -> Result<()> {
        let stemmer = stemmer(language);
        for slice in &words.slices {
            let stems = self.stemmed(stemmer, slice).await?;
            self.store_stems(id, &stems).await?;
        }
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

    async fn store_stems(&mut self, id: Uuid, stems: &Places) -> Result<()> {
        let (mut lexemes, mut ordinals, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for (lexeme, places) in stems {
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
        self.store_places(id, (&lexemes, &ordinals, &counts)).await
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
             group by p.lexeme
             on conflict (tenant_id, lexeme, document_id) do update
               set ordinals = document_words.ordinals || excluded.ordinals, counts = document_words.counts || excluded.counts",
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
    async fn stemmed(&mut self, stemmer: &str, slice: &Slice) -> Result<Places> {
        let all: Vec<&str> = slice.words.lines().collect();
        let places = slice.places.chunk_by(|one, next| one.nth == next.nth);
        let places: HashMap<&str, &[Place]> = all.iter().copied().zip(places).collect();
        let mut stems = Places::new();
        for some in all.chunks(STEMMED) {
            let found: Vec<(String, String)> =
                sqlx::query_as("select word, lexeme from stems(array[$1], $2)")
                    .bind(stemmer)
                    .bind(some)
                    .fetch_all(self.conn())
                    .await?;
            for (word, lexeme) in found {
                let found = places[&*word].iter();
                let found = found.map(|place| (place.ordinal, place.count));
                stems.entry(lexeme).or_default().extend(found);
            }
        }
        for places in stems.values_mut() {
            places.sort_unstable();
            places.dedup_by(|next, sum| {
                let is_same = next.0 == sum.0;
                if is_same {
                    sum.1 = sum.1.saturating_add(next.1);
                }
                is_same
            });
        }
        Ok(stems)
    }
}
