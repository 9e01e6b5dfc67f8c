//! PBKDF2 as passlib's `pbkdf2_sha256` writes it, for the passwords of people who come from another service: checked, and
//! never made.

use crate::bcrypt::as_bcrypt;
use base64::{
    Engine,
    alphabet::Alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What a stored hash may cost at most: about a second.
const MAX_ROUNDS: u32 = 2_000_000;
/// How many rounds are about as much work as bcrypt of cost 0 would be; `bcrypt_cost` in the database has it as well.
const ROUNDS_OF_BCRYPT: f64 = 230.0;

/// A hash that can be compared with.
pub(crate) struct Pbkdf2 {
    rounds: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// Base64 with a dot for the plus, and without padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./";
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&Alphabet::new(alphabet).ok()?, config);
    engine.decode(text).ok()
}

impl Pbkdf2 {
    /// Reads a hash; `None` if it is none or costs too much.
    pub(crate) fn parse(hash: &str) -> Option<Self> {
        let rest = hash.strip_prefix("$pbkdf2-sha256$")?;
        let (rounds, rest) = rest.split_once('$')?;
        let (salt, hash) = rest.split_once('$')?;
        let rounds = rounds.parse().ok()?;
        let hash = decoded(hash).filter(|hash| hash.len() == 32)?;
        (1..=MAX_ROUNDS).contains(&rounds).then_some(())?;
        Some(Self {
            rounds,
            salt: decoded(salt)?,
            hash,
        })
    }

    /// The cost of the bcrypt that is about as much work.
    pub(crate) fn cost(&self) -> u32 {
        as_bcrypt(f64::from(self.rounds) / ROUNDS_OF_BCRYPT)
    }

    /// Whether a password is the one that was hashed. Compares in constant time.
    pub(crate) fn matches(&self, password: &[u8]) -> bool {
        let mut hash = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password, &self.salt, self.rounds, &mut *hash);
        hash.ct_eq(&self.hash).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with passlib 1.7.
    const HASHES: [(&str, &str); 2] = [
        (
            "correct horse battery staple",
            "$pbkdf2-sha256$1000$Syml1Pp/r1Vq7X3v3RujlA$CXOiIipyPzgmqcvYDNEDyM7u3C.ozHY/7GNBmXN65Nw",
        ),
        (
            "grün",
            "$pbkdf2-sha256$1000$$EyYcLUfs8bjtNdpkHr4k8RJJrvZOTwXKNSR.0J6PoTM",
        ),
    ];

    #[test]
    fn agrees_with_pythons() {
        for (password, hash) in HASHES {
            let stored = Pbkdf2::parse(hash).unwrap();
            assert!(stored.matches(password.as_bytes()), "{hash}");
            for wrong in ["", "wrong", &password.to_uppercase()] {
                assert!(!stored.matches(wrong.as_bytes()), "{hash} {wrong}");
            }
        }
    }

    #[test]
    fn only_affordable_hashes_are_read_and_their_work_is_known() {
        let (_, good) = HASHES[0];
        for (rounds, cost) in [
            ("1", 4),
            ("1000", 4),
            ("29000", 7),
            ("600000", 11),
            ("2000000", 13),
        ] {
            let hash = good.replace("$1000$", &format!("${rounds}$"));
            assert_eq!(Pbkdf2::parse(&hash).unwrap().cost(), cost, "{rounds}");
        }
        for refused in [
            good.replace("$1000$", "$2000001$"),
            good.replace("$1000$", "$0$"),
            good.replace("$1000$", "$-1$"),
            good.replace("sha256", "sha512"),
            good[..good.len() - 2].to_owned(),
            good.replace('.', "+"),
            String::new(),
        ] {
            assert!(Pbkdf2::parse(&refused).is_none(), "{refused}");
        }
    }
}
