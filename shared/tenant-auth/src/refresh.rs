//! Refresh tokens: opaque to clients, checked before the database is asked.

use crate::secret::RootSecret;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The layout below. Another layout gets another number.
const VERSION: u8 = 1;

// version 1 | key 4 | tenant 16 | session 16 | generation 8 (big endian) | MAC 16
const PREFIX: usize = 45;
const TOTAL: usize = 61;

/// Characters in a token.
const CHARS: usize = 82;

/// What a refresh token says. Only [`RefreshKeys::open`] makes one.
///
/// ```
/// fn tenant(claim: &tenant_auth::RefreshClaim) -> uuid::Uuid { claim.tenant_id() }
/// ```
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::RefreshClaim {
///     tenant_auth::RefreshClaim { tenant_id: id, session_id: id, generation: 0 } // private
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshClaim {
    tenant_id: Uuid,
    session_id: Uuid,
    generation: i64,
}

impl RefreshClaim {
    /// The tenant of the login.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The login.
    pub fn session_id(&self) -> Uuid {
        self.session_id
    }

    /// How many refreshes the login had seen when this token was made. An old number means a token used
    /// twice, which is how theft shows (RFC 9700 section 4.14.2).
    pub fn generation(&self) -> i64 {
        self.generation
    }
}

/// Makes and opens refresh tokens.
pub struct RefreshKeys {
    kid: [u8; 4],
    key: Zeroizing<[u8; 32]>,
}

impl RefreshKeys {
    /// The keys that follow from `root`.
    pub fn new(root: &RootSecret) -> Self {
        Self {
            kid: *root.expand(b"refresh-token/kid/v1", b""),
            key: root.expand(b"refresh-token/key/v1", b""),
        }
    }

    /// Writes the token of one generation of a session; the same input gives the same 82 characters.
    pub fn issue(&self, tenant_id: Uuid, session_id: Uuid, generation: i64) -> String {
        let mut token = Vec::with_capacity(TOTAL);
        token.push(VERSION);
        token.extend_from_slice(&self.kid);
        token.extend_from_slice(tenant_id.as_bytes());
        token.extend_from_slice(session_id.as_bytes());
        token.extend_from_slice(&generation.to_be_bytes());
        let tag = self.mac(&token).finalize().into_bytes();
        token.extend_from_slice(&tag[..TOTAL - PREFIX]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Reads a token that these keys have issued; `None` for anything else.
    ///
    /// A claim says that we issued the token, not that its session still lives.
    pub fn open(&self, token: &str) -> Option<RefreshClaim> {
        if token.len() != CHARS {
            return None;
        }
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (prefix, tag) = token.split_at_checked(PREFIX)?;
        // Constant time, and before anything else is looked at. Its length is fixed by CHARS.
        self.mac(prefix).verify_truncated_left(tag).ok()?;
        let (version, rest) = prefix.split_first()?;
        let (kid, rest) = rest.split_first_chunk::<4>()?;
        let (tenant_id, rest) = rest.split_first_chunk()?;
        let (session_id, generation) = rest.split_first_chunk()?;
        (*version == VERSION && *kid == self.kid).then_some(RefreshClaim {
            tenant_id: Uuid::from_bytes(*tenant_id),
            session_id: Uuid::from_bytes(*session_id),
            generation: i64::from_be_bytes(generation.try_into().ok()?),
        })
    }

    fn mac(&self, prefix: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("HMAC takes any key length");
        mac.chain_update(prefix)
    }
}

impl fmt::Debug for RefreshKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshKeys([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::root;
    use proptest::prelude::*;

    const TENANT: Uuid = Uuid::from_u128(0x11);
    const SESSION: Uuid = Uuid::from_u128(0x22);

    #[test]
    fn opens_what_it_issued_and_only_that() {
        let keys = RefreshKeys::new(&root(1));
        for generation in [0, 1, i64::MAX, -1] {
            let token = keys.issue(TENANT, SESSION, generation);
            assert_eq!(token.len(), CHARS);
            let claim = keys.open(&token).unwrap();
            assert_eq!(
                (claim.tenant_id(), claim.session_id(), claim.generation()),
                (TENANT, SESSION, generation)
            );
            assert_eq!(RefreshKeys::new(&root(2)).open(&token), None);
            for other in [
                format!("{token}="),
                format!(" {token}"),
                token[..81].to_owned(),
                String::new(),
            ] {
                assert_eq!(keys.open(&other), None, "{other}");
            }
        }
    }

    #[test]
    fn a_genuine_mac_on_another_version_or_key_is_refused() {
        let keys = RefreshKeys::new(&root(1));
        let genuine = URL_SAFE_NO_PAD
            .decode(keys.issue(TENANT, SESSION, 1))
            .unwrap();
        for position in 0..5 {
            let mut token = genuine[..PREFIX].to_vec();
            token[position] ^= 1;
            let tag = keys.mac(&token).finalize().into_bytes();
            token.extend_from_slice(&tag[..16]);
            assert_eq!(keys.open(&URL_SAFE_NO_PAD.encode(token)), None);
        }
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_refused(generation: i64, byte in 0..TOTAL, bit in 0..8) {
            let keys = RefreshKeys::new(&root(1));
            let mut token = URL_SAFE_NO_PAD.decode(keys.issue(TENANT, SESSION, generation)).unwrap();
            token[byte] ^= 1u8 << bit;
            prop_assert_eq!(keys.open(&URL_SAFE_NO_PAD.encode(token)), None);
        }

        #[test]
        fn any_changed_character_is_refused(at in 0..CHARS, with in "[A-Za-z0-9_=+/ -]") {
            let keys = RefreshKeys::new(&root(1));
            let mut token = keys.issue(TENANT, SESSION, 7);
            prop_assume!(token[at..=at] != with);
            token.replace_range(at..=at, &with);
            prop_assert_eq!(keys.open(&token), None);
        }

        #[test]
        fn arbitrary_strings_are_refused(text in ".*", sized in "[A-Za-z0-9_-]{82}") {
            let keys = RefreshKeys::new(&root(1));
            prop_assert_eq!(keys.open(&text), None);
            prop_assert_eq!(keys.open(&sized), None);
        }
    }
}
