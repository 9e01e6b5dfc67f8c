//! One password against what is stored: always the same work, whatever that is.

use super::{Authenticated, Memory, StoredPassword};
use crate::{
    argon::Stored,
    bcrypt::{Bcrypt, USUAL_COST},
    password::{can_be_typed, normal},
    pbkdf2_sha256::Pbkdf2,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

/// What a password is tried against.
#[derive(Debug, Default)]
pub struct Attempt {
    /// The accounts that it may belong to.
    pub stored: Vec<StoredPassword>,
    /// How many accounts there might have been: what is missing is made up for with work that comes to nothing.
    pub tries: usize,
    /// The cost of the costliest bcrypt hash that anybody has. A failure takes as long as one of them does.
    pub bcrypt_cost: Option<u32>,
}

impl Attempt {
    /// For an account that is known, by its owner.
    pub fn at(stored: StoredPassword) -> Self {
        Self {
            stored: vec![stored],
            tries: 1,
            bcrypt_cost: None,
        }
    }
}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Whose password it is; more than one if they have the same.
    pub matching: Vec<Authenticated>,
    /// Tenant and id of the users whose stored hash is of no kind that is known, is damaged or asks for more work than is
    /// allowed: they need a new password.
    pub unusable: Vec<(Uuid, Uuid)>,
}

/// Whether a password can be checked against what is stored.
pub fn can_check(stored: &str) -> bool {
    Hash::parse(stored).is_some()
}

/// Whether what is stored was made otherwise than new hashes are.
pub fn needs_rehash(stored: &str) -> bool {
    Hash::parse(stored).is_none_or(|hash| !hash.is_current())
}

/// A stored hash of any kind.
enum Hash {
    Argon2(Box<Stored>),
    Bcrypt(Bcrypt),
    Pbkdf2(Pbkdf2),
}

impl Hash {
    fn parse(text: &str) -> Option<Self> {
        let bcrypt = || Bcrypt::parse(text).map(Self::Bcrypt);
        let argon2 = Stored::parse(text).map(Box::new);
        let pbkdf2 = || Pbkdf2::parse(text).map(Self::Pbkdf2);
        argon2.map(Self::Argon2).or_else(bcrypt).or_else(pbkdf2)
    }

    /// Whether it was made as new ones are.
    fn is_current(&self) -> bool {
        matches!(self, Self::Argon2(hash) if hash.is_current())
    }

    /// The cost of the bcrypt that is about as much work; none of what takes as much as new ones do.
    fn cost(&self) -> Option<u32> {
        match self {
            Self::Argon2(hash) => hash.cost(),
            Self::Bcrypt(hash) => Some(hash.cost()),
            Self::Pbkdf2(hash) => Some(hash.cost()),
        }
    }
}

impl Attempt {
    /// Whether it takes so long that others must not wait for it.
    pub(super) fn is_slow(&self) -> bool {
        let known = self.stored.iter();
        let mut known = known.filter_map(|stored| Hash::parse(stored.phc.expose_secret()));
        known.any(|hash| hash.cost().is_some_and(|cost| cost > USUAL_COST))
    }

    /// Tries `password`, in the form that new hashes are made of, and if that is nobody's as it was typed, which is what
    /// older hashes were made of.
    pub(super) fn run(
        mut self,
        memory: &mut Memory,
        dummy: &Stored,
        password: &SecretString,
    ) -> Checked {
        let mut typed = password.expose_secret();
        if !can_be_typed(typed) {
            // Nobody's, and costs no more than any other.
            (typed, self.stored) = ("", Vec::new());
        }
        let mut checked = Checked::default();
        let mut known = Vec::new();
        for stored in &self.stored {
            let who = (stored.tenant_id, stored.user_id);
            match Hash::parse(stored.phc.expose_secret()) {
                Some(hash) => known.push((who, hash)),
                None => checked.unusable.push(who),
            }
        }
        let normal = normal(typed);
        checked.matching = self.round(memory, dummy, &known, &normal, false);
        if checked.matching.is_empty() && *normal != *typed {
            checked.matching = self.round(memory, dummy, &known, typed, true);
        }
        checked
    }

    fn round(
        &self,
        memory: &mut Memory,
        dummy: &Stored,
        known: &[((Uuid, Uuid), Hash)],
        password: &str,
        is_old_form: bool,
    ) -> Vec<Authenticated> {
        let password = password.as_bytes();
        let mut matching = Vec::new();
        for ((tenant_id, user_id), hash) in known {
            let matches = match hash {
                // An error is a hash that no password has.
                Hash::Argon2(hash) => memory.matches(hash, password).unwrap_or(false),
                Hash::Bcrypt(hash) => memory.matches_bcrypt(hash, password),
                Hash::Pbkdf2(hash) => memory.matches_pbkdf2(hash, password),
            };
            if matches {
                matching.push(Authenticated {
                    tenant_id: *tenant_id,
                    user_id: *user_id,
                    needs_rehash: is_old_form || !hash.is_current(),
                });
            }
        }
        // With several tries it must not even show after a success whether there was another account.
        if matching.is_empty() || self.tries > 1 {
            self.make_up(memory, dummy, known, password);
        }
        matching
    }

    /// The work that other accounts would have been: for each try both algorithms, bcrypt at the highest cost.
    fn make_up(
        &self,
        memory: &mut Memory,
        dummy: &Stored,
        known: &[((Uuid, Uuid), Hash)],
        password: &[u8],
    ) {
        let bcrypt: Vec<u32> = known.iter().filter_map(|(_, hash)| hash.cost()).collect();
        for _ in known.len() - bcrypt.len()..self.tries {
            memory.matches(dummy, password).unwrap_or_default();
        }
        let Some(highest) = self.bcrypt_cost else {
            return;
        };
        // Each is twice the work of the one below: from a cost up to below another they add up to the difference.
        let rest = bcrypt.iter().flat_map(|cost| *cost..highest);
        let whole = (bcrypt.len()..self.tries).map(|_| highest);
        for hash in rest.chain(whole).filter_map(Bcrypt::dummy) {
            memory.matches_bcrypt(&hash, password);
        }
    }
}
