//! Identity tokens: JWTs by which a tenant's own server says who visits one of its pages.
//!
//! A site has keys, each with its algorithm. The token's header is only compared with that, so that no token chooses how it is
//! checked (RFC 8725, sections 3.1 and 2.1).

mod claims;
mod public_key;
#[cfg(test)]
mod tests;

use crate::{provider, random, shown, site::SiteClaim};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use claims::Claims;
use jsonwebtoken::{DecodingKey, crypto};
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, str::FromStr};
use uuid::Uuid;

pub use public_key::{PublicKey, PublicKeyFault, read_public_key};

/// How a secret begins, so that people and scanners for secrets know one.
const PREFIX: &str = "sis_";
/// Longest token looked at, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// By what a tenant's server signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityAlgorithm {
    /// HMAC with SHA-256: both sides have the secret.
    Hs256,
    /// ECDSA on P-256 with SHA-256: here is the public key.
    Es256,
    /// Ed25519: here is the public key.
    EdDsa,
}

impl IdentityAlgorithm {
    /// The name in a token's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn in_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

impl FromStr for IdentityAlgorithm {
    type Err = crate::UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let all = [Self::Hs256, Self::Es256, Self::EdDsa];
        all.into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or(crate::UnknownAlgorithm)
    }
}

/// A secret that was just made, for a tenant's server to sign by.
#[derive(Debug)]
pub struct IdentitySecret {
    /// The secret: its characters are the key of the HMAC.
    pub secret: SecretString,
    /// What people may see of it, to tell it from others.
    pub hint: String,
}

impl IdentitySecret {
    /// Makes one of 256 bits.
    ///
    /// # Panics
    /// The operating system has no randomness to give.
    pub fn make() -> Self {
        let chance = URL_SAFE_NO_PAD.encode(random::bytes::<32>());
        Self {
            hint: shown::hint(PREFIX, &chance),
            secret: format!("{PREFIX}{chance}").into(),
        }
    }
}

/// A key by which tokens of a site may have been signed.
pub struct IdentityKey {
    id: Uuid,
    algorithm: IdentityAlgorithm,
    key: DecodingKey,
}

impl IdentityKey {
    /// The secret that both sides have.
    pub fn secret(id: Uuid, secret: &SecretString) -> Self {
        Self {
            id,
            algorithm: IdentityAlgorithm::Hs256,
            key: DecodingKey::from_secret(secret.expose_secret().as_bytes()),
        }
    }

    /// A public key, as [`read_public_key`] gives it; `None` where the algorithm has none.
    pub fn public(id: Uuid, algorithm: IdentityAlgorithm, key: &[u8]) -> Option<Self> {
        let key = match algorithm {
            IdentityAlgorithm::Hs256 => return None,
            IdentityAlgorithm::Es256 => DecodingKey::from_ec_der(key),
            IdentityAlgorithm::EdDsa => DecodingKey::from_ed_der(key),
        };
        Some(Self { id, algorithm, key })
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Why an identity token is refused. All but the first two are told of tokens alone that a key of the site has signed: whoever
/// made one may know what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityFault {
    /// It is longer than 16 KiB.
    TooLong,
    /// No key of the site has signed it.
    Unsigned,
    /// Claims that do not fit: the name of each, and what is wrong with it.
    Claims(Vec<(&'static str, String)>),
    /// Right in every way, but its time is over.
    Expired,
}

/// Proof of who visits a site, as its tenant's server says. Only [`Identity::verify`] makes one.
///
/// ```compile_fail,E0451
/// fn forge(site: tenant_auth::SiteClaim) -> tenant_auth::Identity {
///     tenant_auth::Identity { site, ..loop {} } // private
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    site: SiteClaim,
    key_id: Uuid,
    subject: [u8; 32],
    token: [u8; 32],
    expires_at: i64,
    name: String,
    groups: Vec<String>,
}

impl Identity {
    /// Checks a token for `site` at `now` (Unix seconds): that one of `keys` has signed it, and what it says. Whether it was
    /// used before is asked elsewhere.
    ///
    /// # Errors
    /// [`IdentityFault`] says what is wrong.
    ///
    /// # Panics
    /// Other code in this process has set up `jsonwebtoken` with its own cryptography.
    pub fn verify(
        token: &str,
        site: &SiteClaim,
        keys: &[IdentityKey],
        now: i64,
    ) -> Result<Self, IdentityFault> {
        if token.len() > MAX_BYTES {
            return Err(IdentityFault::TooLong);
        }
        let (key_id, said) = signed(token, keys).ok_or(IdentityFault::Unsigned)?;
        let claims = Claims::read(said, &site.site_id().to_string(), now);
        let claims = claims.map_err(IdentityFault::Claims)?;
        if claims.expires_at <= now {
            return Err(IdentityFault::Expired);
        }
        Ok(Self {
            site: *site,
            key_id,
            subject: claims.subject,
            token: claims.token,
            expires_at: claims.expires_at,
            name: claims.name,
            groups: claims.groups,
        })
    }

    /// The site that it is for.
    pub fn site(&self) -> &SiteClaim {
        &self.site
    }

    /// The key that has signed the token.
    pub fn key_id(&self) -> Uuid {
        self.key_id
    }

    /// SHA-256 of what the tenant's server calls the visitor: the same for the same one, and all that is kept of it.
    pub fn subject(&self) -> &[u8; 32] {
        &self.subject
    }

    /// SHA-256 of the token's own name, by which its second use is noticed.
    pub fn token(&self) -> &[u8; 32] {
        &self.token
    }

    /// When the token ends, in Unix seconds.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// The visitor's name; empty if the token says none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The groups that the visitor is in, as the token says them.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }
}

/// What a token says, and the key that has signed it.
fn signed(
    token: &str,
    keys: &[IdentityKey],
) -> Option<(Uuid, serde_json::Map<String, serde_json::Value>)> {
    provider::install();
    let header = jsonwebtoken::decode_header(token).ok()?;
    // RFC 7515 section 4.1.11: extensions that must be understood, and we understand none.
    if header.crit.is_some() {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (_, payload) = message.split_once('.')?;
    let signer = keys.iter().find(|known| {
        let algorithm = known.algorithm.in_library();
        header.alg == algorithm
            && crypto::verify(signature, message.as_bytes(), &known.key, algorithm)
                .is_ok_and(|is_good| is_good)
    })?;
    // Not by `jsonwebtoken::decode`: to it, a claim of another type than it knows is a token that is none.
    let said = URL_SAFE_NO_PAD.decode(payload).ok()?;
    Some((signer.id, serde_json::from_slice(&said).ok()?))
}
