//! Access tokens: short-lived JWTs (RFC 7519, RFC 9068) that this service both makes and checks.

use crate::{
    algorithm::Algorithm,
    provider,
    weak::{WeakSecret, check_secret},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{fmt, time::Duration};
use uuid::Uuid;

mod legacy;
#[cfg(test)]
mod tests;

pub use legacy::LegacyToken;

/// Issuer and audience: the service speaks to itself only.
const PARTY: &str = "parlance";

/// Keeps refresh tokens, ID tokens and other services' JWTs out (RFC 8725 section 3.11).
const TYPE: &str = "at+jwt";

/// Longest token looked at, in bytes. Ours have some 500.
const MAX_BYTES: usize = 4096;

/// Seconds by which another instance's clock may be ahead of ours. Never lengthens a token's life.
const LEEWAY: i64 = 5;

/// What an access token says.
#[derive(Debug, Clone, Copy)]
pub struct AccessToken {
    /// Whom it is for.
    pub user_id: Uuid,
    /// Where that user belongs.
    pub tenant_id: Uuid,
    /// The login that it came from.
    pub session_id: Uuid,
    /// How often that login had been renewed.
    pub generation: i64,
    /// Unix seconds.
    pub issued_at: i64,
    /// How long it is good for; whole seconds count.
    pub lifetime: Duration,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Right in every way, but its time is over.
    #[error("the access token has expired; refresh it or log in again")]
    Expired,
    /// Anything else; which check failed is nobody's business.
    #[error("the access token is not valid; log in again")]
    Invalid,
}

impl TokenError {
    /// A stable name for programs: `token_expired` or `token_invalid`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "token_expired",
            Self::Invalid => "token_invalid",
        }
    }
}

/// Proof that a token was valid when it was looked at. Only [`Keys::verify`] makes one.
///
/// ```
/// fn tenant(proof: &tenant_auth::Verified) -> uuid::Uuid { proof.tenant_id() }
/// ```
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::Verified {
///     tenant_auth::Verified { user_id: id, tenant_id: id, session_id: id, generation: None, expires_at: 0 } // private
/// }
/// ```
/// ```compile_fail,E0616
/// fn move_to(proof: &mut tenant_auth::Verified, id: uuid::Uuid) { proof.tenant_id = id; } // private
/// ```
/// ```compile_fail,E0599
/// let nobody = tenant_auth::Verified::default(); // no Default
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    user_id: Uuid,
    tenant_id: Uuid,
    session_id: Uuid,
    generation: Option<i64>,
    expires_at: i64,
}

impl Verified {
    /// The user who presented the token.
    pub fn user_id(&self) -> Uuid {
        self.user_id
    }

    /// The tenant that the user belongs to.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The login behind the token.
    pub fn session_id(&self) -> Uuid {
        self.session_id
    }

    /// How often that login had been renewed; unknown of tokens from before they said so.
    pub fn generation(&self) -> Option<i64> {
        self.generation
    }

    /// When the token ends, in Unix seconds.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

/// All but `gen` are required; a missing, repeated or mistyped one fails to parse. A claim not listed here is
/// ignored, as RFC 7519 section 4 asks.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    tenant_id: Uuid,
    sid: Uuid,
    #[serde(rename = "gen")]
    generation: Option<i64>,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

/// A key that tokens may have been signed with.
struct VerifyingKey {
    kid: String,
    key: DecodingKey,
}

impl VerifyingKey {
    fn new(secret: &SecretString, algorithm: Algorithm) -> Result<Self, WeakSecret> {
        let secret = secret.expose_secret();
        check_secret(secret)?;
        let min = algorithm.min_key_bytes();
        if secret.trim().len() < min {
            return Err(WeakSecret::TooShort { min });
        }
        Ok(Self {
            kid: key_id(secret.as_bytes(), algorithm),
            key: DecodingKey::from_secret(secret.as_bytes()),
        })
    }
}

/// Makes and checks access tokens: one key signs, and more may be accepted.
pub struct Keys {
    header: Header,
    algorithm: Algorithm,
    signing: EncodingKey,
    verifying: Vec<VerifyingKey>,
    legacy: Vec<DecodingKey>,
    validation: Validation,
}

impl Keys {
    /// Takes the secret if it is strong enough for the algorithm.
    ///
    /// # Errors
    /// [`WeakSecret`] says what to change. HS384 needs 48 bytes and HS512 needs 64 (RFC 7518 section 3.2).
    ///
    /// # Panics
    /// Other code in this process has set up `jsonwebtoken` with its own cryptography.
    pub fn new(secret: &SecretString, algorithm: Algorithm) -> Result<Self, WeakSecret> {
        let key = VerifyingKey::new(secret, algorithm)?;
        provider::install();
        let mut header = Header::new(algorithm.in_library());
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        Ok(Self {
            header,
            algorithm,
            signing: EncodingKey::from_secret(secret.expose_secret().as_bytes()),
            verifying: vec![key],
            legacy: Vec::new(),
            validation: signature_only(algorithm),
        })
    }

