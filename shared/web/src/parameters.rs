//! What a request's address says: extractors of its path and its query.

use crate::{
    App, Error, Result,
    misfit::{must_be, refusal},
};
use axum::{
    extract::{FromRequestParts, RawPathParams, path::ErrorKind, rejection::PathRejection},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

/// What the path names; what does not fit is 422, by the name of the parameter.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        match path {
            Ok(path) => Ok(Self(path.0)),
            Err(PathRejection::FailedToDeserializePathParams(e)) => {
                let given = RawPathParams::from_request_parts(parts, app).await;
                Err(unfit(e.into_kind(), given.ok().as_ref()))
            }
            Err(e) => Err(anyhow::Error::from(e).into()),
        }
    }
}

fn unfit(kind: ErrorKind, given: Option<&RawPathParams>) -> Error {
    let nth = |n| given.and_then(|given| given.iter().nth(n).map(|(name, _)| name));
    match kind {
        ErrorKind::DeserializeError { key, message, .. } => refusal(&key, &message, "path"),
        ErrorKind::ParseErrorAtKey {
            key, expected_type, ..
        } => Error::field(&key, must_be(expected_type)),
        ErrorKind::ParseErrorAtIndex {
            index,
            expected_type,
            ..
        } => Error::field(nth(index).unwrap_or("path"), must_be(expected_type)),
        ErrorKind::ParseError { expected_type, .. } => {
            Error::field(nth(0).unwrap_or("path"), must_be(expected_type))
        }
        ErrorKind::InvalidUtf8InPathParam { key } => Error::field(&key, "is not text"),
        // A word among several parameters is not told by name, but by what it is.
        ErrorKind::Message(message) => {
            let named = |value: &str| message.contains(&format!("unknown variant `{value}`"));
            let mut all = given.into_iter().flatten();
            let name = all.find(|(_, value)| named(value));
            refusal(name.map_or("path", |(name, _)| name), &message, "path")
        }
        other => Error::field("path", other.to_string()),
    }
}

/// The query string; what does not fit is 422, by the name of the parameter.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let read = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        read.map(Self)
            .map_err(|e| refusal(&e.path().to_string(), &e.inner().to_string(), "query"))
    }
}
