//! What is said of a value that does not fit, in words for whoever sent it: serde's are for those who write Rust. It tells what
//! was expected, never what was sent: an answer is kept by browsers, by proxies and by those who collect errors, and what
//! was sent may be a password in the wrong place.

use crate::Error;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use service::FieldError;

/// A name that a client made up is repeated only if it is one.
const LONGEST_NAME: usize = 40;

const WHOLE_NUMBER: &str = "must be a whole number";
const MOMENT: &str = "must be a moment such as 2026-01-31T09:30:00Z";
const ID: &str = "is not an id (a UUID)";
const UNKNOWN: &str = "is not acceptable; see the contract, at /docs";

/// 422 for what serde says of the value at `path`; `whole` is what there is without a path.
pub(crate) fn refusal(path: &str, said: &str, whole: &str) -> Error {
    service::Error::Invalid(vec![misfit(path, said, whole)]).into()
}

/// What an object that was read already is as a `T`.
///
/// # Errors
/// 422 for members that do not fit.
pub fn fitted<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, Error> {
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|e| {
        let path = e.path().to_string();
        refusal(&path, &e.inner().to_string(), "body")
    })
}

/// As [`refusal`], the field's error alone.
pub(crate) fn misfit(path: &str, said: &str, whole: &str) -> FieldError {
    let named = |rest: &str| rest.split('`').next().unwrap_or_default().to_owned();
    let (name, message) = match said.split_once(" field `") {
        Some(("missing", rest)) => (named(rest), "is missing".to_owned()),
        Some(("duplicate", rest)) => (named(rest), "must not be given twice".to_owned()),
        Some(("unknown", rest)) => {
            let (name, known) = unknown(rest);
            if !is_name(name) {
                let field = place(path.strip_suffix(name).unwrap_or_default(), whole);
                let message = format!("has a name that is not known here: {known}");
                return FieldError { field, message };
            }
            (name.to_owned(), format!("is not known here: {known}"))
        }
        _ => (String::new(), wrong(said)),
    };
    let path = path.trim_matches('.');
    let field = if path.is_empty() {
        name
    } else if name.is_empty() || path == name || path.ends_with(&format!(".{name}")) {
        path.to_owned()
    } else {
        format!("{path}.{name}")
    };
    let field = place(&field, whole);
    FieldError { field, message }
}

/// Whether it can be repeated: an identifier, not a sentence, a token or a document.
fn is_name(name: &str) -> bool {
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

/// The name, and what there is instead. The name may hold anything, so that is looked for from the end.
fn unknown(rest: &str) -> (&str, String) {
    match rest.rsplit_once("`, expected ") {
        Some((name, known)) => (name, format!("use {known}")),
        None => {
            let name = rest.rsplit_once('`').map_or(rest, |(name, _)| name);
            (name, "there are none".to_owned())
        }
    }
}

/// What serde says of a value, without the value. That may hold anything, so what was expected is looked for from the end.
fn wrong(said: &str) -> String {
    let expected = said
        .rsplit_once(", expected ")
        .map(|(_, expected)| expected);
    match expected {
        Some(words) if said.starts_with("unknown variant ") => format!("must be {words}"),
        Some(words) if said.starts_with("invalid type: ") => kind(words),
        Some(words) if said.starts_with("invalid value: ") => match kind(words) {
            number if number.ends_with("number") => "is too large or too small".to_owned(),
            kind => kind,
        },
        Some(words) if said.starts_with("invalid length ") => kind(words),
        _ => own(said).unwrap_or_else(|| parsed(said).to_owned()),
    }
}

/// The sentences of types of our own, which repeat nothing.
fn own(said: &str) -> Option<String> {
    let amount = db::BadUsd.to_string();
    said.starts_with(&amount).then_some(amount)
}

/// What must be sent where serde expects `words`.
fn kind(words: &str) -> String {
    let elements = ["a tuple of size ", "tuple of ", "an array of length "];
    let many = elements
        .iter()
        .find_map(|start| words.strip_prefix(start)?.split(' ').next());
    if let Some(many) = many {
        return format!("must be a list of {many}");
    }
    match words {
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128"
        | "usize" => WHOLE_NUMBER,
        "f32" | "f64" => "must be a number",
        "a boolean" => "must be true or false",
        "a string" | "a borrowed string" => "must be a text",
        "a character" => "must be one character",
        "a sequence" => "must be a list",
        "a map" | "an object" => "must be an object",
        "unit" => "must be null",
        // One word of several, which it does not name.
        "string or map" | "variant identifier" => "must be one of the words that /docs names",
        words if words.starts_with("struct ") => "must be an object",
        words if words.contains("UUID") => ID,
        words if words.contains("date and time") => MOMENT,
        _ => UNKNOWN,
    }
    .to_owned()
}

/// What is said of a text that could not be read as what it should be.
fn parsed(said: &str) -> &'static str {
    match said {
        "provided string was not `true` or `false`" => "must be true or false",
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => WHOLE_NUMBER,
        "invalid float literal" | "cannot parse float from empty string" => "must be a number",
        // What chrono says.
        "input is out of range"
        | "no possible date and time matching input"
        | "input is not enough for unique date and time"
        | "input contains invalid characters"
        | "premature end of input"
        | "trailing input" => MOMENT,
        said if said.starts_with("UUID parsing failed") => ID,
        _ => UNKNOWN,
    }
}

/// What must be sent for a parameter of a path that is a Rust `type`.
pub(crate) fn must_be(kind_of: &str) -> String {
    match kind_of {
        "bool" => kind("a boolean"),
        other => kind(other),
    }
}

#[cfg(test)]
mod tests;
