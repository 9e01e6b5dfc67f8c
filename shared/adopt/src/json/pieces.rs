//! JSON piece by piece: what of it nobody could read, and what is written otherwise and means the same.

use super::quoted;

/// How deep JSON may be nested that is kept as such: readers give up at 127.
const DEEPEST: usize = 64;

/// The most digits of a number that is kept as such, before its point or after it: a double has room for 308, PostgreSQL for
/// 131,072 and 16,383.
const DIGITS: usize = 150;

/// Whether everybody can read it who reads JSON here, and PostgreSQL can keep it.
pub(crate) fn is_readable(text: &str) -> bool {
    let mut depth = 0_usize;
    pieces(text).all(|piece| match piece.as_bytes()[0] {
        b'[' | b'{' => {
            depth += 1;
            depth <= DEEPEST
        }
        b']' | b'}' => {
            depth = depth.saturating_sub(1);
            true
        }
        first if begins_number(first) => {
            let (digits, exponent) = parts(piece);
            digits.len() <= DIGITS && exponent.is_some_and(|e| e.unsigned_abs() <= DIGITS as u64)
        }
        _ => true,
    })
}

/// As JSON is compared: without spaces, whatever the order, and numbers by what they are, since PostgreSQL writes 1e16 as
/// 10000000000000000.
///
/// # Errors
/// It is none: then the text.
pub(crate) fn comparable(text: &str) -> Result<serde_json::Value, &str> {
    let same = |piece: &str| match begins_number(piece.as_bytes()[0]) {
        true => quoted(&format!("\u{1}{}", number(piece))),
        false => piece.to_owned(),
    };
    let same: String = pieces(text).map(same).collect();
    serde_json::from_str(&same).map_err(|_| text)
}

/// Strings, numbers, and what is between them one by one.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let length = match *rest.as_bytes().first()? {
            b'"' => string(rest),
            first if begins_number(first) => rest
                .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
                .unwrap_or(rest.len()),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(piece)
    })
}

fn begins_number(first: u8) -> bool {
    first == b'-' || first.is_ascii_digit()
}

/// How long the string is that a text begins with.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// A number without its exponent, and that, if it is one.
fn parts(number: &str) -> (&str, Option<i64>) {
    match number.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse().ok()),
        None => (number, Some(0)),
    }
}

/// A number in one way, of all in which it can be written.
fn number(written: &str) -> String {
    let (digits, Some(exponent)) = parts(written) else {
        return written.to_owned();
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let sign = if whole.starts_with('-') { "-" } else { "" };
    let all = format!("{}{fraction}", whole.trim_start_matches('-'));
    let all = all.trim_start_matches('0');
    let digits = all.trim_end_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    let zeroes = i64::try_from(all.len() - digits.len()).unwrap_or(i64::MAX);
    let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    let exponent = exponent.saturating_add(zeroes).saturating_sub(places);
    format!("{sign}{digits}e{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_here_can_read_is_found() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        for (text, expected) in [
            (
                r#"[{"a": -1.5e-07, "b": [1e16, "1e999"]}, "}{[\\\"[[1e999"]"#,
                true,
            ),
            ("[1e200000]", false),
            ("-1E+400", false),
            (r#"{"a": 1e-20000}"#, false),
            ("1e99999999999999999999", false),
            (&*"9".repeat(151), false),
            (&*"9".repeat(150), true),
            (&*nested(64), true),
            (&*nested(65), false),
            (&*"[],".repeat(100), true),
            ("\"without an end", true),
        ] {
            assert_eq!(is_readable(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_by_what_they_are() {
        for (one, other) in [
            ("1e16", "10000000000000000"),
            ("[1.50, -0.0, -0, 1E-5]", "[1.5,0,0,0.00001]"),
            (r#"{"a": 120e-1, "b": "1"}"#, r#"{"b":"1","a":12}"#),
            ("-10.0", "-1e1"),
        ] {
            assert_eq!(comparable(one), comparable(other), "{one} {other}");
        }
        for (one, other) in [
            ("9007199254740993", "9007199254740992"),
            ("1", "-1"),
            ("1", "10"),
            ("1", "\"1\""),
            ("0.1", "0.10000000000000001"),
        ] {
            assert_ne!(comparable(one), comparable(other), "{one} {other}");
        }
        assert_eq!(comparable("{no JSON"), Err("{no JSON"));
    }

    proptest! {
        #[test]
        fn what_a_double_is_written_as_is_the_same(number in any::<f64>().prop_filter("JSON has no others", |n| n.is_finite())) {
            let [plain, short] = [format!("{number}"), format!("{number:e}")];
            prop_assert_eq!(comparable(&plain), comparable(&short));
        }
    }
}
