//! JSON in and out, strictly.

use crate::{
    Error,
    body::{body, media_type},
    misfit,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use service::Object;

/// How deep arrays and objects may nest.
const MAX_DEPTH: usize = 32;
/// How many values there may be. Each takes up to 650 bytes when it is read, however short it is written.
const MAX_VALUES: usize = 50_000;

/// A JSON body, with every fault as a problem: 415 for another media type, 400 for what is not JSON, 413 and
/// 408 for too large and too slow, 422 for fields that do not fit.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let Object(value) = parse(&json_body(request, state).await?)?;
        Ok(Self(value))
    }
}

/// Tells `null` (forget it) from absent (leave it), for a field with `#[serde(default, deserialize_with = "present")]`.
///
/// # Errors
/// It is no `T`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A JSON body as it came, for whoever takes little of what is in it and ignores the rest.
#[derive(Debug)]
pub struct JsonText(Bytes);

impl JsonText {
    /// What `T` has of it.
    ///
    /// # Errors
    /// 400 for what is not JSON, 422 for fields that do not fit.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        let Object(value) = read(&self.0)?;
        Ok(value)
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonText {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        json_body(request, state).await.map(Self)
    }
}

/// The whole body, if it says that it is JSON.
pub(crate) async fn json_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Error> {
    match is_json(request.headers()) {
        true => body(request, state).await,
        false => Err(Error::MediaType("application/json")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|m| {
        m.type_() == mime::APPLICATION
            && (m.subtype() == mime::JSON || m.suffix() == Some(mime::JSON))
    })
}

/// Reads strict JSON: one value, no U+0000, no deep nesting, no field that `T` does not have.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    guard(bytes)?;
    read(bytes)
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().to_string();
        refusal(&path, e.inner(), bytes)
    })?;
    reader.end().map_err(|e| refusal(".", &e, bytes))?;
    Ok(value)
}

fn refusal(path: &str, e: &serde_json::Error, bytes: &[u8]) -> Error {
    let text = e.to_string();
    // serde_json appends " at line 1 column 2".
    let message = text.rsplit_once(" at line ").map_or(&*text, |(m, _)| m);
    if e.classify() != serde_json::error::Category::Data {
        // What serde_json takes for bad JSON, and is a good value in the wrong place.
        let said = match message {
            "expected value" => Some("invalid type: another, expected variant identifier"),
            "number out of range" => Some("invalid value: another, expected f64"),
            _ => None,
        };
        let is_json = || serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
        return match said.filter(|_| is_json()) {
            Some(said) => misfit::refusal(path, said, "body"),
            None => Error::Malformed(format!("The body is not JSON: {message}.")),
        };
    }
    misfit::refusal(path, message, "body")
}

/// Refuses what would parse and hurt later: U+0000, which Postgres cannot store, deep nesting, and what takes a hundred times as
/// much memory as it is long.
///
/// # Errors
/// 422.
pub fn guard(bytes: &[u8]) -> Result<(), Error> {
    let (mut depth, mut values, mut in_string, mut at) = (0_usize, 1_usize, false, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => {
                if bytes[at + 1..].starts_with(b"u0000") {
                    return Err(Error::field("body", "holds U+0000, which cannot be stored"));
                }
                at += 1;
            }
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                values += 1;
            }
            b',' if !in_string => values += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Error::field("body", "nests deeper than 32 levels"));
        }
        if values > MAX_VALUES {
            let message =
                "holds more than 50,000 values, the most that are read at once; send less";
            return Err(Error::field("body", message));
        }
        at += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Outer {
        name: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Inner {
        n: u8,
    }

    fn fields(text: &str) -> Vec<String> {
        match parse::<Outer>(text.as_bytes()) {
            Err(Error::Service(service::Error::Invalid(errors))) => {
                errors.into_iter().map(|e| e.field).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test] // R54
    fn names_the_field() {
        assert_eq!(fields(r#"{}"#), ["name"]);
        assert_eq!(fields(r#"{"name":1}"#), ["name"]);
        assert_eq!(fields(r#"{"name":"a","x":1}"#), ["x"]);
        assert_eq!(fields(r#"{"name":"a","name":"b"}"#), ["name"]);
        assert_eq!(fields(r#"{"name":"a","inner":{"n":300}}"#), ["inner.n"]);
        assert_eq!(fields(r#"{"name":"a","inner":{}}"#), ["inner.n"]);
        assert_eq!(fields(r#"[]"#), ["body"]);
        assert_eq!(fields(r#"{"name":"a\u0000"}"#), ["body"]);
    }

    #[test] // R54
    fn refuses_what_is_not_json() {
        for text in [
            "",
            "{",
            "nope",
            r#"{"name":"a"} x"#,
            r#"{"name":"\ud800"}"#,
            r#"{"name":NaN}"#,
            "\u{feff}{}",
        ] {
            let read = parse::<Outer>(text.as_bytes());
            assert!(
                matches!(
                    read,
                    Err(Error::Malformed(_) | Error::Service(service::Error::Invalid(_)))
                ),
                "{text}"
            );
        }
        let deep = "[".repeat(33) + &"]".repeat(33);
        assert!(matches!(
            parse::<Value>(deep.as_bytes()),
            Err(Error::Service(service::Error::Invalid(_)))
        ));
        let flat = "[".repeat(32) + &"]".repeat(32);
        assert!(parse::<Value>(flat.as_bytes()).is_ok());
        let many = |n: usize| format!("[{}{{}}]", "{},".repeat(n - 1));
        assert!(
            matches!(
                parse::<Value>(many(30_000).as_bytes()),
                Err(Error::Service(service::Error::Invalid(_)))
            ),
            "an object in a list is counted twice: with what opens it, and the comma"
        );
        assert!(parse::<Value>(many(24_000).as_bytes()).is_ok());
        let text = serde_json::to_string(&"[{,".repeat(50_000)).unwrap();
        assert!(parse::<Value>(text.as_bytes()).is_ok(), "no values");
        assert!(
            parse::<Value>(br#""\\u0000""#).is_ok(),
            "an escaped backslash, not U+0000"
        );
    }

    fn has_nul(value: &Value) -> bool {
        match value {
            Value::String(s) => s.contains('\0'),
            Value::Array(list) => list.iter().any(has_nul),
            Value::Object(map) => map.iter().any(|(k, v)| k.contains('\0') || has_nul(v)),
            _ => false,
        }
    }

    proptest! {
        #[test] // R54
        fn never_panics_and_lets_no_nul_pass(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = parse::<Value>(&bytes) {
                prop_assert!(!has_nul(&value));
            }
        }

        #[test] // R54
        fn finds_every_nul(text in any::<String>(), nul in any::<bool>()) {
            let text = if nul { format!("{text}\0") } else { text.replace('\0', "") };
            let body = serde_json::to_vec(&text).unwrap();
            prop_assert_eq!(parse::<String>(&body).is_ok(), !nul);
        }
    }
}
