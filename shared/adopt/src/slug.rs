//! Slugs of tenants whose ids there were typed by people.

use sha2::{Digest, Sha256};
use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// What a slug was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MadeOf {
    /// The tenant's id there.
    Id,
    /// Its name, where the id is a number or a UUID, or has no ASCII.
    Name,
    /// A hash of the id, where neither has any ASCII.
    Hash,
    /// What the operator said.
    Asked,
    /// What it was called here before.
    Known,
}

/// The slug of a tenant, which none of `taken` is; it is added to them.
pub(crate) fn slug(id: &str, name: &str, taken: &mut HashSet<String>) -> (String, MadeOf) {
    let is_typed = id.parse::<i64>().is_err() && Uuid::try_parse(id).is_err();
    let of_id = is_typed.then(|| ascii(id)).flatten();
    let (base, made) = match of_id.map(|slug| (slug, MadeOf::Id)) {
        Some(made) => made,
        None => match ascii(name) {
            Some(slug) => (slug, MadeOf::Name),
            None => (hashed(id), MadeOf::Hash),
        },
    };
    let mut slug = base.clone();
    let mut number = 2;
    while !taken.insert(slug.clone()) {
        let tail = format!("-{number}");
        let head = &base[..base.len().min(63 - tail.len())];
        slug = format!("{}{tail}", head.trim_end_matches('-'));
        number += 1;
    }
    (slug, made)
}

/// Small letters and digits, and a hyphen for everything between; none if no letter or digit is left.
fn ascii(text: &str) -> Option<String> {
    let mut slug = String::new();
    // Decomposed, an accented letter is a letter and an accent.
    for c in text.nfkd().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'ß' => slug.push_str("ss"),
            '\u{300}'..='\u{36f}' => {}
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
        if slug.len() >= 63 {
            slug.truncate(63);
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

fn hashed(id: &str) -> String {
    let hash = hex::encode(&Sha256::digest(id)[..4]);
    format!("tenant-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_are_made_of_what_people_typed() {
        let mut taken = HashSet::new();
        for (id, name, expected, made) in [
            ("acme", "Acme Sports", "acme", MadeOf::Id),
            (
                "tenant_b_identifier",
                "B",
                "tenant-b-identifier",
                MadeOf::Id,
            ),
            (
                "Tenant-B Identifier",
                "B",
                "tenant-b-identifier-2",
                MadeOf::Id,
            ),
            (
                "tenant b/identifier!",
                "B",
                "tenant-b-identifier-3",
                MadeOf::Id,
            ),
            (
                "9b2e6c1e-0f4b-4c62-8a35-5f1d7c0b9e11",
                "Baker & Söhne",
                "baker-sohne",
                MadeOf::Name,
            ),
            ("3", "Umbrella Süd", "umbrella-sud", MadeOf::Name),
            ("東京ランナーズ", "Tokyo 2020", "tokyo-2020", MadeOf::Name),
            (
                "東京ランナーズ",
                "東京ランナーズ 🏃",
                "tenant-4a4fd3ac",
                MadeOf::Hash,
            ),
            ("Größe", "", "grosse", MadeOf::Id),
        ] {
            let (slug, of) = slug(id, name, &mut taken);
            let is_hash = made == MadeOf::Hash && slug.starts_with("tenant-") && slug.len() == 15;
            assert!(is_hash || slug == expected, "{id}: {slug}");
            assert_eq!(of, made, "{id}");
        }
    }

    proptest! {
        #[test]
        fn any_id_gets_a_slug_that_fits(ids in prop::collection::vec(".{0,90}", 1..5), name in ".{0,90}") {
            let mut taken = HashSet::new();
            for id in ids.iter().chain(&ids) {
                let before = taken.len();
                let (slug, _) = slug(id, &name, &mut taken);
                prop_assert_eq!(taken.len(), before + 1);
                prop_assert!(!slug.is_empty() && slug.len() <= 63, "{}", slug);
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                prop_assert!(slug.chars().all(plain) && !slug.starts_with('-') && !slug.ends_with('-'), "{}", slug);
            }
        }
    }
}
