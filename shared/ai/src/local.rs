//! The embedded provider: answers by quoting the documents, and says so when they say nothing.
//!
//! It exists so that the service works without any provider's key. It writes no sentence of its own
//! about the subject, so it cannot be wrong about more than which sentence to quote.

use std::collections::HashSet;

use crate::{Passage, sentences};

/// The most quotes in an answer.
const MAX_QUOTES: usize = 3;

/// The longest quote, in characters; a longer one is cut and marked with an ellipsis.
const MAX_QUOTE: usize = 400;

/// Words that are in most questions and so point to no answer.
const STOP_WORDS: &str = " a about after all also am an and any are as at be been before being but by \
    can could did do does doing for from get had has have he her here him his how i if in into is it \
    its me may might more most must my no not of on or our out please shall she should so some such \
    tell than that the their them then there these they this those to up us was we were what when \
    where which who whom whose why will with would you your ";

/// Word endings that are dropped before words are compared, longest first.
const ENDINGS: [&str; 10] = [
    "ments", "ment", "ings", "ing", "ies", "ed", "es", "s", "e", "y",
];

struct Quote {
    /// How many different words of the question it has.
    score: usize,
    /// The index of its passage.
    passage: usize,
    text: String,
}

/// Answers `question` with the one to three sentences of `passages` that share most words with it,
/// cited as `[n]`, and the titles they come from.
///
/// Passages are taken to be sorted best first: of equal sentences, an earlier passage's wins.
pub fn answer(question: &str, passages: &[Passage]) -> String {
    if passages.is_empty() {
        return "I found nothing about this in the documents, so I cannot answer.".to_owned();
    }
    let quotes = best(question, passages);
    if quotes.is_empty() {
        let all: Vec<usize> = (0..passages.len().min(MAX_QUOTES)).collect();
        return format!(
            "The documents below may be related, but I found no sentence in them that answers this.\
             \n\nSources: {}",
            sources(passages, &all)
        );
    }
    let lines: Vec<String> = quotes
        .iter()
        .map(|quote| format!("“{}” [{}]", quote.text, quote.passage + 1))
        .collect();
    let mut cited: Vec<usize> = quotes.iter().map(|quote| quote.passage).collect();
    cited.sort_unstable();
    cited.dedup();
    format!(
        "From the documents:\n\n{}\n\nSources: {}",
        lines.join("\n\n"),
        sources(passages, &cited)
    )
}

/// The quotes to give, best first: those with more than half as many words of the question as the best.
///
/// None if even the best has under three in ten of them: a sentence that shares one word of many with the
/// question is no answer to it, and quoting it would look like one.
fn best(question: &str, passages: &[Passage]) -> Vec<Quote> {
    let asked = words(question);
    let mut quotes = Vec::new();
    let mut seen = HashSet::new();
    for (passage, Passage { text, .. }) in passages.iter().enumerate() {
        let sentences = sentences::split(text);
        for (index, sentence) in sentences.iter().enumerate() {
            let text = match sentences.get(index + 1) {
                Some(next) if sentence.heading => {
                    format!("{}: {}", sentence.text.trim_end_matches(':'), next.text)
                }
                _ => sentence.text.clone(),
            };
            let score = words(&text).intersection(&asked).count();
            // Neighbouring passages overlap.
            if score > 0 && seen.insert(text.clone()) {
                quotes.push(Quote {
                    score,
                    passage,
                    text,
                });
            }
        }
    }
    quotes.sort_by_key(|quote| std::cmp::Reverse(quote.score));
    let best = quotes.first().map_or(0, |best| best.score);
    if best * 10 < asked.len() * 3 {
        return Vec::new();
    }
    let enough = best / 2 + 1;
    let mut kept: Vec<Quote> = Vec::new();
    for quote in quotes.into_iter().filter(|quote| quote.score >= enough) {
        let repeats = |k: &Quote| k.text.contains(&quote.text) || quote.text.contains(&k.text);
        if kept.len() < MAX_QUOTES && !kept.iter().any(repeats) {
            kept.push(quote);
        }
    }
    for quote in &mut kept {
        quote.text = clip(std::mem::take(&mut quote.text));
    }
    kept
}

/// The telling words of `text`, folded and without endings.
fn words(text: &str) -> HashSet<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !STOP_WORDS.contains(&format!(" {word} ")))
        .map(|word| stem(word).to_owned())
        .collect()
}

/// `word` without its ending, if three letters or more remain. It is no linguist's stem, but enough for
/// "refunds" to match "refund", and "pay" to match "payment".
fn stem(word: &str) -> &str {
    let stem = ENDINGS.iter().find_map(|ending| {
        word.strip_suffix(ending)
            .filter(|stem| stem.chars().count() >= 3)
    });
    stem.unwrap_or(word)
}

fn clip(text: String) -> String {
    let Some((end, _)) = text.char_indices().nth(MAX_QUOTE) else {
        return text;
    };
    let head = &text[..end];
    let head = head.rsplit_once(' ').map_or(head, |(head, _)| head);
    format!("{head} …")
}

fn sources(passages: &[Passage], indices: &[usize]) -> String {
    let source = |&index: &usize| {
        let Passage {
            title, source_url, ..
        } = &passages[index];
        let title = match (title.trim(), source_url) {
            ("", Some(url)) => url.as_str(),
            ("", None) => "untitled",
            (title, _) => title,
        };
        format!("[{}] {title}", index + 1)
    };
    let sources: Vec<String> = indices.iter().map(source).collect();
    sources.join(", ")
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
