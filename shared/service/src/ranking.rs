//! Which of what was found is given to a model: pure, without the database.

use crate::words::fold;
use db::Passage;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How much of their runs of three words two passages share that say the same.
const SAME: f32 = 0.9;
/// A passage of fewer words is short.
const SHORT: usize = 30;
/// How many passages of one document come before those of others, at most: of five, two.
const SHARE: usize = 2;

/// A passage that may be given, with what each way of finding it says of it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) passage: Passage,
    pub(crate) scores: Scores,
}

/// How well a passage fits, on the scale of each way of finding it; nothing where that did not find it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// The share of the question's words that it has.
    pub full_text: Option<f32>,
    /// How near its vector is.
    pub vectors: Option<f32>,
    /// What whoever puts passages in order says.
    pub rerank: Option<f32>,
}

/// Leaves out what says the same as something better, and of one document all but the best few come behind those of others.
/// `found` is best first.
pub(crate) fn various(found: Vec<Candidate>, most: usize) -> Vec<Candidate> {
    let mut seen: Vec<Said> = Vec::new();
    let mut of_document: HashMap<Uuid, usize> = HashMap::new();
    let (mut first, mut later) = (Vec::new(), Vec::new());
    let share = most.div_ceil(SHARE).max(1);
    for candidate in found {
        if first.len() == most {
            break;
        }
        let said = Said::of(&candidate.passage);
        if seen.iter().any(|other| other.is_same(&said)) {
            continue;
        }
        seen.push(said);
        let count = of_document
            .entry(candidate.passage.document_id)
            .or_default();
        *count += 1;
        match *count <= share {
            true => first.push(candidate),
            false => later.push(candidate),
        }
    }
    first.extend(later);
    first.truncate(most);
    first
}

/// What a passage says, as far as others may say it, too.
struct Said {
    runs: HashSet<String>,
    /// Two that differ in a number say different things, however much they share.
    numbers: Vec<String>,
    /// Of a short one the title tells what it is about: it says nothing by itself.
    about: Option<String>,
}

impl Said {
    fn of(passage: &Passage) -> Self {
        let (title, text) = (fold(&passage.title), fold(&passage.text));
        let words_of = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| !c.is_alphanumeric());
            let words = words.filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        let words = words_of(&text);
        let mut runs: HashSet<String> = words.windows(3).map(|run| run.join(" ")).collect();
        if runs.is_empty() {
            runs.insert(words.join(" "));
        }
        let titled = words_of(&title);
        let all = titled.iter().chain(&words);
        let has_digit = |word: &&String| word.chars().any(char::is_numeric);
        Self {
            runs,
            numbers: all.filter(has_digit).cloned().collect(),
            about: (words.len() < SHORT).then(|| titled.join(" ")),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        let shared = self.runs.intersection(&other.runs).count();
        let all = self.runs.len() + other.runs.len() - shared;
        self.numbers == other.numbers
            && self.about == other.about
            && shared as f32 >= SAME * all as f32
    }
}

/// Joins passages that follow each other in their document, in its order, at the place of the best of them.
pub(crate) fn joined(found: Vec<Candidate>) -> Vec<Candidate> {
    let mut groups: Vec<Group> = Vec::new();
    for candidate in found {
        let passage = &candidate.passage;
        let is_beside = |other: &Candidate| {
            let other = &other.passage;
            other.document_id == passage.document_id && other.ordinal.abs_diff(passage.ordinal) == 1
        };
        // A passage may join what stood before it with what stands behind.
        let (beside, mut others): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .enumerate()
            .partition(|(_, group)| group.iter().any(is_beside));
        let at = beside.first().map_or(usize::MAX, |(at, _)| *at);
        let mut group: Group = beside.into_iter().flat_map(|(_, group)| group).collect();
        group.push(candidate);
        let before = others.iter().filter(|(other, _)| *other < at).count();
        others.insert(before, (at, group));
        groups = others.into_iter().map(|(_, group)| group).collect();
    }
    groups.into_iter().filter_map(in_one).collect()
}

/// Passages that follow each other: the best first.
type Group = Vec<Candidate>;

