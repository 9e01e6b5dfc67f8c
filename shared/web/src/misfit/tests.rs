use super::*;
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt::Debug};
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

fn said(path: &str, text: &str) -> (String, String) {
    let error = misfit(path, text, "body");
    (error.field, error.message)
}

fn pair(field: &str, message: &str) -> (String, String) {
    (field.to_owned(), message.to_owned())
}

/// What is said of a query, or of a body whose one member is `a`.
fn of_query<T: DeserializeOwned + Debug>(query: &str) -> String {
    let message = serde_urlencoded::from_str::<Fields<T>>(query).unwrap_err();
    let error = misfit("a", &message.to_string(), "query");
    format!("{}: {}", error.field, error.message)
}

fn of_body<T: DeserializeOwned + Debug>(value: &str) -> String {
    let body = format!("{{\"a\":{value}}}");
    let Err(Error::Service(service::Error::Invalid(errors))) =
        crate::json::parse::<Fields<T>>(body.as_bytes())
    else {
        panic!("{value} fits");
    };
    assert_eq!(errors[0].field.split('[').next(), Some("a"), "{value}");
    errors[0].message.clone()
}

#[test] // R54
fn says_what_was_expected() {
    let text = "invalid type: string \"a, expected b\", expected i32";
    assert_eq!(said("n", text), pair("n", "must be a whole number"));
    let text = "invalid value: integer `300`, expected u8";
    assert_eq!(
        said("inner.n", text),
        pair("inner.n", "is too large or too small")
    );
    let text = "unknown variant `x`, expected `admin` or `member`";
    assert_eq!(
        said("role", text),
        pair("role", "must be `admin` or `member`")
    );
    let text = "missing field `n`";
    assert_eq!(said("inner", text), pair("inner.n", "is missing"));
    assert_eq!(said(".", text), pair("n", "is missing"));
    let text = "unknown field `x`, expected `a`";
    assert_eq!(
        said("inner.x", text),
        pair("inner.x", "is not known here: use `a`")
    );
    let text = "unknown field `x`, there are no fields";
    assert_eq!(
        said(".", text),
        pair("x", "is not known here: there are none")
    );
    assert_eq!(said("a[3]", "nobody knows"), pair("a[3]", UNKNOWN));
}

#[test] // R54
fn words_every_kind_of_value_for_people() {
    assert_eq!(of_body::<Vec<u8>>("5"), "must be a list");
    assert_eq!(of_body::<Vec<String>>("[5]"), "must be a text");
    assert_eq!(of_body::<String>("[]"), "must be a text");
    assert_eq!(of_body::<char>("\"ab\""), "must be one character");
    assert_eq!(of_body::<bool>("\"yes\""), "must be true or false");
    assert_eq!(of_body::<i32>("1.5"), "must be a whole number");
    assert_eq!(of_body::<i32>("3000000000"), "is too large or too small");
    assert_eq!(of_body::<f32>("\"1\""), "must be a number");
    assert_eq!(of_body::<f32>("1e400"), "is too large or too small");
    assert_eq!(of_body::<BTreeMap<String, u8>>("[]"), "must be an object");
    assert_eq!(of_body::<Fields<u8>>("5"), "must be an object");
    assert_eq!(of_body::<(u8, u8)>("5"), "must be a list of 2");
    assert_eq!(of_body::<(u8, u8)>("[1]"), "must be a list of 2");
    assert_eq!(of_body::<[u8; 3]>("\"\""), "must be a list of 3");
    assert_eq!(of_body::<Uuid>("5"), ID);
    assert_eq!(of_body::<Uuid>("\"5\""), ID);
    assert_eq!(of_body::<DateTime<Utc>>("5"), MOMENT);
    assert_eq!(of_body::<DateTime<Utc>>("\"5\""), MOMENT);
    assert_eq!(
        of_body::<Word>("\"x\""),
        "must be one of `one`, `two`, `three`"
    );
    assert_eq!(
        of_body::<Word>("5"),
        "must be one of the words that /docs names"
    );
    assert_eq!(must_be("i32"), WHOLE_NUMBER);
    assert_eq!(must_be("bool"), "must be true or false");
}

#[test] // R54
fn says_of_a_query_what_would_be_right() {
    assert_eq!(of_query::<Uuid>("a=x"), format!("a: {ID}"));
    assert_eq!(of_query::<Uuid>("a="), format!("a: {ID}"));
    let long = "99999999999999999999";
    for number in ["x", "", "1.5", long, &format!("-{long}")] {
        let said = of_query::<i64>(&format!("a={number}"));
        assert_eq!(said, "a: must be a whole number", "{number}");
    }
    assert_eq!(of_query::<f32>("a=x"), "a: must be a number");
    assert_eq!(of_query::<bool>("a=1"), "a: must be true or false");
    for moment in [
        "x",
        "",
        "2026",
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-13-01T00:00:00Z",
    ] {
        let said = of_query::<DateTime<Utc>>(&format!("a={moment}"));
        assert_eq!(said, format!("a: {MOMENT}"), "{moment}");
    }
    assert_eq!(
        of_query::<Word>("a=x"),
        "a: must be one of `one`, `two`, `three`"
    );
    let twice = serde_urlencoded::from_str::<Fields<i64>>("a=1&a=2").unwrap_err();
    let twice = misfit(".", &twice.to_string(), "query");
    assert_eq!(
        (&*twice.field, &*twice.message),
        ("a", "must not be given twice")
    );
    let long = serde_urlencoded::from_str::<Fields<i64>>(&"b".repeat(9000)).unwrap_err();
    let long = misfit(".", &long.to_string(), "query");
    assert_eq!(
        (&*long.field, &*long.message),
        ("query", "has a name that is not known here: use `a`")
    );
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
