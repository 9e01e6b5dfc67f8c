//! Provider keys at rest: sealed to the tenant, the provider and the row that they belong to.

use crate::{
    random,
    secret::{RootSecret, expand},
};
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// The layout below and the derivation behind it. Another of either gets another number.
const VERSION: u8 = 1;

// version 1 | key 4 | nonce 12 | ciphertext | tag 16
const KID: usize = 4;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Where a sealed key belongs. It opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct SealContext<'a> {
    /// The tenant whose key it is.
    pub tenant_id: Uuid,
    /// The provider that it is for.
    pub provider: &'a str,
    /// The row that holds it.
    pub row_id: Uuid,
}

/// Why sealed bytes do not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Sealed under a root secret that is not configured.
    #[error("sealed under a secret key that is not configured; add it to SECRET_KEY_PREVIOUS")]
    UnknownKey,
    /// Altered, cut short or moved from another row.
    #[error("damaged or moved from another row; enter the provider key again")]
    Damaged,
}

/// A key-encryption key with its name.
struct Kek {
    kid: [u8; KID],
    key: Zeroizing<[u8; 32]>,
}

/// Seals and opens provider keys with AES-256-GCM (NIST SP 800-38D).
///
/// Every row has its own key, so a random 96-bit nonce stays unique for as long as one row can be
/// rewritten (section 8.3 allows 2^32 times).
pub struct Sealer {
    newest: Kek,
    others: Vec<Kek>,
}

impl Sealer {
    /// Seals under `root`; opens what that one or one that is accepted besides has sealed.
    pub fn new(root: &RootSecret) -> Self {
        Self {
            newest: Kek::new(root),
            others: root.others().iter().map(Kek::new).collect(),
        }
    }

    /// Seals a secret for one place, under the newest key. Sealing it twice gives different bytes.
    ///
    /// # Panics
    /// The operating system gives no random bytes.
    pub fn seal(&self, context: &SealContext<'_>, secret: &SecretString) -> Vec<u8> {
        let secret = secret.expose_secret().as_bytes();
        let nonce = random::bytes::<NONCE>();
        // Large enough from the start: growing would leave a copy of the secret behind.
        let mut body = Vec::with_capacity(secret.len() + TAG);
        body.extend_from_slice(secret);
        self.newest
            .cipher(context)
            .encrypt_in_place(
                &nonce.into(),
                &self.newest.associated_data(context),
                &mut body,
            )
            .expect("a key of a provider is far below the 64 GiB that GCM takes");
        let mut sealed = Vec::with_capacity(1 + KID + NONCE + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.newest.kid);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        sealed
    }

    /// Opens what [`Sealer::seal`] made for the same place.
    ///
    /// # Errors
    /// [`SealError`] says what to do. Nothing is decrypted before all of it is known to be genuine.
    pub fn open(
        &self,
        context: &SealContext<'_>,
        sealed: &[u8],
    ) -> Result<SecretString, SealError> {
        let (kid, nonce, body) = split(sealed).ok_or(SealError::Damaged)?;
        let mut keys = std::iter::once(&self.newest).chain(&self.others);
        let kek = keys
            .find(|kek| kek.kid == *kid)
            .ok_or(SealError::UnknownKey)?;
        let mut body = Zeroizing::new(body.to_vec());
        kek.cipher(context)
            .decrypt_in_place(nonce.into(), &kek.associated_data(context), &mut *body)
            .map_err(|_| SealError::Damaged)?;
        let text = std::str::from_utf8(&body).map_err(|_| SealError::Damaged)?;
        Ok(SecretString::from(text))
    }

    /// What everything begins with that [`Sealer::seal`] makes: what begins otherwise is due to be sealed again.
    pub fn start(&self) -> [u8; 1 + KID] {
        let [a, b, c, d] = self.newest.kid;
        [VERSION, a, b, c, d]
    }

    /// Names the key that [`Sealer::seal`] uses: 8 hexadecimal digits.
    pub fn key_id(&self) -> String {
        hex::encode(self.newest.kid)
    }

    /// Names the key that sealed these bytes, without opening them; `None` if they are too damaged to
    /// say.
    pub fn key_id_of(sealed: &[u8]) -> Option<String> {
        split(sealed).map(|(kid, _, _)| hex::encode(kid))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("key_id", &self.key_id())
            .finish_non_exhaustive()
    }
}

impl Kek {
    fn new(root: &RootSecret) -> Self {
        Self {
            kid: *root.expand(b"sealer/kid/v1", b""),
            key: root.expand(b"sealer/kek/v1", b""),
        }
    }

    /// The cipher of one place.
    fn cipher(&self, context: &SealContext<'_>) -> Aes256Gcm {
        let key = expand::<32>(&self.key, &[&context.bytes()]);
        Aes256Gcm::new_from_slice(&*key).expect("AES-256 takes 32 bytes")
    }

    fn associated_data(&self, context: &SealContext<'_>) -> Vec<u8> {
        [&[VERSION], self.kid.as_slice(), &context.bytes()].concat()
    }
}

impl SealContext<'_> {
    /// Different places give different bytes: all parts but one have a fixed length, and that one is
    /// preceded by its length.
    fn bytes(&self) -> Vec<u8> {
        let length = (self.provider.len() as u64).to_be_bytes();
        [
            b"provider-key/v1".as_slice(),
            self.tenant_id.as_bytes(),
            &length,
            self.provider.as_bytes(),
            self.row_id.as_bytes(),
        ]
        .concat()
    }
}

/// Key name, nonce, and ciphertext with tag.
fn split(sealed: &[u8]) -> Option<(&[u8; KID], &[u8; NONCE], &[u8])> {
    let (version, rest) = sealed.split_first()?;
    let (kid, rest) = rest.split_first_chunk()?;
    let (nonce, body) = rest.split_first_chunk()?;
    (*version == VERSION && body.len() >= TAG).then_some((kid, nonce, body))
}
