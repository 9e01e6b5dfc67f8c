//! Lists of what there may be, each with a reason for every entry: a change must be made in two places or in none.

use std::{collections::BTreeSet, fmt::Debug};

/// Asserts that there is what is listed and nothing else. `list` says where the list is and what an entry allows.
pub fn assert_listed(
    found: impl IntoIterator<Item = impl Debug>,
    listed: &[impl Debug],
    list: &str,
) {
    let found: BTreeSet<_> = found.into_iter().map(|one| format!("{one:?}")).collect();
    let listed: BTreeSet<_> = listed.iter().map(|one| format!("{one:?}")).collect();
    let missing: Vec<_> = found.difference(&listed).cloned().collect();
    let gone: Vec<_> = listed.difference(&found).cloned().collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{list}\nNot in the list; add it if it is meant: {}\nIn the list, and not there; take it out if that is meant: {}",
        missing.join(", "),
        gone.join(", ")
    );
}
