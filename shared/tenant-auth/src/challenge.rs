//! Challenges: a little work that whoever comes in has to do, so that many cost much. The scheme is ALTCHA's: somewhere between
//! zero and a largest number is one which, written behind the salt, has a hash that is told. Whoever looks for it has to try; we
//! look at one hash. Nothing is stored of a challenge before it is solved.

use crate::{random, secret::RootSecret, site::SiteClaim};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

// expires 8 (big endian) | random 16. Its length is fixed: no part of a number can become one of the salt.
const SALT: usize = 24;

/// What is asked of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What the number is written behind: 32 characters.
    pub salt: String,
    /// SHA-256 (FIPS 180-4) of the salt and the number, in hexadecimal digits.
    pub digest: String,
    /// The largest number that it may be.
    pub largest: u32,
    /// What makes it ours.
    pub signature: String,
}

/// A challenge that was solved: one of ours, for the site, in time. Only [`ChallengeKeys::check`] makes one.
///
/// ```compile_fail,E0451
/// fn forge() -> tenant_auth::SolvedChallenge {
///     tenant_auth::SolvedChallenge { id: [0; 32], expires_at: 0 } // private
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolvedChallenge {
    id: [u8; 32],
    expires_at: i64,
}

impl SolvedChallenge {
    /// By what it is told from others, so that it is used once.
    pub fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// When it ends, in seconds since 1970.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

/// Makes challenges, and knows its own again.
pub struct ChallengeKeys {
    newest: Zeroizing<[u8; 32]>,
    others: Vec<Zeroizing<[u8; 32]>>,
}

impl ChallengeKeys {
    /// The keys that follow from `root`.
    pub fn new(root: &RootSecret) -> Self {
        let key = |root: &RootSecret| root.expand(b"challenge/key/v1", b"");
        Self {
            newest: key(root),
            others: root.others().iter().map(key).collect(),
        }
    }

    /// A challenge for whoever wants in at a site, with a number up to `largest` and an end in seconds since 1970.
    ///
    /// # Panics
    /// The operating system has no randomness to give.
    pub fn issue(&self, site: &SiteClaim, expires_at: i64, largest: u32) -> Challenge {
        let mut salt = [0; SALT];
        salt[..8].copy_from_slice(&expires_at.to_be_bytes());
        salt[8..].copy_from_slice(&random::bytes::<16>());
        let salt = URL_SAFE_NO_PAD.encode(salt);
        let number = u64::from_be_bytes(random::bytes()) % (u64::from(largest) + 1);
        let digest = digest(&salt, number);
        let tag = mac(&self.newest, site, &digest).finalize().into_bytes();
        Challenge {
            digest: hex::encode(digest),
            signature: hex::encode(tag),
            salt,
            largest,
        }
    }

    /// Whether the number solves a challenge that these have made for the site, and that has not ended; nothing else may be
    /// told from why not. It may have been used before.
    pub fn check(
        &self,
        site: &SiteClaim,
        (salt, number, signature): (&str, u32, &str),
        now: i64,
    ) -> Option<SolvedChallenge> {
        let said: [u8; SALT] = URL_SAFE_NO_PAD.decode(salt).ok()?.try_into().ok()?;
        let expires_at = i64::from_be_bytes(*said.first_chunk()?);
        let digest = digest(salt, number.into());
        let mut tag = [0; 32];
        hex::decode_to_slice(signature, &mut tag).ok()?;
        // Constant time. Only we know a number, its hash and what makes that ours before somebody has looked for it.
        let mut keys = std::iter::once(&self.newest).chain(&self.others);
        keys.find(|key| mac(key, site, &digest).verify_slice(&tag).is_ok())?;
        let id = Sha256::new_with_prefix(b"challenge\0").chain_update(digest);
        (now < expires_at).then(|| SolvedChallenge {
            id: id.finalize().into(),
            expires_at,
        })
    }
}

fn mac(key: &[u8; 32], site: &SiteClaim, digest: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key length");
    mac.chain_update(site.tenant_id())
        .chain_update(site.site_id())
        .chain_update(digest)
}

impl fmt::Debug for ChallengeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChallengeKeys([REDACTED])")
    }
}

