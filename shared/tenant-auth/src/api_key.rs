//! API keys: with which servers act in a tenant.

use crate::{
    opaque::{self, KeptKey, OpaqueKeys},
    random,
    secret::RootSecret,
    shown::hint,
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// How every key begins, so that people and scanners for secrets know one.
const PREFIX: &str = "pk_live_";

/// What an API key says. Only [`ApiKeys::open`] makes one.
///
/// ```
/// fn tenant(claim: &tenant_auth::ApiKeyClaim) -> uuid::Uuid { claim.tenant_id() }
/// ```
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::ApiKeyClaim {
///     tenant_auth::ApiKeyClaim { tenant_id: id, key_id: id, hash: [0; 32] } // private
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyClaim {
    tenant_id: Uuid,
    key_id: Uuid,
    hash: [u8; 32],
}

impl ApiKeyClaim {
    /// The tenant that it acts in.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The key's id.
    pub fn key_id(&self) -> Uuid {
        self.key_id
    }

    /// SHA-256 of the key, which is what is stored of it.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// A key that was just made.
#[derive(Debug)]
pub struct NewApiKey {
    /// The key itself, of which nothing remembers more than what follows.
    pub key: SecretString,
    /// Its SHA-256: it holds too much chance to be guessed from that.
    pub hash: [u8; 32],
    /// What people may see of it, to tell it from others.
    pub hint: String,
}

/// Makes and opens API keys.
// tenant 16 | key 16 | chance 16
pub struct ApiKeys(OpaqueKeys<48>);

impl ApiKeys {
    /// The keys that follow from `root`.
    pub fn new(root: &RootSecret) -> Self {
        Self(OpaqueKeys::new(root, "api-key"))
    }

    /// Makes a key of a tenant: 100 characters, others each time.
    ///
    /// # Panics
    /// The operating system has no randomness to give.
    pub fn make(&self, tenant_id: Uuid, key_id: Uuid) -> NewApiKey {
        let mut said = [0; 48];
        said[..16].copy_from_slice(tenant_id.as_bytes());
        said[16..32].copy_from_slice(key_id.as_bytes());
        said[32..].copy_from_slice(&random::bytes::<16>());
        let key = format!("{PREFIX}{}", self.0.issue(said));
        NewApiKey {
            hash: hash(&key),
            hint: hint(PREFIX, &key),
            key: key.into(),
        }
    }

    /// Whether a token is meant to be an API key.
    pub fn is_meant(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    /// Reads a key that these have made; `None` for anything else.
    ///
    /// A claim says that we made the key, not that it is still good.
    pub fn open(&self, key: &str) -> Option<ApiKeyClaim> {
        claim(key, self.0.open(key.strip_prefix(PREFIX)?)?)
    }

    /// As [`ApiKeys::open`], for a key that was made with a secret of which this is kept.
    pub fn open_kept(kept: &[KeptKey], key: &str) -> Option<ApiKeyClaim> {
        claim(key, opaque::open(kept.iter(), key.strip_prefix(PREFIX)?)?)
    }

    /// What is to be kept of other secrets, so that keys made with them stay good without these.
    pub fn to_keep(&self) -> &[KeptKey] {
        self.0.others()
    }
}

fn claim(key: &str, said: [u8; 48]) -> Option<ApiKeyClaim> {
    let (tenant_id, rest) = opaque::id(&said)?;
    let (key_id, _) = opaque::id(rest)?;
    Some(ApiKeyClaim {
        tenant_id,
        key_id,
        hash: hash(key),
    })
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeys([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InvitationKeys, secret::tests::root};
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    const TENANT: Uuid = Uuid::from_u128(0x11);
    const KEY: Uuid = Uuid::from_u128(0x22);

    fn made() -> (ApiKeys, NewApiKey) {
        let keys = ApiKeys::new(&root(1));
        let new = keys.make(TENANT, KEY);
        (keys, new)
    }

    #[test]
    fn opens_what_it_made_and_only_that() {
        let (keys, new) = made();
        let key = new.key.expose_secret();
        assert!(key.starts_with("pk_live_") && key.len() == 100, "{key}");
        assert!(ApiKeys::is_meant(key));
        let claim = keys.open(key).unwrap();
        assert_eq!((claim.tenant_id(), claim.key_id()), (TENANT, KEY));
        assert_eq!(*claim.hash(), new.hash);
        assert_eq!(ApiKeys::new(&root(2)).open(key), None);
        let bare = key.strip_prefix(PREFIX).unwrap();
        for other in [
            bare,
            "",
            PREFIX,
            "pk_live_x",
            &key[..99],
            &format!("{key}A"),
        ] {
            assert_eq!(keys.open(other), None, "{other}");
        }
        let invitation = InvitationKeys::new(&root(1)).issue(TENANT, KEY);
        assert_eq!(keys.open(&format!("{PREFIX}{invitation}")), None);
    }

    #[test]
    fn two_keys_are_never_the_same() {
        let (keys, new) = made();
        let other = keys.make(TENANT, KEY);
        assert_ne!(new.hash, other.hash);
        assert_ne!(new.key.expose_secret(), other.key.expose_secret());
    }

    #[test]
    fn little_of_a_key_is_shown() {
        let (keys, new) = made();
        let key = new.key.expose_secret();
        assert_eq!(new.hint, format!("pk_live_...{}", &key[96..]));
        let printed = format!("{new:?} {keys:?} {:?}", keys.open(key));
        assert!(!printed.contains(&key[8..20]), "{printed}");
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(at in 0..100_usize, with in "[A-Za-z0-9_=+/ -]") {
            let (keys, new) = made();
            let mut key = new.key.expose_secret().to_owned();
            prop_assume!(key[at..=at] != with);
            key.replace_range(at..=at, &with);
            prop_assert_eq!(keys.open(&key), None);
        }

        #[test]
        fn arbitrary_strings_are_refused(text in ".*", sized in "pk_live_[A-Za-z0-9_-]{92}") {
            let keys = ApiKeys::new(&root(1));
            prop_assert_eq!(keys.open(&text), None);
            prop_assert_eq!(keys.open(&sized), None);
        }
    }
}