/// A group as one passage: what is cited is its best one.
fn in_one(mut group: Group) -> Option<Candidate> {
    let best = group.first().cloned()?;
    group.sort_by_key(|one| one.passage.ordinal);
    let texts = group.iter().map(|one| one.passage.text.as_str());
    let texts: Vec<&str> = texts.collect();
    let text = texts.join("\n\n");
    Some(Candidate {
        passage: Passage {
            text,
            ..best.passage
        },
        ..best
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(document: u128, chunk: u128, text: &str) -> Candidate {
        Candidate {
            passage: Passage {
                document_id: Uuid::from_u128(document),
                chunk_id: Uuid::from_u128(chunk),
                title: String::new(),
                source_url: None,
                text: text.to_owned(),
                score: 1.0,
                ordinal: 0,
                page: None,
                heading: Vec::new(),
            },
            scores: Scores::default(),
        }
    }

    fn at(ordinal: i32, mut candidate: Candidate) -> Candidate {
        candidate.passage.ordinal = ordinal;
        candidate
    }

    fn chunks(found: &[Candidate]) -> Vec<u128> {
        found.iter().map(|c| c.passage.chunk_id.as_u128()).collect()
    }

    #[test]
    fn what_says_the_same_is_there_once() {
        let long =
            "A refund takes a few working days once the goods are back and whole. ".repeat(4);
        let found = vec![
            candidate(1, 1, &long),
            candidate(2, 2, &long.to_uppercase()),
            candidate(3, 3, &format!("{long} Really.")),
            candidate(4, 4, &format!("{long} After 14 days.")),
            candidate(5, 5, &format!("{long} After 30 days.")),
            candidate(6, 6, "Refunds"),
            candidate(7, 7, "refunds!"),
        ];
        assert_eq!(chunks(&various(found, 10)), [1, 4, 5, 6]);
    }

    #[test]
    fn others_come_before_the_third_of_a_document() {
        let texts = ["one", "two", "three", "four", "five"];
        let of_one = (1..)
            .zip(&texts[..4])
            .map(|(n, text)| candidate(1, n, text));
        let mut found: Vec<Candidate> = of_one.collect();
        found.push(candidate(2, 9, texts[4]));
        assert_eq!(chunks(&various(found.clone(), 3)), [1, 2, 9]);
        assert_eq!(chunks(&various(found.clone(), 5)), [1, 2, 3, 9, 4]);
        // A document alone has all the room.
        found.pop();
        assert_eq!(chunks(&various(found, 3)), [1, 2, 3]);
    }

    #[test]
    fn neighbours_are_joined_in_their_documents_order() {
        let found = vec![
            at(3, candidate(1, 13, "three")),
            at(3, candidate(2, 23, "other")),
            at(1, candidate(1, 11, "one")),
            at(2, candidate(1, 12, "two")),
            at(5, candidate(1, 15, "five")),
        ];
        let joined = joined(found);
        assert_eq!(chunks(&joined), [13, 23, 15]);
        assert_eq!(joined[0].passage.text, "one\n\ntwo\n\nthree");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_made_up_by_joining(
            picked in prop::collection::vec((0_u128..3, 0_i32..6), 0..12),
        ) {
            let mut known = HashSet::new();
            let mut found = Vec::new();
            for (document, place) in picked {
                let chunk = document * 100 + place.unsigned_abs() as u128;
                if known.insert(chunk) {
                    found.push(at(place, candidate(document, chunk, &format!("<{chunk}>"))));
                }
            }
            let mut expected: Vec<String> = found.iter().map(|c| c.passage.text.clone()).collect();
            let first = found.first().map(|c| c.passage.chunk_id);
            let joined = joined(found);
            prop_assert_eq!(joined.first().map(|c| c.passage.chunk_id), first);
            let mut texts: Vec<String> = joined.iter()
                .flat_map(|c| c.passage.text.split("\n\n").map(str::to_owned).collect::<Vec<_>>())
                .collect();
            texts.sort();
            expected.sort();
            prop_assert_eq!(texts, expected);
        }
    }
}
