//! Public keys, as people have them: PEM, or a JWK.

use super::IdentityAlgorithm;
use crate::shown::ending;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use ring::{
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    rand::SystemRandom,
};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde::Deserialize;

/// What a SubjectPublicKeyInfo of P-256 begins with (RFC 5480, section 2); the point follows.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// What one of Ed25519 begins with (RFC 8410, section 4).
const ED25519: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// A point of P-256 that is written out: 4, and two numbers.
const POINT: usize = 65;

/// How many of its last characters are shown.
const SHOWN: usize = 6;

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// By which algorithm one signs for it.
    pub algorithm: IdentityAlgorithm,
    /// For ES256 the 65 bytes of its point, for EdDSA 32.
    pub bytes: Vec<u8>,
}

impl PublicKey {
    /// How it ends in PEM, to tell it from others.
    pub fn hint(&self) -> String {
        let text = STANDARD_NO_PAD.encode(&self.bytes);
        format!("...{}", ending(&text, SHOWN))
    }
}

/// Why a text is no public key to sign by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyFault {
    /// It is a private one.
    #[error(
        "is a private key, which nobody else may see: make another pair, and send its public key"
    )]
    Private,
    /// Neither PEM nor JWK, or damaged.
    #[error(
        "must be a public key: PEM that begins with `-----BEGIN PUBLIC KEY-----`, or a JWK as JSON text"
    )]
    Unreadable,
    /// A key of another kind.
    #[error("must be a key of the curve P-256 (ES256) or Ed25519 (EdDSA)")]
    OtherKind,
}

/// RFC 7517, RFC 8037.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
}

/// The key that a text says.
///
/// # Errors
/// [`PublicKeyFault`] says what to send instead.
pub fn read_public_key(text: &str) -> Result<PublicKey, PublicKeyFault> {
    let text = text.trim();
    let (algorithm, bytes) = match text.starts_with('{') {
        true => of_jwk(text)?,
        false => of_pem(text)?,
    };
    if algorithm == IdentityAlgorithm::Es256 && !is_on_curve(&bytes) {
        return Err(PublicKeyFault::Unreadable);
    }
    Ok(PublicKey { algorithm, bytes })
}

fn of_pem(text: &str) -> Result<(IdentityAlgorithm, Vec<u8>), PublicKeyFault> {
    if text.contains("PRIVATE KEY-----") {
        return Err(PublicKeyFault::Private);
    }
    let info = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes());
    let info = info.map_err(|_| PublicKeyFault::Unreadable)?;
    if let Some(point) = info.strip_prefix(&P256) {
        return Ok((IdentityAlgorithm::Es256, point.to_vec()));
    }
    match info.strip_prefix(&ED25519) {
        Some(key) if key.len() == 32 => Ok((IdentityAlgorithm::EdDsa, key.to_vec())),
        _ => Err(PublicKeyFault::OtherKind),
    }
}

fn of_jwk(text: &str) -> Result<(IdentityAlgorithm, Vec<u8>), PublicKeyFault> {
    let jwk: Jwk = serde_json::from_str(text).map_err(|_| PublicKeyFault::Unreadable)?;
    if jwk.d.is_some() || jwk.k.is_some() {
        return Err(PublicKeyFault::Private);
    }
    match (&*jwk.kty, jwk.crv.as_deref()) {
        ("EC", Some("P-256")) => {
            let (x, y) = (number(jwk.x)?, number(jwk.y)?);
            Ok((IdentityAlgorithm::Es256, [&[4], &x[..], &y[..]].concat()))
        }
        ("OKP", Some("Ed25519")) => Ok((IdentityAlgorithm::EdDsa, number(jwk.x)?.to_vec())),
        _ => Err(PublicKeyFault::OtherKind),
    }
}

fn number(text: Option<String>) -> Result<[u8; 32], PublicKeyFault> {
    let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or(PublicKeyFault::Unreadable)
}

/// Whether a point is one of the curve: keys are agreed on with no other.
fn is_on_curve(point: &[u8]) -> bool {
    if point.len() != POINT {
        return false;
    }
    let mine = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
    let theirs = UnparsedPublicKey::new(&ECDH_P256, point);
    mine.is_ok_and(|mine| agree_ephemeral(mine, &theirs, |_| ()).is_ok())
}