    /// Also accepts tokens that were signed with this secret, as after it was replaced or before it is taken into
    /// use. A token names its key, so keys do not try one another's tokens.
    ///
    /// # Errors
    /// As [`Keys::new`].
    pub fn accept(&mut self, secret: &SecretString) -> Result<(), WeakSecret> {
        let key = VerifyingKey::new(secret, self.algorithm)?;
        self.verifying.push(key);
        Ok(())
    }

    /// Writes a token.
    ///
    /// # Panics
    /// Never: the claims are strings and integers, and HMAC cannot fail.
    pub fn sign(&self, token: &AccessToken) -> String {
        let lifetime = i64::try_from(token.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: PARTY.to_owned(),
            aud: PARTY.to_owned(),
            sub: token.user_id,
            tenant_id: token.tenant_id,
            sid: token.session_id,
            generation: Some(token.generation),
            iat: token.issued_at,
            nbf: token.issued_at,
            exp: token.issued_at.saturating_add(lifetime),
            jti: Uuid::new_v4(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing)
            .expect("strings and integers serialise and HMAC cannot fail")
    }

    /// Checks a token at `now` (Unix seconds), by the rules of RFC 8725.
    ///
    /// # Errors
    /// [`TokenError::Expired`] if only its time is over, [`TokenError::Invalid`] otherwise.
    pub fn verify(&self, token: &str, now: i64) -> Result<Verified, TokenError> {
        let claims = self.read(token).ok_or(TokenError::Invalid)?;
        let latest = now.saturating_add(LEEWAY);
        if claims.iss != PARTY || claims.aud != PARTY || claims.iat > latest || claims.nbf > latest
        {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        Ok(Verified {
            user_id: claims.sub,
            tenant_id: claims.tenant_id,
            session_id: claims.sid,
            generation: claims.generation,
            expires_at: claims.exp,
        })
    }

    /// The claims of a token that one of our keys has signed.
    fn read(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        // RFC 7515 section 4.1.11: extensions that must be understood, and we understand none.
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let kid = header.kid?;
        let known = self.verifying.iter().find(|known| known.kid == kid)?;
        let token = jsonwebtoken::decode(token, &known.key, &self.validation);
        token.ok().map(|token| token.claims)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kids: Vec<_> = self.verifying.iter().map(|known| &known.kid).collect();
        f.debug_struct("Keys")
            .field("algorithm", &self.algorithm)
            .field("kids", &kids)
            .finish_non_exhaustive()
    }
}

/// The library checks algorithm and signature. The claims are checked here, because it rounds fractional
/// times, accepts lists of audiences, skips claims it cannot parse and reads the clock itself.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm.in_library());
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Names a key without telling anything about it: 64 bits derived from it, in base64url.
fn key_id(secret: &[u8], algorithm: Algorithm) -> String {
    let hkdf = Hkdf::<Sha256>::new(Some(b"parlance/access-token/kid/v1"), secret);
    let mut id = [0; 8];
    hkdf.expand(algorithm.name().as_bytes(), &mut id)
        .expect("8 bytes are less than 8160");
    URL_SAFE_NO_PAD.encode(id)
}
