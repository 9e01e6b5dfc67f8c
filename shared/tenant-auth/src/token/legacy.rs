//! Access tokens of the FastAPI service that this one takes over from: HS256 with the same secret, no key id, no login.
//! Accepted for the length of a migration only, so that nobody is logged out by it.

use super::{Keys, LEEWAY, MAX_BYTES, PARTY, TokenError, signature_only};
use crate::{
    algorithm::Algorithm,
    provider,
    weak::{WeakSecret, check_legacy_secret},
};
use jsonwebtoken::DecodingKey;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Proof that an old token was valid when it was looked at. Only [`Keys::verify_legacy`] makes one.
///
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::LegacyToken {
///     tenant_auth::LegacyToken { tenant: id.to_string(), subject: String::new(), expires_at: 0 } // private
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyToken {
    tenant: String,
    subject: String,
    expires_at: i64,
}

impl LegacyToken {
    /// The tenant that it names: by its id there, or its id here.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Who presented it: the id of a user there or here, or an email as it was registered.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When it ends, in Unix seconds.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

/// What old tokens say. The last four may be missing, but must not be wrong. Python's services write times with a fraction,
/// too.
#[derive(Deserialize)]
struct Claims {
    sub: Name,
    tenant_id: Name,
    exp: f64,
    iat: Option<f64>,
    nbf: Option<f64>,
    iss: Option<String>,
    aud: Option<String>,
}

/// An id: a text, or a whole number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(i64),
}

impl Name {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// The latest time that is one, in Unix seconds: up to there a fraction is exact.
const LATEST: f64 = 9_007_199_254_740_992.0;

impl Keys {
    /// Also accepts old tokens that were signed with this secret, and nothing else that was. It may be as short as it was there:
    /// whoever guesses it can make old tokens of anybody, for as long as they are accepted.
    ///
    /// # Errors
    /// It is empty, well known, or shorter than 16 bytes.
    pub fn accept_legacy(&mut self, secret: &SecretString) -> Result<(), WeakSecret> {
        let secret = secret.expose_secret();
        check_legacy_secret(secret)?;
        provider::install();
        self.legacy
            .push(DecodingKey::from_secret(secret.as_bytes()));
        Ok(())
    }

    /// Checks an old token at `now` (Unix seconds). One of ours is none: it names its key.
    ///
    /// # Errors
    /// As [`Keys::verify`].
    pub fn verify_legacy(&self, token: &str, now: i64) -> Result<LegacyToken, TokenError> {
        let claims = self.read_legacy(token).ok_or(TokenError::Invalid)?;
        #[expect(clippy::cast_precision_loss, reason = "no clock is so late")]
        let now = now as f64;
        #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
        let latest = now + LEEWAY as f64;
        let early = |time: Option<f64>| time.is_some_and(|time| time > latest);
        let foreign = |party: Option<String>| party.is_some_and(|party| party != PARTY);
        if early(claims.iat) || early(claims.nbf) || foreign(claims.iss) || foreign(claims.aud) {
            return Err(TokenError::Invalid);
        }
        if claims.exp.abs() > LATEST {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        Ok(LegacyToken {
            tenant: claims.tenant_id.text(),
            subject: claims.sub.text(),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the fraction, for which it is not longer good"
            )]
            expires_at: claims.exp.floor() as i64,
        })
    }

    fn read_legacy(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let plain = header.typ.as_deref().is_none_or(|typ| typ == "JWT");
        if !plain || header.kid.is_some() || header.crit.is_some() {
            return None;
        }
        let validation = signature_only(Algorithm::Hs256);
        let known = self.verifying.iter().map(|known| &known.key);
        let mut keys = known.chain(&self.legacy);
        keys.find_map(|key| jsonwebtoken::decode(token, key, &validation).ok())
            .map(|token| token.claims)
    }
}
