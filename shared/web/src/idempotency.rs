//! Requests that may be sent twice.

use crate::Error;
use axum::{extract::FromRequestParts, http::request::Parts};

/// The longest key, in characters.
const MAX_KEY: usize = 255;

/// `Idempotency-Key`: the name that a client gives to a request that makes something, so that sending it again makes
/// nothing again (draft-ietf-httpapi-idempotency-key-header).
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let mut keys = parts.headers.get_all("idempotency-key").iter();
        let Some(key) = keys.next() else {
            return Ok(Self(None));
        };
        let key = key.to_str().ok().map(str::trim);
        let fits = |key: &&str| (1..=MAX_KEY).contains(&key.len());
        match (key.filter(fits), keys.next()) {
            (Some(key), None) => Ok(Self(Some(key.to_owned()))),
            _ => Err(Error::field(
                "Idempotency-Key",
                "must be sent once, with 1 to 255 visible ASCII characters, such as a random UUID",
            )),
        }
    }
}
