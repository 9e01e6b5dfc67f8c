//! Argon2id in memory that is set aside once and used again.

use crate::{bcrypt::Bcrypt, pbkdf2_sha256::Pbkdf2, random};
use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// What new hashes cost: 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet).
const CURRENT: Params = match Params::new(19_456, 2, 1, Some(HASH_BYTES)) {
    Ok(params) => params,
    Err(_) => panic!("the parameters are within Argon2's bounds"),
};

/// What a stored hash may cost at most, in KiB, passes and lanes. Whoever can write a hash to the
/// database could otherwise stop the service with it.
const MAX_MEMORY: u32 = 128 * 1024;
const MAX_PASSES: u32 = 10;
const MAX_LANES: u32 = 8;

/// A hash that can be compared with.
pub(crate) struct Stored {
    argon2: Argon2<'static>,
    blocks: usize,
    salt: Salt,
    hash: Output,
    current: bool,
}

impl Stored {
    /// Reads a PHC string; `None` if it is not Argon2id, is incomplete or costs too much.
    pub(crate) fn parse(phc: &str) -> Option<Self> {
        let phc = PasswordHash::new(phc).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let affordable = params.m_cost() <= MAX_MEMORY
            && params.t_cost() <= MAX_PASSES
            && params.p_cost() <= MAX_LANES;
        if phc.algorithm != ARGON2ID_IDENT || !affordable {
            return None;
        }
        let version = Version::try_from(phc.version?).ok()?;
        let salt = phc.salt?;
        Some(Self {
            current: params == CURRENT && version == Version::V0x13 && salt.len() >= SALT_BYTES,
            blocks: params.block_count(),
            argon2: Argon2::new(Algorithm::Argon2id, version, params),
            salt,
            hash: phc.hash?,
        })
    }

    /// A hash of no password at all that costs what a new one does.
    pub(crate) fn dummy() -> Self {
        Self {
            argon2: current(),
            blocks: CURRENT.block_count(),
            salt: salt(),
            hash: Output::new(&random::bytes::<HASH_BYTES>())
                .expect("32 bytes are within its bounds"),
            current: true,
        }
    }

    /// Whether it was made as new ones are.
    pub(crate) fn is_current(&self) -> bool {
        self.current
    }
}

fn current() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, CURRENT)
}

fn salt() -> Salt {
    Salt::new(&random::bytes::<SALT_BYTES>()).expect("16 bytes are within its bounds")
}

/// One thread's working memory: 19 MiB from the first use until it is released.
///
/// It is not wiped after use: trying a password against what is left costs as much as against the
/// stored hash.
pub(crate) struct Memory {
    blocks: Vec<Block>,
    runs: Arc<AtomicU64>,
}

impl Memory {
    /// Takes no memory yet; every use adds one to `runs`.
    pub(crate) fn new(runs: Arc<AtomicU64>) -> Self {
        Self {
            blocks: Vec::new(),
            runs,
        }
    }

    /// Gives the memory back until the next use.
    pub(crate) fn release(&mut self) {
        self.blocks = Vec::new();
    }

