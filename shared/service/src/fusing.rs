//! Putting what full text and vectors found in one order: pure, without the database.

use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How much vectors count; full text counts the rest. With 300 questions of CLAP NQ and 298 of XQuAD in each of seven languages values from
/// 0.5 to 0.8 differ little; the higher, the more a good model is worth.
const VECTORS: f32 = 0.8;
/// The least that a cosine can be.
const LEAST_COSINE: f32 = -1.0;

/// What one way of finding names: best first, each with its score on the way's own scale.
pub(crate) type Named = [(Uuid, f32)];

/// What bounds what is named.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// How many each way names at most.
    pub(crate) most: usize,
    /// The least cosine that vectors name.
    pub(crate) min_score: f32,
}

/// Merges what two ways of finding name: ids and scores from 0 to 1, best first.
///
/// A convex combination of scores, each relative to the least that it can be and to the best of this question (TM2C2 of Bruch,
/// Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 2023). Unlike ranks, scores tell a way that
/// knows the answer from one to which everything is alike, such as a model that does not know the language. What only one
/// way names counts for the other as the last that this names; where that named all it could, as what it would not name.
pub(crate) fn fuse(by_text: &Named, by_vector: &Named, bounds: Bounds) -> Vec<(Uuid, f32)> {
    let text = Leg::of(by_text, 0.0, (bounds.most, 0.0));
    let vectors = Leg::of(by_vector, LEAST_COSINE, (bounds.most, bounds.min_score));
    let mut seen = HashSet::new();
    let named = by_text.iter().chain(by_vector).map(|(id, _)| *id);
    let named = named.filter(|id| seen.insert(*id));
    let score = |id: Uuid| {
        (
            id,
            VECTORS * vectors.score(id) + (1.0 - VECTORS) * text.score(id),
        )
    };
    let mut fused: Vec<_> = named.map(score).collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1));
    fused
}

/// Scores of one way from 0 to 1.
struct Leg {
    scores: HashMap<Uuid, f32>,
    /// Of what it does not name.
    unnamed: f32,
}

impl Leg {
    fn of(named: &Named, least: f32, (most, threshold): (usize, f32)) -> Self {
        let best = named.first().map_or(least, |(_, score)| *score);
        let range = best - least;
        let relative = |score: f32| match range > 0.0 {
            true => ((score - least) / range).clamp(0.0, 1.0),
            false => 1.0,
        };
        let scores = named.iter().map(|(id, score)| (*id, relative(*score)));
        let unnamed = match named.last() {
            None => 0.0,
            Some((_, last)) if named.len() >= most => relative(*last),
            Some((_, last)) => relative(threshold.min(*last)),
        };
        Self {
            scores: scores.collect(),
            unnamed,
        }
    }

    fn score(&self, id: Uuid) -> f32 {
        self.scores.get(&id).copied().unwrap_or(self.unnamed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds {
        most: 50,
        min_score: 0.3,
    };

    fn id(number: u8) -> Uuid {
        Uuid::from_u128(number.into())
    }

    fn order(by_text: &[(u8, f32)], by_vector: &[(u8, f32)]) -> Vec<u8> {
        let leg = |named: &[(u8, f32)]| -> Vec<_> {
            named.iter().map(|(n, score)| (id(*n), *score)).collect()
        };
        let fused = fuse(&leg(by_text), &leg(by_vector), BOUNDS);
        fused.iter().map(|(id, _)| id.as_u128() as u8).collect()
    }

    #[test]
    fn what_both_name_comes_first() {
        assert_eq!(order(&[(1, 9.0), (2, 8.9)], &[(3, 0.7), (2, 0.69)])[0], 2);
    }

    #[test]
    fn a_way_to_which_everything_is_alike_leaves_the_order_to_the_other() {
        let alike = [(9, 0.951), (3, 0.95), (2, 0.949), (1, 0.948)];
        assert_eq!(order(&[(1, 9.0), (2, 6.0), (3, 2.0)], &alike), [1, 2, 3, 9]);
        let told = [(9, 0.8), (3, 0.4), (2, 0.35), (1, 0.3)];
        let alike = [(1, 3.0), (2, 2.99), (3, 2.98), (9, 2.97)];
        assert_eq!(order(&alike, &told)[0], 9);
    }

    #[test]
    fn what_only_full_text_found_keeps_its_order() {
        assert_eq!(order(&[(1, 2.0), (2, 1.0)], &[]), [1, 2]);
        assert_eq!(order(&[], &[(1, 0.5), (2, 0.4)]), [1, 2]);
        assert!(order(&[], &[]).is_empty());
    }

    #[test]
    fn scores_that_say_nothing_are_no_fault() {
        assert_eq!(order(&[(1, 0.0), (2, 0.0)], &[(1, -1.0)])[0], 1);
    }

    proptest! {
        #[test]
        fn each_is_there_once_best_first_from_0_to_1(
            text in prop::collection::vec((0_u8..20, 0.0_f32..20.0), 0..12),
            vectors in prop::collection::vec((0_u8..20, -1.0_f32..1.0), 0..12),
        ) {
            let leg = |mut named: Vec<(u8, f32)>| -> Vec<(Uuid, f32)> {
                named.sort_by(|a, b| b.1.total_cmp(&a.1));
                named.into_iter().map(|(n, score)| (id(n), score)).collect()
            };
            let (text, vectors) = (leg(text), leg(vectors));
            let fused = fuse(&text, &vectors, BOUNDS);
            let ids: HashSet<Uuid> = fused.iter().map(|(id, _)| *id).collect();
            prop_assert_eq!(ids.len(), fused.len());
            let named = text.iter().chain(&vectors).map(|(id, _)| *id);
            prop_assert_eq!(ids, named.collect());
            prop_assert!(fused.windows(2).all(|pair| pair[0].1 >= pair[1].1));
            prop_assert!(fused.iter().all(|(_, score)| (0.0..=1.0).contains(score)));
        }
    }
}
