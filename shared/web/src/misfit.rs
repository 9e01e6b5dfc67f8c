//! What is said of a value that does not fit: what was expected, never what was sent. An answer is kept by browsers, by
//! proxies and by those who collect errors, and what was sent may be a password in the wrong place.

use service::FieldError;

/// A name that a client made up is repeated only if it is one.
const LONGEST_NAME: usize = 40;

/// The field error for what serde says of the value at `path`; `whole` is what there is without a path.
pub(crate) fn misfit(path: &str, said: &str, whole: &str) -> FieldError {
    let (name, message) = match said.split_once(" field `") {
        Some(("missing" | "duplicate", rest)) => (rest.split('`').next(), said.to_owned()),
        Some(("unknown", rest)) => {
            let (name, expected) = unknown(rest);
            if !is_name(name) {
                let field = place(path.strip_suffix(name).unwrap_or_default(), whole);
                let message = format!("has a field that is not known here{expected}");
                return FieldError { field, message };
            }
            (Some(name), format!("unknown field `{name}`{expected}"))
        }
        _ => (None, wrong(said)),
    };
    let path = path.trim_matches('.');
    let field = match name {
        Some(name) if path.is_empty() => name.to_owned(),
        Some(name) if path != name && !path.ends_with(&format!(".{name}")) => {
            format!("{path}.{name}")
        }
        _ => path.to_owned(),
    };
    let field = place(&field, whole);
    FieldError { field, message }
}

/// Whether it can be repeated: an identifier, not a sentence, a token or a document.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"_.-".contains(&c);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// `path` if all of it can be repeated, else `whole`.
fn place(path: &str, whole: &str) -> String {
    let path = path.trim_matches('.');
    let mut parts = path
        .split(['.', '['])
        .map(|part| part.trim_end_matches(']'));
    match parts.all(is_name) {
        true => path.to_owned(),
        false => whole.to_owned(),
    }
}

/// The name, and what was expected instead. The name may hold anything, so that is looked for from the end.
fn unknown(rest: &str) -> (&str, String) {
    match rest.rsplit_once("`, expected ") {
        Some((name, expected)) => (name, format!(", expected {expected}")),
        None => (
            rest.rsplit_once('`').map_or(rest, |(name, _)| name),
            String::new(),
        ),
    }
}

/// What serde says of a value, without the value.
fn wrong(said: &str) -> String {
    let kinds = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant ",
    ];
    let kind = kinds.iter().find(|kind| said.starts_with(**kind));
    let expected = said
        .rsplit_once(", expected ")
        .map(|(_, expected)| expected);
    if let Some((kind, expected)) = kind.zip(expected) {
        return match number(expected) {
            Some(_) if kind.contains("value") => "is out of bounds".into(),
            Some(number) => format!("must be {number}"),
            None => format!("must be {expected}"),
        };
    }
    if said.starts_with("UUID parsing failed") {
        return "must be a UUID".into();
    }
    match said {
        "provided string was not `true` or `false`" => "must be `true` or `false`",
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => "must be a whole number",
        // What chrono says.
        "input is out of range"
        | "no possible date and time matching input"
        | "input is not enough for unique date and time"
        | "input contains invalid characters"
        | "premature end of input"
        | "trailing input" => "must be a moment such as 2026-01-31T12:00:00Z (RFC 3339)",
        _ => "does not fit",
    }
    .into()
}

/// The name of a number, for people who do not write Rust.
fn number(expected: &str) -> Option<&'static str> {
    match expected {
        "f32" | "f64" => Some("a number"),
        "i8" | "i16" | "i32" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize" => {
            Some("a whole number")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(path: &str, text: &str) -> (String, String) {
        let error = misfit(path, text, "body");
        (error.field, error.message)
    }

    fn pair(field: &str, message: &str) -> (String, String) {
        (field.to_owned(), message.to_owned())
    }

    #[test] // R54
    fn says_what_was_expected() {
        let text = "invalid type: string \"a, expected b\", expected i32";
        assert_eq!(said("n", text), pair("n", "must be a whole number"));
        let text = "invalid value: integer `300`, expected u8";
        assert_eq!(said("inner.n", text), pair("inner.n", "is out of bounds"));
        let text = "unknown variant `x`, expected `admin` or `member`";
        assert_eq!(
            said("role", text),
            pair("role", "must be `admin` or `member`")
        );
        let text = "missing field `n`";
        assert_eq!(said("inner", text), pair("inner.n", text));
        assert_eq!(said(".", text), pair("n", text));
        let text = "unknown field `x`, expected `a`";
        assert_eq!(said("inner.x", text), pair("inner.x", text));
        assert_eq!(said("a[3]", "nobody knows"), pair("a[3]", "does not fit"));
    }

    proptest! {
        #[test] // R54
        fn repeats_nothing_that_was_sent(sent in "[a-z`,. ]{0,60}") {
            let canary = format!("p4ss w0rd {sent}");
            for text in [
                format!("unknown field `{canary}`, expected `a`"),
                format!("unknown field `{canary}`, there are no fields"),
                format!("invalid type: string \"{canary}\", expected a string"),
                format!("unknown variant `{canary}`, expected `a`"),
                canary.clone(),
            ] {
                for path in [".", &canary, &format!("inner.{canary}")] {
                    let (field, message) = said(path, &text);
                    prop_assert!(!field.contains("p4ss"), "{}", field);
                    prop_assert!(!message.contains("p4ss"), "{}", message);
                }
            }
        }
    }
}