    /// A new PHC string for a password, with a random salt.
    pub(crate) fn hash(&mut self, password: &[u8]) -> Result<String, argon2::Error> {
        let salt = salt();
        let mut hash = [0; HASH_BYTES];
        self.run(
            &current(),
            CURRENT.block_count(),
            password,
            &salt,
            &mut hash,
        )?;
        let phc = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&CURRENT).expect("three numbers fit"),
            salt: Some(salt),
            hash: Some(Output::new(&hash).expect("32 bytes are within its bounds")),
        };
        Ok(phc.to_string())
    }

    /// Whether a password is the one that was hashed. Compares in constant time.
    pub(crate) fn matches(
        &mut self,
        stored: &Stored,
        password: &[u8],
    ) -> Result<bool, argon2::Error> {
        let mut hash = Zeroizing::new(vec![0; stored.hash.len()]);
        self.run(
            &stored.argon2,
            stored.blocks,
            password,
            &stored.salt,
            &mut hash,
        )?;
        Ok(hash.ct_eq(stored.hash.as_bytes()).into())
    }

    /// As [`Memory::matches`] for a hash that needs no memory to speak of, counted with the others.
    pub(crate) fn matches_bcrypt(&mut self, stored: &Bcrypt, password: &[u8]) -> bool {
        self.runs.fetch_add(1, Ordering::Relaxed);
        stored.matches(password)
    }

    /// Likewise.
    pub(crate) fn matches_pbkdf2(&mut self, stored: &Pbkdf2, password: &[u8]) -> bool {
        self.runs.fetch_add(1, Ordering::Relaxed);
        stored.matches(password)
    }

    fn run(
        &mut self,
        argon2: &Argon2<'_>,
        blocks: usize,
        password: &[u8],
        salt: &[u8],
        hash: &mut [u8],
    ) -> Result<(), argon2::Error> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        if self.blocks.is_empty() {
            self.blocks = vec![Block::new(); CURRENT.block_count()];
        }
        if blocks <= self.blocks.len() {
            return argon2.hash_password_into_with_memory(password, salt, hash, &mut self.blocks);
        }
        // Made when hashes cost more. Rare, because the password is hashed anew after this login.
        argon2.hash_password_into_with_memory(password, salt, hash, vec![Block::new(); blocks])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn phc(head: &str) -> String {
        format!("{head}$c2FsdHNhbHRzYWx0c2FsdA${HASH}")
    }

    #[test] // R20
    fn only_affordable_argon2id_is_read() {
        assert!(
            Stored::parse(&phc("$argon2id$v=19$m=19456,t=2,p=1"))
                .unwrap()
                .is_current()
        );
        for old in [
            "m=8192,t=2,p=1",
            "m=19456,t=1,p=1",
            "m=19456,t=2,p=2",
            "m=131072,t=10,p=4",
        ] {
            assert!(
                !Stored::parse(&phc(&format!("$argon2id$v=19${old}")))
                    .unwrap()
                    .is_current(),
                "{old}"
            );
        }
        assert!(
            !Stored::parse(&phc("$argon2id$v=16$m=19456,t=2,p=1"))
                .unwrap()
                .is_current()
        );
        for refused in [
            "$argon2id$v=19$m=131073,t=2,p=1",
            "$argon2id$v=19$m=4294967295,t=2,p=1",
            "$argon2id$v=19$m=19456,t=11,p=1",
            "$argon2id$v=19$m=19456,t=2,p=9",
            "$argon2id$v=19$m=19456,t=2,p=4294967295",
            "$argon2id$v=19$m=19456,t=0,p=1",
            "$argon2id$v=18$m=19456,t=2,p=1",
            "$argon2id$m=19456,t=2,p=1",
            "$argon2i$v=19$m=19456,t=2,p=1",
            "$scrypt$v=19$m=19456,t=2,p=1",
        ] {
            assert!(Stored::parse(&phc(refused)).is_none(), "{refused}");
        }
        for broken in [
            "",
            "hunter2",
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$2b$12$abcdefghijklmnopqrstuv",
        ] {
            assert!(Stored::parse(broken).is_none(), "{broken}");
        }
    }

    // The reference implementation's vector: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`.
    #[test]
    fn agrees_with_the_reference_implementation() {
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let runs = Arc::new(AtomicU64::new(0));
        let mut memory = Memory::new(Arc::clone(&runs));
        let stored = Stored::parse(phc).unwrap();
        assert!(memory.matches(&stored, b"password").unwrap());
        assert!(!memory.matches(&stored, b"Password").unwrap());
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn hashes_read_back_and_salts_differ() {
        let mut memory = Memory::new(Arc::default());
        let first = memory.hash(b"correct horse").unwrap();
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(first, memory.hash(b"correct horse").unwrap());
        let stored = Stored::parse(&first).unwrap();
        assert!(stored.is_current());
        assert!(memory.matches(&stored, b"correct horse").unwrap());
        assert!(!memory.matches(&Stored::dummy(), b"").unwrap());
    }
}
