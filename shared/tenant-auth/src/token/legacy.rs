//! Access tokens of the FastAPI service that this one takes over from: HS256 with the same secret, no key id, no login.
//! Accepted for the length of a migration only, so that nobody is logged out by it.

use super::{Keys, LEEWAY, MAX_BYTES, PARTY, TokenError, signature_only};
use crate::algorithm::Algorithm;
use serde::Deserialize;
use uuid::Uuid;

/// Proof that an old token was valid when it was looked at. Only [`Keys::verify_legacy`] makes one.
///
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::LegacyToken {
///     tenant_auth::LegacyToken { tenant_id: id, subject: String::new(), expires_at: 0 } // private
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyToken {
    tenant_id: Uuid,
    subject: String,
    expires_at: i64,
}

impl LegacyToken {
    /// The tenant that the user belongs to.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// Who presented it: the id of a user, or an email.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When it ends, in Unix seconds.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

/// What old tokens say. The last four may be missing, but must not be wrong.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    tenant_id: Uuid,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    iss: Option<String>,
    aud: Option<String>,
}

impl Keys {
    /// Checks an old token at `now` (Unix seconds). One of ours is none: it names its key.
    ///
    /// # Errors
    /// As [`Keys::verify`].
    pub fn verify_legacy(&self, token: &str, now: i64) -> Result<LegacyToken, TokenError> {
        let claims = self.read_legacy(token).ok_or(TokenError::Invalid)?;
        let latest = now.saturating_add(LEEWAY);
        let early = |time: Option<i64>| time.is_some_and(|time| time > latest);
        let foreign = |party: Option<String>| party.is_some_and(|party| party != PARTY);
        if early(claims.iat) || early(claims.nbf) || foreign(claims.iss) || foreign(claims.aud) {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        Ok(LegacyToken {
            tenant_id: claims.tenant_id,
            subject: claims.sub,
            expires_at: claims.exp,
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
        let mut keys = self.verifying.iter();
        keys.find_map(|known| jsonwebtoken::decode(token, &known.key, &validation).ok())
            .map(|token| token.claims)
    }
}
