//! Text as a model wrote it, from strings of JSON that need not be Unicode.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// The bytes of a string of JSON: UTF-8, but that half of a surrogate pair may stand alone, as WTF-8 writes it.
pub(crate) struct Wtf8(Vec<u8>);

impl<'de> Deserialize<'de> for Wtf8 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Wtf8;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Wtf8, E> {
                Ok(Wtf8(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// Makes text of strings that were cut anywhere, also in the middle of a surrogate pair. What can be no text, and
/// U+0000, which no database stores, become U+FFFD.
#[derive(Default)]
pub(crate) struct Joined {
    /// The first half of a pair.
    high: Option<u32>,
}

/// What stands for something that is no character.
const REPLACEMENT: char = '\u{fffd}';

impl Joined {
    /// The text that `next` adds.
    pub(crate) fn push(&mut self, next: &Wtf8) -> String {
        let mut text = String::with_capacity(next.0.len());
        let mut rest = next.0.as_slice();
        while !rest.is_empty() {
            let (good, after) = valid(rest);
            if !good.is_empty() {
                text.extend(self.finish());
                text.push_str(good);
            }
            let Some((half, after)) = after.split_first_chunk::<3>() else {
                // No such thing comes of JSON.
                text.extend((!after.is_empty()).then_some(REPLACEMENT));
                break;
            };
            text.extend(self.half(surrogate(*half)));
            rest = after;
        }
        match text.contains('\0') {
            true => text.replace('\0', "\u{fffd}"),
            false => text,
        }
    }

    /// What is left of a pair whose second half never came.
    pub(crate) fn finish(&mut self) -> Option<char> {
        self.high.take().map(|_| REPLACEMENT)
    }

    /// The characters that are known once this half of a pair has come.
    fn half(&mut self, half: u32) -> impl Iterator<Item = char> {
        let (before, now) = match (self.high.take(), half) {
            (Some(high), 0xdc00..=0xdfff) => {
                let pair = 0x10000 + ((high - 0xd800) << 10) + (half - 0xdc00);
                (None, char::from_u32(pair))
            }
            (high, 0xd800..=0xdbff) => {
                self.high = Some(half);
                (high.map(|_| REPLACEMENT), None)
            }
            (high, _) => (high.map(|_| REPLACEMENT), Some(REPLACEMENT)),
        };
        before.into_iter().chain(now)
    }
}

/// The longest text that `bytes` begin with, and the rest.
fn valid(bytes: &[u8]) -> (&str, &[u8]) {
    match str::from_utf8(bytes) {
        Ok(all) => (all, &[]),
        Err(error) => {
            let (good, rest) = bytes.split_at(error.valid_up_to());
            (str::from_utf8(good).unwrap_or_default(), rest)
        }
    }
}

/// The number that three bytes of WTF-8 stand for.
fn surrogate(bytes: [u8; 3]) -> u32 {
    let [a, b, c] = bytes.map(u32::from);
    ((a & 0x0f) << 12) | ((b & 0x3f) << 6) | (c & 0x3f)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text of these strings of JSON, without their quotes.
    fn text(strings: &[&str]) -> String {
        let mut joined = Joined::default();
        let mut text: String = strings
            .iter()
            .map(|string| joined.push(&serde_json::from_str(&format!("\"{string}\"")).unwrap()))
            .collect();
        text.extend(joined.finish());
        text
    }

    #[test]
    fn halves_of_a_pair_find_each_other() {
        assert_eq!(text(&[r"a\ud83d\ude00b"]), "a😀b");
        assert_eq!(text(&[r"a\ud83d", "", r"\ude00b"]), "a😀b");
        assert_eq!(text(&[r"\ud83d", "b"]), "\u{fffd}b");
        assert_eq!(
            text(&[r"\ude00\ud83d\ud83d\ude00\ud83d"]),
            "\u{fffd}\u{fffd}😀\u{fffd}"
        );
    }

    #[test]
    fn nothing_that_cannot_be_stored_is_left() {
        assert_eq!(text(&[r"a\u0000b"]), "a\u{fffd}b");
    }

    proptest! {
        #[test]
        fn any_halves_become_text_wherever_they_are_cut(
            units in prop::collection::vec(
                prop_oneof![0xd800_u16..0xe000, 0x20_u16..0x7f, any::<u16>()], 0..20),
            cut in any::<prop::sample::Index>(),
        ) {
            let escaped: Vec<String> = units.iter().map(|u| format!("\\u{u:04x}")).collect();
            let (before, after) = escaped.split_at(cut.index(units.len() + 1));
            let expected = String::from_utf16_lossy(&units).replace('\0', "\u{fffd}");
            prop_assert_eq!(text(&[&before.concat(), &after.concat()]), expected);
        }
    }
}
