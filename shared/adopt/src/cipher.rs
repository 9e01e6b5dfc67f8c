//! What `EncryptedType` of sqlalchemy-utils (0.32 to 0.43) wrote: three engines, and four paddings of one of them. Which one
//! a value was written with shows in the value, so nobody is asked, and one column may hold several.

use aes::cipher::{BlockModeDecrypt, KeyInit, KeyIvInit, block_padding::NoPadding};
use aes_gcm::{AeadInOut, Aes256Gcm};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// A key of the service before this one.
pub struct OldKey {
    /// What every engine uses: SHA-256 of the text.
    hashed: Zeroizing<[u8; 32]>,
    /// What services use that make their Fernet keys themselves: the text is one.
    plain: Option<Zeroizing<[u8; 32]>>,
}

impl OldKey {
    /// Of `SECRET_KEY` as it was set there, letter by letter: a line break at its end makes another key.
    pub fn new(secret_key: &SecretString) -> Self {
        let text = secret_key.expose_secret();
        let plain = URL_SAFE.decode(text).ok().map(Zeroizing::new);
        Self {
            hashed: Zeroizing::new(Sha256::digest(text).into()),
            plain: plain.and_then(|key| Some(Zeroizing::new(<[u8; 32]>::try_from(&**key).ok()?))),
        }
    }
}

/// Who wrote a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// `FernetEngine`.
    Fernet,
    /// `AesGcmEngine`.
    Gcm,
    /// `AesEngine` with this padding.
    Cbc(Padding),
}

/// How `AesEngine` fills up the last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Stars; those of the value itself are lost with them.
    Naive,
    /// So many bytes that say how many they are.
    Pkcs5,
    /// The same, but all zero except for the last.
    Zeroes,
    /// 0x80 and zeroes.
    OneAndZeroes,
}

const PADDINGS: [Padding; 4] = [
    Padding::Naive,
    Padding::Pkcs5,
    Padding::Zeroes,
    Padding::OneAndZeroes,
];

/// Why a value was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It looks like something encrypted, by another key.
    OtherKey,
    /// No engine writes such a thing: somebody put it there as it is.
    NotCiphertext,
}

/// Opens what is stored, with whichever of the keys fits.
///
/// # Errors
/// None does. The padding is checked more strictly than the library does, which one wrong key in some ten thousand passes.
pub fn open(stored: &[u8], keys: &[OldKey]) -> Result<(Written, SecretString), Unreadable> {
    for key in keys {
        if let Some((written, plain)) = open_with(stored, key)
            && let Ok(text) = std::str::from_utf8(&plain)
        {
            return Ok((written, text.into()));
        }
    }
    let blocks = STANDARD.decode(stored).is_ok_and(|raw| {
        let is_cbc = !raw.is_empty() && raw.len().is_multiple_of(16);
        is_cbc || raw.len() >= 28
    });
    let is_fernet = URL_SAFE
        .decode(stored)
        .is_ok_and(|raw| fernet_parts(&raw).is_some());
    Err(match blocks || is_fernet {
        true => Unreadable::OtherKey,
        false => Unreadable::NotCiphertext,
    })
}

type Plain = Zeroizing<Vec<u8>>;

/// What proves itself is tried first.
fn open_with(stored: &[u8], key: &OldKey) -> Option<(Written, Plain)> {
    if let Ok(raw) = URL_SAFE.decode(stored) {
        let keys = std::iter::once(&key.hashed).chain(&key.plain);
        if let Some(plain) = keys.filter_map(|key| fernet(&raw, key)).next() {
            return Some((Written::Fernet, plain));
        }
    }
    let raw = STANDARD.decode(stored).ok()?;
    if let Some(plain) = gcm(&raw, &key.hashed) {
        return Some((Written::Gcm, plain));
    }
    let padded = cbc(&raw, &key.hashed)?;
    let fitting = PADDINGS.iter().find_map(|padding| {
        let length = unpadded(*padding, &padded)?;
        Some((*padding, length))
    });
    let (padding, length) = fitting?;
    let plain = Zeroizing::new(padded[..length].to_vec());
    Some((Written::Cbc(padding), plain))
}

/// The parts of a token.
struct FernetParts<'a> {
    signed: &'a [u8],
    iv: &'a [u8],
    ciphertext: &'a [u8],
    signature: &'a [u8],
}

fn fernet_parts(raw: &[u8]) -> Option<FernetParts<'_>> {
    let length = raw.len().checked_sub(57)?;
    if raw[0] != 0x80 || length < 16 || !length.is_multiple_of(16) {
        return None;
    }
    let (signed, signature) = raw.split_at(raw.len() - 32);
    Some(FernetParts {
        signed,
        iv: &signed[9..25],
        ciphertext: &signed[25..],
        signature,
    })
}

fn fernet(raw: &[u8], key: &[u8; 32]) -> Option<Plain> {
    let FernetParts {
        signed,
        iv,
        ciphertext,
        signature,
    } = fernet_parts(raw)?;
    let (signing, encrypting) = key.split_at(16);
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(signing).ok()?;
    mac.chain_update(signed).verify_slice(signature).ok()?;
    let cipher = cbc::Decryptor::<aes::Aes128>::new_from_slices(encrypting, iv).ok()?;
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    cipher.decrypt_padded::<NoPadding>(&mut plain).ok()?;
    let length = unpadded(Padding::Pkcs5, &plain)?;
    plain.truncate(length);
    Some(plain)
}

fn gcm(raw: &[u8], key: &[u8; 32]) -> Option<Plain> {
    let (nonce, rest) = raw.split_first_chunk::<12>()?;
    let (tag, ciphertext) = rest.split_first_chunk::<16>()?;
    let cipher = Aes256Gcm::new_from_slice(key).ok()?;
    let mut plain = Zeroizing::new([ciphertext, tag].concat());
    cipher
        .decrypt_in_place(nonce.into(), b"", &mut *plain)
        .ok()?;
    Some(plain)
}

/// With the beginning of the key as initialisation vector of every value.
fn cbc(raw: &[u8], key: &[u8; 32]) -> Option<Plain> {
    if raw.is_empty() || !raw.len().is_multiple_of(16) {
        return None;
    }
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, &key[..16]).ok()?;
    let mut plain = Zeroizing::new(raw.to_vec());
    cipher.decrypt_padded::<NoPadding>(&mut plain).ok()?;
    Some(plain)
}

/// How long the value is, if it is padded so.
fn unpadded(padding: Padding, padded: &[u8]) -> Option<usize> {
    let (last, before) = padded.split_last()?;
    let counted = || {
        let n = usize::from(*last);
        (1..=16).contains(&n).then(|| padded.len() - n)
    };
    let without = |byte: u8| {
        padded
            .iter()
            .rposition(|b| *b != byte)
            .map_or(0, |at| at + 1)
    };
    match padding {
        Padding::Naive => Some(without(b'*')).filter(|length| *length < padded.len()),
        Padding::Pkcs5 => counted().filter(|length| padded[*length..].iter().all(|b| b == last)),
        Padding::Zeroes => counted().filter(|length| before[*length..].iter().all(|b| *b == 0)),
        Padding::OneAndZeroes => {
            let end = without(0);
            let marked = end.checked_sub(1).filter(|at| padded[*at] == 0x80)?;
            (padded.len() - marked <= 16).then_some(marked)
        }
    }
}
