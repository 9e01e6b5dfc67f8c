//! Merging of ranked lists whose scores cannot be compared.

use std::{collections::HashMap, hash::Hash};

/// The constant of the method; 60 is the value its authors found to work across collections.
const K: f32 = 60.0;

/// Merges `lists`, each best first, into one list of items and scores, best first.
///
/// Reciprocal rank fusion: an item scores the sum of 1 / (60 + rank) over the lists that hold it, the
/// first rank being 1 (Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
/// individual Rank Learning Methods", SIGIR 2009). It uses ranks only, so a text search and a vector
/// search need no common scale. An item repeated within one list counts where it stands first. Items of
/// equal score keep the order in which they first appear, list by list.
pub fn fuse<T: Eq + Hash + Clone>(lists: &[Vec<T>]) -> Vec<(T, f32)> {
    let mut fused: Vec<(T, f32)> = Vec::new();
    let mut places: HashMap<&T, (usize, usize)> = HashMap::new();
    for (number, list) in lists.iter().enumerate() {
        for (index, item) in list.iter().enumerate() {
            let score = 1.0 / (K + index as f32 + 1.0);
            match places.get_mut(item) {
                Some((_, last)) if *last == number => {}
                Some((place, last)) => {
                    *last = number;
                    fused[*place].1 += score;
                }
                None => {
                    places.insert(item, (fused.len(), number));
                    fused.push((item.clone(), score));
                }
            }
        }
    }
    fused.sort_by(|a, b| b.1.total_cmp(&a.1));
    fused
}

/// The score of an item that stands first in every one of `lists` lists; none is higher.
pub fn best_fused(lists: usize) -> f32 {
    lists as f32 / (K + 1.0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_item_in_both_lists_wins() {
        let fused = fuse(&[vec!["a", "b"], vec!["c", "b"]]);
        let order: Vec<_> = fused.iter().map(|(item, _)| *item).collect();
        assert_eq!(order, ["b", "a", "c"]);
        assert!((fused[0].1 - 2.0 / 62.0).abs() < 1e-6);
        assert!((fused[1].1 - 1.0 / 61.0).abs() < 1e-6);
    }

    #[test]
    fn a_repeated_item_counts_once_a_list() {
        assert_eq!(fuse(&[vec![1, 1, 1]]), [(1, 1.0 / 61.0)]);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(fuse::<u8>(&[]).is_empty());
        assert!(fuse::<u8>(&[vec![], vec![]]).is_empty());
    }

    proptest! {
        #[test]
        fn holds_every_item_once_best_first(
            lists in prop::collection::vec(prop::collection::vec(0_u8..20, 0..12), 0..4),
        ) {
            let fused = fuse(&lists);
            let items: HashSet<u8> = fused.iter().map(|(item, _)| *item).collect();
            prop_assert_eq!(items.len(), fused.len());
            prop_assert_eq!(items, lists.iter().flatten().copied().collect());
            prop_assert!(fused.windows(2).all(|pair| pair[0].1 >= pair[1].1));
            prop_assert_eq!(&fused, &fuse(&lists));
        }

        #[test]
        fn one_list_keeps_its_order(list in prop::collection::hash_set(any::<u16>(), 0..30)) {
            let list: Vec<u16> = list.into_iter().collect();
            let fused: Vec<u16> = fuse(std::slice::from_ref(&list)).into_iter().map(|(item, _)| item).collect();
            prop_assert_eq!(fused, list);
        }
    }
}
