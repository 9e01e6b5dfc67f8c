//! What is wrong with a parameter of a path or a query, in words for whoever sent it: serde's are for programmers.

use crate::{Error, misfit::is_name};

/// 422 for a parameter, from what serde says of it. `at` is its name, unless the message has a better one.
pub(crate) fn refusal(at: &str, message: &str) -> Error {
    let named = ["unknown field `", "duplicate field `"];
    let name = named
        .iter()
        .find_map(|start| message.split_once(start)?.1.split('`').next());
    let name = name.unwrap_or(at);
    let name = if is_name(name) { name } else { "query" };
    Error::field(name, wording(message))
}

fn wording(message: &str) -> String {
    // From the end: what stands before may be anything that was sent.
    let (problem, expected) = match message.rsplit_once(", expected ") {
        Some(parts) => parts,
        None => message.rsplit_once(", ").unwrap_or((message, "")),
    };
    let has = |words: &[&str]| words.iter().any(|word| problem.contains(word));
    if has(&["unknown variant"]) {
        return format!("must be {expected}");
    }
    if has(&["unknown field"]) {
        return match expected {
            "there are no fields" => "is not a parameter here: there are none".to_owned(),
            _ => format!("is not a parameter here: use {expected}"),
        };
    }
    let words = if has(&["duplicate field"]) {
        "must not be given twice"
    } else if has(&["UUID"]) {
        "is not an id (a UUID)"
    } else if has(&["digit", "integer", "number"]) {
        "must be a whole number"
    } else if has(&["`true` or `false`"]) {
        "must be true or false"
    } else if has(&["input"]) {
        "must be a moment such as 2026-01-31T09:30:00Z"
    } else {
        "is not acceptable; see the contract, at /docs"
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, de::DeserializeOwned};
    use std::fmt::Debug;
    use uuid::Uuid;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        One,
        Two,
        Three,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<T> {
        #[expect(dead_code, reason = "only the reading is tested")]
        a: Option<T>,
    }

    fn read<T: DeserializeOwned + Debug>(query: &str) -> String {
        let message = serde_urlencoded::from_str::<Fields<T>>(query)
            .unwrap_err()
            .to_string();
        let Error::Service(service::Error::Invalid(errors)) = refusal("a", &message) else {
            panic!("{message}");
        };
        format!("{}: {}", errors[0].field, errors[0].message)
    }

    #[test]
    fn says_what_would_be_right() {
        assert_eq!(read::<Uuid>("a=x"), "a: is not an id (a UUID)");
        assert_eq!(read::<Uuid>("a="), "a: is not an id (a UUID)");
        for number in [
            "x",
            "",
            "1.5",
            "99999999999999999999",
            "-99999999999999999999",
        ] {
            let said = read::<i64>(&format!("a={number}"));
            assert_eq!(said, "a: must be a whole number", "{number}");
        }
        assert_eq!(read::<bool>("a=1"), "a: must be true or false");
        for moment in [
            "x",
            "",
            "2026",
            "2026-01-31",
            "2026-01-31T09:30:00",
            "2026-13-01T00:00:00Z",
        ] {
            let said = read::<DateTime<Utc>>(&format!("a={moment}"));
            assert!(said.starts_with("a: must be a moment"), "{moment}: {said}");
        }
        assert_eq!(
            read::<Word>("a=x"),
            "a: must be one of `one`, `two`, `three`"
        );
        assert_eq!(read::<i64>("b=1"), "b: is not a parameter here: use `a`");
        assert_eq!(read::<i64>("a=1&a=2"), "a: must not be given twice");
        assert!(read::<i64>(&"b".repeat(9000)).len() < 200);
    }
}
