//! Lists of what there may be, each with a reason for every entry: a change must be made in two places or in none.

use std::{collections::BTreeSet, fmt::Debug};

/// Asserts that there is what is listed and nothing else. `list` says where the list is and what an entry allows.
pub fn assert_listed<T: Debug + Ord>(
    found: impl IntoIterator<Item = T>,
    listed: impl IntoIterator<Item = T>,
    list: &str,
) {
    let (found, listed): (BTreeSet<_>, BTreeSet<_>) =
        (found.into_iter().collect(), listed.into_iter().collect());
    let missing: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{list}\nThere is, and the list has it not (add it, if it is meant): {missing:#?}\n\
         The list has, and it is not there (take it out, if that is meant): {gone:#?}"
    );
}
