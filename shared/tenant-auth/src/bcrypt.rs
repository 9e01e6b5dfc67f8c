//! bcrypt, for the passwords of people who come from another service: checked, and never made.

use base64::{Engine, engine::general_purpose::STANDARD};
use bcrypt::HashParts;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::str::FromStr;
use zeroize::Zeroizing;

/// What a stored hash may cost at most, as a power of two: half a minute. Whoever can write a hash to the database could
/// otherwise stop the service with it.
const MAX_COST: u32 = 18;
/// The highest cost of which a check is some work among others, about a second. A failed login takes as long as the costliest
/// hash up to this one; what costs more has a thread of its own.
pub(crate) const USUAL_COST: u32 = 14;

/// The cost of the bcrypt that is as much work as so many times that of cost 0.
pub(crate) fn as_bcrypt(work: f64) -> u32 {
    let cost = (1.0 + work).log2().round();
    let mut known = (4..=USUAL_COST).rev();
    known.find(|known| f64::from(*known) <= cost).unwrap_or(4)
}

/// A hash that can be compared with.
pub(crate) struct Bcrypt {
    hash: String,
    cost: u32,
    before: Before,
}

/// What is done to a password before.
enum Before {
    Nothing,
    /// passlib's `bcrypt_sha256` of version 1: SHA-256, in base64.
    Sha256,
    /// Of version 2: HMAC-SHA256 with the characters of the salt as key, in base64.
    Hmac(String),
}

impl Bcrypt {
    /// Reads a hash as `bcrypt` and `passlib` of Python write it; `None` if it is none or costs too much.
    pub(crate) fn parse(hash: &str) -> Option<Self> {
        match hash.strip_prefix("$bcrypt-sha256$") {
            Some(wrapped) => Self::parse_wrapped(wrapped),
            None => Self::parse_plain(hash, Before::Nothing),
        }
    }

    fn parse_plain(hash: &str, before: Before) -> Option<Self> {
        let known = ["$2a$", "$2b$", "$2y$"].iter().any(|v| hash.starts_with(v));
        let parts = HashParts::from_str(hash).ok()?;
        let cost = parts.get_cost();
        (known && cost <= MAX_COST).then(|| Self {
            hash: hash.to_owned(),
            cost,
            before,
        })
    }

    /// `v=2,t=2b,r=12$salt$digest`, or `2b,12$salt$digest`.
    fn parse_wrapped(wrapped: &str) -> Option<Self> {
        let (parameters, rest) = wrapped.split_once('$')?;
        let (salt, digest) = rest.split_once('$')?;
        let (of, cost, before) = match parameters.strip_prefix("v=2,t=") {
            Some(second) => {
                let (of, cost) = second.split_once(",r=")?;
                (of, cost, Before::Hmac(salt.to_owned()))
            }
            None => {
                let (of, cost) = parameters.split_once(',')?;
                (of, cost, Before::Sha256)
            }
        };
        let cost: u32 = cost.parse().ok()?;
        Self::parse_plain(&format!("${of}${cost:02}${salt}{digest}"), before)
    }

    /// A hash of no password that anybody knows, at this cost; `None` if no stored hash may have it.
    pub(crate) fn dummy(cost: u32) -> Option<Self> {
        Self::parse(&format!(
            "$2b${cost:02}$r3ft5FtJZXw2luIVJuX8ouKo48r4rEjoR5qRmHDMSy/8xt/tmPlWK"
        ))
    }

    /// The power of two that says how much work it takes.
    pub(crate) fn cost(&self) -> u32 {
        self.cost
    }

    /// Whether a password is the one that was hashed. As everywhere, bytes after the 72nd do not count.
    pub(crate) fn matches(&self, password: &[u8]) -> bool {
        let matches = |password: &[u8]| {
            // An error is a password that it never takes.
            bcrypt::verify(password, &self.hash).unwrap_or(false)
        };
        match &self.before {
            Before::Nothing => matches(password),
            Before::Sha256 => matches(encoded(&Sha256::digest(password)).as_bytes()),
            Before::Hmac(salt) => {
                Hmac::<Sha256>::new_from_slice(salt.as_bytes()).is_ok_and(|mac| {
                    let digest = mac.chain_update(password).finalize().into_bytes();
                    matches(encoded(&digest).as_bytes())
                })
            }
        }
    }
}

fn encoded(digest: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with Python's bcrypt 4.0 and passlib 1.7.
    const HASHES: [(&str, &str); 8] = [
        (
            "correct horse battery staple",
            "$2b$04$r3ft5FtJZXw2luIVJuX8ouKo48r4rEjoR5qRmHDMSy/8xt/tmPlWK",
        ),
        (
            "grün & blau",
            "$2b$04$5v/t/gddnMCaaIrYctPoQ.ubPifdhPxCl8uKP7Aam/R8WIwbdiHgm",
        ),
        (
            "correct horse battery staple",
            "$2a$04$crbadupKkmQQzs5JBnlo/uBFefhzQbGFrB7MZDh9VH9yhh1QZcmTC",
        ),
        (
            "correct horse battery staple",
            "$2y$04$ciMFiUo15.cjYUzNx35ZHOguq/ayU731h.NMsaXsO62fqkfG.0Lq6",
        ),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "$2b$04$6jUszv08rC0JFXRBrzRc8uLYt.EAc1cbNWG2fssuDURypkfcYKXrG",
        ),
        (
            "correct horse battery staple",
            "$bcrypt-sha256$v=2,t=2b,r=4$gGOaeAa6odtx7GGQViJ2uu$mUD6PW6EQwvuxGh22WLHzBrRsbs.bUK",
        ),
        (
            "grün & xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "$bcrypt-sha256$v=2,t=2b,r=4$Ee03tCvzFWPsgANWDUd/Ru$fQjdS1g2lieqgdeXiOFNA1iVQz7KwaS",
        ),
        (
            "correct horse battery staple",
            "$bcrypt-sha256$2b,4$ZWtnFyxKTir9.Yz9IHsfWu$n7Qxnr77eCi9habfvx1amNBOAs/yYOC",
        ),
    ];

    #[test]
    fn agrees_with_pythons() {
        for (password, hash) in HASHES {
            let stored = Bcrypt::parse(hash).unwrap();
            assert!(stored.matches(password.as_bytes()), "{hash}");
            for wrong in ["", "wrong", &password.to_uppercase(), "NUL\0"] {
                assert!(!stored.matches(wrong.as_bytes()), "{hash} {wrong}");
            }
        }
    }

    #[test]
    fn only_affordable_hashes_are_read() {
        let (_, good) = HASHES[0];
        assert!(Bcrypt::parse(&good.replace("$04$", "$18$")).is_some());
        for refused in [
            good.replace("$04$", "$19$"),
            good.replace("$04$", "$31$"),
            good.replace("$2b$", "$2x$"),
            good[..59].to_owned(),
            format!("{good}x"),
            "$2b$".to_owned(),
            "$bcrypt-sha256$".to_owned(),
            HASHES[5].1.replace("r=4", "r=19"),
            HASHES[5].1.replace("v=2", "v=3"),
            HASHES[7].1.replace("$2b,4$", "$2b$"),
        ] {
            assert!(Bcrypt::parse(&refused).is_none(), "{refused}");
        }
    }
}