fn digest(salt: &str, number: u64) -> [u8; 32] {
    let hash = Sha256::new_with_prefix(salt);
    hash.chain_update(number.to_string()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        SiteKeys,
        secret::tests::{root, roots},
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    const NOW: i64 = 1_900_000_000;
    const LARGEST: u32 = 200;

    fn site(id: u128) -> SiteClaim {
        let keys = SiteKeys::new(&root(1));
        let key = keys.issue(Uuid::from_u128(0x11), Uuid::from_u128(id));
        keys.open(&key).unwrap()
    }

    fn keys() -> ChallengeKeys {
        ChallengeKeys::new(&root(1))
    }

    /// As whoever comes finds it.
    fn solve(challenge: &Challenge) -> u32 {
        let is_it = |n: &u32| {
            hex::encode(Sha256::digest(format!("{}{n}", challenge.salt))) == challenge.digest
        };
        (0..=challenge.largest).find(is_it).unwrap()
    }

    #[test]
    fn a_solution_is_good_at_its_site_and_in_time() {
        let challenge = keys().issue(&site(1), NOW + 60, LARGEST);
        let number = solve(&challenge);
        let solution = (&*challenge.salt, number, &*challenge.signature);
        let solved = keys().check(&site(1), solution, NOW + 59).unwrap();
        assert_eq!(solved.expires_at(), NOW + 60);
        assert_eq!(keys().check(&site(1), solution, NOW), Some(solved));
        assert_eq!(keys().check(&site(1), solution, NOW + 60), None);
        assert_eq!(keys().check(&site(2), solution, NOW), None);
        let others = ChallengeKeys::new(&root(2));
        let both = ChallengeKeys::new(&roots(2, &[1]));
        assert_eq!(both.check(&site(1), solution, NOW + 59), Some(solved));
        assert_eq!(others.check(&site(1), solution, NOW), None);
        let second = keys().issue(&site(1), NOW + 60, LARGEST);
        let mixed = (&*challenge.salt, number, &*second.signature);
        assert_eq!(keys().check(&site(1), mixed, NOW), None);
        let again = (&*second.salt, solve(&second), &*second.signature);
        assert_ne!(
            keys().check(&site(1), again, NOW).unwrap().id(),
            solved.id()
        );
    }

    #[test]
    fn no_digit_of_the_number_becomes_one_of_the_salt() {
        let challenge = keys().issue(&site(1), NOW + 60, u32::MAX);
        let all = format!("{}{}", challenge.salt, 4711);
        for cut in 0..all.len() {
            let Ok(number) = all[cut..].parse() else {
                continue;
            };
            let split = (&all[..cut], number, &*challenge.signature);
            assert_eq!(keys().check(&site(1), split, NOW), None);
        }
    }

    proptest! {
        #[test]
        fn nothing_else_is_a_solution(number: u32, at in 0..64_usize, digit in "[0-9a-fg]") {
            let challenge = keys().issue(&site(1), NOW + 60, LARGEST);
            let right = solve(&challenge);
            let wrong = (&*challenge.salt, number, &*challenge.signature);
            prop_assert_eq!(keys().check(&site(1), wrong, NOW).is_some(), number == right);
            let mut signature = challenge.signature.clone();
            prop_assume!(signature[at..=at] != digit);
            signature.replace_range(at..=at, &digit);
            prop_assert_eq!(keys().check(&site(1), (&challenge.salt, right, &signature), NOW), None);
        }

        #[test]
        fn arbitrary_texts_are_none(salt in ".*", sized in "[A-Za-z0-9_-]{32}", signature in ".*", digits in "[0-9a-f]{64}") {
            for salt in [&salt, &sized] {
                for signature in [&signature, &digits] {
                    prop_assert_eq!(keys().check(&site(1), (salt, 0, signature), NOW), None);
                }
            }
        }
    }
}
