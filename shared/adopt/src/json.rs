//! JSON that `json` of PostgreSQL keeps, and `jsonb` or whoever reads it here refuses or changes.

mod pieces;

pub(crate) use pieces::{comparable, is_readable};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, collections::HashSet, fmt};

/// The text with U+FFFD for what `jsonb` refuses, escapes of NUL and of half a surrogate pair, and how many there were.
pub(crate) fn storable(text: &str) -> (String, usize) {
    let mut kept = String::with_capacity(text.len());
    let mut replaced = 0;
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match unit(rest) {
            Some(0) => {
                replaced += 1;
                kept.push_str("\\ufffd");
                6
            }
            Some(0xd800..=0xdbff) if matches!(unit(&rest[6..]), Some(0xdc00..=0xdfff)) => {
                kept.push_str(&rest[..12]);
                12
            }
            Some(0xd800..=0xdfff) => {
                replaced += 1;
                kept.push_str("\\ufffd");
                6
            }
            Some(_) => {
                kept.push_str(&rest[..6]);
                6
            }
            // Another escape: two characters, of which the second may be a backslash, too.
            None => {
                let second = rest[1..].chars().next().map_or(0, char::len_utf8);
                kept.push_str(&rest[..1 + second]);
                1 + second
            }
        };
        rest = &rest[taken..];
    }
    kept.push_str(rest);
    (kept, replaced)
}

/// The number of an escape `\uXXXX` at the beginning.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// Whether an object in it has a key twice, of which `jsonb` keeps the last.
pub(crate) fn has_key_twice(text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|Twice(twice)| twice)
}

/// Whether there is such an object in a value.
struct Twice(bool);

impl<'de> Deserialize<'de> for Twice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Looking)
    }
}

struct Looking;

impl<'de> Visitor<'de> for Looking {
    type Value = Twice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Twice, A::Error> {
        let (mut seen, mut twice) = (HashSet::new(), false);
        while let Some((key, Twice(within))) = map.next_entry::<Cow<'de, str>, Twice>()? {
            twice |= within | !seen.insert(key);
        }
        Ok(Twice(twice))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Twice, A::Error> {
        let mut twice = false;
        while let Some(Twice(within)) = list.next_element()? {
            twice |= within;
        }
        Ok(Twice(twice))
    }

    fn visit_unit<E>(self) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Twice, E> {
        Ok(Twice(false))
    }
}

/// A text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_cannot_be_stored_is_replaced() {
        for (text, expected, replaced) in [
            (r#"{"a": "\u0000"}"#, r#"{"a": "\ufffd"}"#, 1),
            (r#"["\ud83d\ude00"]"#, r#"["\ud83d\ude00"]"#, 0),
            (
                r#"["\ud83d", "\ude00\ud83d"]"#,
                r#"["\ufffd", "\ufffd\ufffd"]"#,
                3,
            ),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#, 1),
            (
                r#"["\\u0000", "\\\u0000"]"#,
                r#"["\\u0000", "\\\ufffd"]"#,
                1,
            ),
            (
                r#"["\u00e9", "\n", "\"", "é"]"#,
                r#"["\u00e9", "\n", "\"", "é"]"#,
                0,
            ),
            ("null", "null", 0),
        ] {
            assert_eq!(storable(text), (expected.to_owned(), replaced), "{text}");
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_found() {
        for (text, expected) in [
            (r#"[{"a": 1, "b": {"c": null, "c": 2}}]"#, true),
            (r#"{"a": 1, "\u0061": true}"#, true),
            (r#"[{"a": 1.5}, {"a": -1}, "a", "a"]"#, false),
            ("null", false),
            ("no JSON", false),
        ] {
            assert_eq!(has_key_twice(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_json_stays_so(text in any::<String>()) {
            let json = quoted(&text.replace('\0', ""));
            prop_assert_eq!(storable(&json), (json.clone(), 0));
        }

        #[test]
        fn any_text_ends(text in r#"[\\u0dD8cf"a]{0,40}"#) {
            let (kept, _) = storable(&text);
            prop_assert_eq!(storable(&kept).1, 0);
        }
    }
}
