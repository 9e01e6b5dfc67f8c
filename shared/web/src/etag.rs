//! Changes that are only made of what somebody has seen (RFC 9110, sections 8.8.3 and 13.1.1).

use crate::{Error, Json, Result};
use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};

/// What several may change, so that one must not take away what another has just done.
pub trait Versioned: Serialize {
    /// What of it changes without anybody changing it.
    const PASSING: &'static [&'static str] = &[];
}

/// A user is no other one for having logged in.
impl Versioned for db::User {
    const PASSING: &'static [&'static str] = &["last_login_at"];
}

/// A document is no other one for having been read, or for having vectors.
impl Versioned for db::Document {
    const PASSING: &'static [&'static str] = &[
        "status",
        "vectors",
        "error",
        "language",
        "chunks",
        "chunks_done",
        "size",
        "media_type",
        "pages",
    ];
}

/// `value` as its tag tells it from what it was before, and from what it becomes.
fn tag(value: &impl Versioned, passing: &[&str]) -> String {
    let mut value = serde_json::json!(value);
    for name in passing {
        value.as_object_mut().map(|members| members.remove(*name));
    }
    let hash = hex::encode(&Sha256::digest(value.to_string())[..8]);
    format!("\"{hash}\"")
}

/// An answer with its `ETag`.
pub struct Tagged<T>(pub T);

impl<T: Versioned> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let tag = HeaderValue::try_from(tag(&self.0, T::PASSING));
        let tag = tag.expect("a quoted hash is ASCII");
        ([(header::ETAG, tag)], Json(self.0)).into_response()
    }
}

/// `If-Match`: as what somebody has seen what the request changes. Without it, whatever it is by now is changed.
#[derive(Clone, Debug)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// The header, as the contract names it.
    pub(crate) const HEADER: &str = "If-Match";

    /// Confirms that `now` is what was seen.
    ///
    /// # Errors
    /// 412 `precondition_failed`.
    pub fn check<T: Versioned>(&self, now: &T) -> Result<()> {
        let Some(seen) = &self.0 else {
            return Ok(());
        };
        let now = tag(now, T::PASSING);
        // Weak tags match nothing here (RFC 9110, section 13.1.1).
        match seen.iter().any(|one| one == "*" || *one == now) {
            true => Ok(()),
            false => Err(Error::Changed),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let name: HeaderName = header::IF_MATCH;
        let Some(line) = parts.headers.get(name) else {
            return Ok(Self(None));
        };
        // What is no text is no tag of ours, and so matches nothing.
        let line = line.to_str().unwrap_or_default();
        let tags = line.split(',').map(|one| one.trim().to_owned());
        Ok(Self(Some(tags.collect())))
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = ParameterBuilder::new()
            .name(Self::HEADER)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "The `ETag` that was seen: where it is another by now, nothing is changed. Without it, what is there is \
                 changed, whatever it is.",
            ))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        vec![parameter.build()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[derive(Serialize)]
    struct Thing {
        name: &'static str,
        warnings: u8,
    }

    impl Versioned for Thing {
        const PASSING: &'static [&'static str] = &["warnings"];
    }

    fn thing(name: &'static str, warnings: u8) -> Thing {
        Thing { name, warnings }
    }

    async fn sent(line: &str) -> IfMatch {
        let request = Request::builder()
            .header("if-match", line)
            .body(())
            .unwrap();
        let mut parts = request.into_parts().0;
        IfMatch::from_request_parts(&mut parts, &()).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_seen_may_be_changed_and_nothing_else() {
        let seen = tag(&thing("a", 1), Thing::PASSING);
        for line in [&*seen, "*", &format!("\"x\" , {seen}")] {
            assert!(sent(line).await.check(&thing("a", 2)).is_ok(), "{line}");
        }
        for line in ["", "\"x\"", &format!("W/{seen}"), seen.trim_matches('"')] {
            let refused = sent(line).await.check(&thing("a", 1)).unwrap_err();
            assert_eq!(refused.code(), "precondition_failed", "{line}");
        }
        let other = sent(&seen).await.check(&thing("b", 1)).unwrap_err();
        assert_eq!(other.status(), 412);
    }
}
