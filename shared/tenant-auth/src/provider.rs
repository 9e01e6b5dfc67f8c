//! The cryptography `jsonwebtoken` is given: HMAC, and for tokens of others the checking of P-256 and Ed25519 signatures.
//!
//! Its own providers bring RSA and more curves, which no token here uses.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result, new_error},
    signature::{Error, Signer, Verifier},
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use sha2::{Sha256, Sha384, Sha512};
use std::sync::Once;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

static INSTALLED: Once = Once::new();

/// Gives the library its provider; does nothing from the second call on.
///
/// # Panics
/// Other code in this process has given it another one, which must not decide what a valid token is.
pub(crate) fn install() {
    INSTALLED.call_once(|| {
        PROVIDER
            .install_default()
            .expect("no other code in this process handles tokens");
    });
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let bytes = key.as_bytes();
    Ok(match algorithm {
        Algorithm::HS256 => Box::new(Hs::<Hmac<Sha256>>::new(*algorithm, key.family(), bytes)?),
        Algorithm::HS384 => Box::new(Hs::<Hmac<Sha384>>::new(*algorithm, key.family(), bytes)?),
        Algorithm::HS512 => Box::new(Hs::<Hmac<Sha512>>::new(*algorithm, key.family(), bytes)?),
        _ => return Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    })
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let bytes = key.try_get_as_bytes()?;
    Ok(match algorithm {
        Algorithm::HS256 => Box::new(Hs::<Hmac<Sha256>>::new(*algorithm, key.family(), bytes)?),
        Algorithm::HS384 => Box::new(Hs::<Hmac<Sha384>>::new(*algorithm, key.family(), bytes)?),
        Algorithm::HS512 => Box::new(Hs::<Hmac<Sha512>>::new(*algorithm, key.family(), bytes)?),
        Algorithm::ES256 | Algorithm::EdDSA => {
            Box::new(PublicKey::new(*algorithm, key.family(), bytes)?)
        }
        _ => return Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    })
}

/// An algorithm that somebody else signs by, with the public key.
struct PublicKey {
    algorithm: Algorithm,
    key: UnparsedPublicKey<Vec<u8>>,
}

impl PublicKey {
    fn new(algorithm: Algorithm, family: AlgorithmFamily, key: &[u8]) -> Result<Self> {
        // RFC 7518, section 3.4: both numbers of the signature, each of 32 bytes, and no ASN.1.
        let by: &'static dyn VerificationAlgorithm = match (algorithm, family) {
            (Algorithm::ES256, AlgorithmFamily::Ec) => &ECDSA_P256_SHA256_FIXED,
            (Algorithm::EdDSA, AlgorithmFamily::Ed) => &ED25519,
            _ => return Err(new_error(ErrorKind::InvalidKeyFormat)),
        };
        let key = UnparsedPublicKey::new(by, key.to_vec());
        Ok(Self { algorithm, key })
    }
}

impl Verifier<Vec<u8>> for PublicKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.key
            .verify(message, signature)
            .map_err(|_| Error::new())
    }
}

impl JwtVerifier for PublicKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// One algorithm with its key.
struct Hs<M> {
    algorithm: Algorithm,
    mac: M,
}

impl<M: Mac + KeyInit> Hs<M> {
    fn new(algorithm: Algorithm, family: AlgorithmFamily, key: &[u8]) -> Result<Self> {
        if family != AlgorithmFamily::Hmac || key.is_empty() {
            return Err(new_error(ErrorKind::InvalidKeyFormat));
        }
        let mac = M::new_from_slice(key).map_err(|_| new_error(ErrorKind::InvalidKeyFormat))?;
        Ok(Self { algorithm, mac })
    }
}

impl<M: Mac + Clone> Signer<Vec<u8>> for Hs<M> {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self
            .mac
            .clone()
            .chain_update(message)
            .finalize()
            .into_bytes()
            .to_vec())
    }
}

impl<M: Mac + Clone> JwtSigner for Hs<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl<M: Mac + Clone> Verifier<Vec<u8>> for Hs<M> {
    /// Takes the same time wherever the first wrong byte is; a shortened signature is refused.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.mac
            .clone()
            .chain_update(message)
            .verify_slice(signature)
            .map_err(|_| Error::new())
    }
}

impl<M: Mac + Clone> JwtVerifier for Hs<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231 test case 2.
    #[test]
    fn signs_as_the_rfc_says_and_refuses_a_prefix() {
        let key = EncodingKey::from_secret(b"Jefe");
        let message = b"what do ya want for nothing?";
        let signature = signer(&Algorithm::HS256, &key)
            .unwrap()
            .try_sign(message)
            .unwrap();
        assert_eq!(signature[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        let verifier = verifier(&Algorithm::HS256, &DecodingKey::from_secret(b"Jefe")).unwrap();
        assert!(verifier.verify(message, &signature).is_ok());
        assert!(verifier.verify(message, &signature[..16].to_vec()).is_err());
        assert!(verifier.verify(message, &Vec::new()).is_err());
    }

    #[test]
    fn refuses_empty_keys_and_other_families() {
        assert!(signer(&Algorithm::HS256, &EncodingKey::from_secret(b"")).is_err());
        assert!(verifier(&Algorithm::HS256, &DecodingKey::from_secret(b"")).is_err());
        assert!(verifier(&Algorithm::HS256, &DecodingKey::from_rsa_der(b"Jefe")).is_err());
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            assert!(verifier(&algorithm, &DecodingKey::from_secret(b"Jefe")).is_err());
        }
        let ed = DecodingKey::from_ed_der(&[0; 32]);
        assert!(verifier(&Algorithm::ES256, &ed).is_err());
        assert!(verifier(&Algorithm::HS256, &ed).is_err());
        assert!(signer(&Algorithm::EdDSA, &EncodingKey::from_secret(b"Jefe")).is_err());
    }
}
