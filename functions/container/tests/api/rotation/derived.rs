//! What follows from SECRET_KEY, so that nothing is forgotten when another takes its place.

use crate::kit::Kit;
use std::{collections::BTreeSet, fs, path::Path};

/// Every label under which something follows from it, and what becomes of that. Whatever is added here is either sealed again by
/// `parlance rotate-keys`, or known again while SECRET_KEY_PREVIOUS has the old secret; docs/running.md says which.
const DERIVED: &[&str] = &[
    // Known again for good: what is kept of the old secret is sealed with the next.
    "api-key",
    "site-key",
    // Known again until the old secret is removed.
    "challenge/key/v1",
    "cursor/v1",
    "invitation-token",
    "refresh-token",
    "request/v1",
    // Changed by `parlance migrate` and `parlance rotate-keys`; tried one after the other meanwhile.
    "role-password/v1",
    "role-salt/v1",
    // Sealed again.
    "sealer/kek/v1",
    "sealer/kid/v1",
];

/// The columns that hold what is sealed. Whatever is added here must be sealed again by `parlance rotate-keys`
/// (db/src/running/reseal.rs).
const SEALED: &[&str] = &[
    "connectors.sealed",
    "site_identity_keys.sealed",
    "tenant_secrets.sealed",
    "token_keys.sealed",
];

/// The texts between `start` and a quotation mark.
fn quoted<'a>(text: &'a str, start: &str) -> impl Iterator<Item = &'a str> {
    let found = text
        .match_indices(start)
        .map(|(at, start)| at + start.len());
    found
        .filter_map(|at| text.get(at..)?.split('"').next())
        .collect::<Vec<_>>()
        .into_iter()
}

#[test]
fn everything_that_follows_from_the_secret_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/tenant-auth/src");
    let mut found = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|kind| kind != "rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("mod tests {").next().unwrap_or_default();
        for start in [
            "expand(b\"",
            "expand::<32>(b\"",
            "expand::<16>(b\"",
            "self.mac(b\"",
            "OpaqueKeys::new(root, \"",
        ] {
            found.extend(quoted(code, start).map(str::to_owned));
        }
    }
    let found: Vec<_> = found.iter().map(String::as_str).collect();
    let listed: BTreeSet<_> = DERIVED.iter().copied().collect();
    assert_eq!(found, listed.into_iter().collect::<Vec<_>>());
}

#[tokio::test] // R49
async fn everything_that_is_sealed_is_sealed_again() {
    let kit = Kit::new().await;
    let columns: Vec<String> = sqlx::query_scalar(
        "select table_name || '.' || column_name from information_schema.columns
         where table_schema = 'parlance' and data_type = 'bytea' and column_name like '%sealed%' order by 1",
    )
    .fetch_all(&kit.pool)
    .await
    .unwrap();
    assert_eq!(columns, SEALED);
    // None of them by another name: whoever seals something asks for its place, and there are so many.
    let text = include_str!("../../../../../shared/db/src/running/reseal.rs");
    for column in SEALED {
        let (table, _) = column.split_once('.').unwrap();
        assert!(
            text.contains(&format!("update {table} ")),
            "{table} is not sealed again"
        );
    }
}
