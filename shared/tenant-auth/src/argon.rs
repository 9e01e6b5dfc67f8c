//! Argon2id in memory that is set aside once and used again; Argon2i and Argon2d only to check what another service has made.

use crate::{
    bcrypt::{Bcrypt, as_bcrypt},
    pbkdf2_sha256::Pbkdf2,
    random,
};
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

#[cfg(test)]
mod tests;

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
/// How many KiB, once for each pass, are about as much work as bcrypt of cost 0 would be; `bcrypt_cost` in the database has it as well.
const KIB_OF_BCRYPT: f64 = 152.0;

/// A hash that can be compared with.
pub(crate) struct Stored {
    argon2: Argon2<'static>,
    blocks: usize,
    salt: Salt,
    hash: Output,
    current: bool,
}

impl Stored {
    /// Reads a PHC string; `None` if it is not Argon2, is incomplete or costs too much. One without a version is of the first,
    /// which had none to say.
    pub(crate) fn parse(phc: &str) -> Option<Self> {
        let phc = PasswordHash::new(phc).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let affordable = params.m_cost() <= MAX_MEMORY
            && params.t_cost() <= MAX_PASSES
            && params.p_cost() <= MAX_LANES;
        if !affordable {
            return None;
        }
        let algorithm = Algorithm::try_from(phc.algorithm.as_str()).ok()?;
        let version = match phc.version {
            Some(version) => Version::try_from(version).ok()?,
            None => Version::V0x10,
        };
        let salt = phc.salt?;
        Some(Self {
            current: algorithm == Algorithm::Argon2id
                && params == CURRENT
                && version == Version::V0x13
                && salt.len() >= SALT_BYTES,
            blocks: params.block_count(),
            argon2: Argon2::new(algorithm, version, params),
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

    /// The cost of the bcrypt that is about as much work; none if it is as much as a new one takes.
    pub(crate) fn cost(&self) -> Option<u32> {
        let params = self.argon2.params();
        let is_usual = (params.m_cost(), params.t_cost()) == (CURRENT.m_cost(), CURRENT.t_cost());
        let work = f64::from(params.m_cost()) * f64::from(params.t_cost());
        (!is_usual).then(|| as_bcrypt(work / KIB_OF_BCRYPT))
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
