//! Tokens that are opaque to clients: a few ids under a MAC, checked before the database is asked. The database stores
//! none of them.

use crate::secret::RootSecret;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The layout below. Another layout gets another number.
const VERSION: u8 = 1;

// version 1 | key 4 | what the token says N | MAC 16
const KEY_ID: usize = 4;
const MAC: usize = 16;

/// Makes and opens the tokens of one kind, each of which says `N` bytes.
pub(crate) struct OpaqueKeys<const N: usize> {
    newest: KeptKey,
    others: Vec<KeptKey>,
}

/// What tokens of one kind are known by that were made with one secret: by it they are opened when that secret is gone.
pub struct KeptKey {
    kid: [u8; KEY_ID],
    key: Zeroizing<[u8; 32]>,
}

impl<const N: usize> OpaqueKeys<N> {
    /// The keys of one `kind` that follow from `root`: that by which tokens are made, and those that open others besides.
    pub(crate) fn new(root: &RootSecret, kind: &str) -> Self {
        let key = |root| KeptKey::new(root, kind);
        Self {
            newest: key(root),
            others: root.others().iter().map(key).collect(),
        }
    }

    /// Those that open tokens and make none.
    pub(crate) fn others(&self) -> &[KeptKey] {
        &self.others
    }

    /// Writes a token; the same input gives the same characters.
    pub(crate) fn issue(&self, said: [u8; N]) -> String {
        let mut token = self.newest.start().to_vec();
        token.extend_from_slice(&said);
        let tag = self.newest.mac(&token).finalize().into_bytes();
        token.extend_from_slice(&tag[..MAC]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// What a token says that these keys have issued; `None` for anything else.
    pub(crate) fn open(&self, token: &str) -> Option<[u8; N]> {
        open(std::iter::once(&self.newest).chain(&self.others), token)
    }
}

/// What a token says that one of these keys has issued; `None` for anything else.
pub(crate) fn open<'a, const N: usize>(
    mut keys: impl Iterator<Item = &'a KeptKey>,
    token: &str,
) -> Option<[u8; N]> {
    // Four characters for three bytes (RFC 4648, section 4): nothing longer is read at all.
    if token.len() != ((1 + KEY_ID + N + MAC) * 4).div_ceil(3) {
        return None;
    }
    let token = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (prefix, tag) = token.split_at_checked(1 + KEY_ID + N)?;
    let key = keys.find(|key| prefix.starts_with(&key.start()))?;
    // Constant time, and before what it says is looked at. Its length is fixed by that of the token.
    key.mac(prefix).verify_truncated_left(tag).ok()?;
    prefix[1 + KEY_ID..].try_into().ok()
}

impl KeptKey {
    fn new(root: &RootSecret, kind: &str) -> Self {
        Self {
            kid: *root.expand(format!("{kind}/kid/v1").as_bytes(), b""),
            key: root.expand(format!("{kind}/key/v1").as_bytes(), b""),
        }
    }

    /// By what it is told from others of its kind: 8 hexadecimal digits.
    pub fn id(&self) -> String {
        hex::encode(self.kid)
    }

    /// All of it, to be kept sealed.
    pub fn to_secret(&self) -> SecretString {
        let both = Zeroizing::new([&self.kid[..], &*self.key].concat());
        URL_SAFE_NO_PAD.encode(&*both).into()
    }

    /// What [`KeptKey::to_secret`] made; `None` for anything else.
    pub fn from_secret(kept: &SecretString) -> Option<Self> {
        let both = URL_SAFE_NO_PAD.decode(kept.expose_secret()).ok()?;
        let both = Zeroizing::new(both);
        let (kid, key) = both.split_first_chunk()?;
        let mut own = Zeroizing::new([0; 32]);
        own.copy_from_slice(key.first_chunk::<32>()?);
        let is_whole = key.len() == own.len();
        is_whole.then_some(Self {
            kid: *kid,
            key: own,
        })
    }

    fn start(&self) -> [u8; 1 + KEY_ID] {
        let [a, b, c, d] = self.kid;
        [VERSION, a, b, c, d]
    }

    fn mac(&self, prefix: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("HMAC takes any key length");
        mac.chain_update(prefix)
    }
}

impl fmt::Debug for KeptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptKey")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// The id that `bytes` begin with, and what follows it.
pub(crate) fn id(bytes: &[u8]) -> Option<(Uuid, &[u8])> {
    let (id, rest) = bytes.split_first_chunk()?;
    Some((Uuid::from_bytes(*id), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::{root, roots};
    use proptest::prelude::*;

    fn keys() -> OpaqueKeys<32> {
        OpaqueKeys::new(&root(1), "test-token")
    }

    #[test]
    fn opens_what_it_issued_and_only_that() {
        for said in [[0; 32], [7; 32], [255; 32]] {
            let token = keys().issue(said);
            assert_eq!(keys().open(&token), Some(said));
            for (root, kind) in [(root(2), "test-token"), (root(1), "other-token")] {
                assert_eq!(OpaqueKeys::<32>::new(&root, kind).open(&token), None);
            }
            let longer = OpaqueKeys::<33>::new(&root(1), "test-token");
            assert_eq!(longer.open(&token), None);
            let short = token[1..].to_owned();
            for other in [
                format!("{token}="),
                format!(" {token}"),
                short,
                String::new(),
            ] {
                assert_eq!(keys().open(&other), None, "{other}");
            }
        }
    }

    #[test]
    fn a_genuine_mac_on_another_version_or_key_is_refused() {
        for position in 0..=KEY_ID {
            let mut token = [&keys().newest.start()[..], &[7; 32]].concat();
            token[position] ^= 1;
            let tag = keys().newest.mac(&token).finalize().into_bytes();
            token.extend_from_slice(&tag[..MAC]);
            assert_eq!(keys().open(&URL_SAFE_NO_PAD.encode(token)), None);
        }
    }

    #[test]
    fn what_others_issued_is_opened_and_never_issued() {
        let both = OpaqueKeys::<32>::new(&roots(2, &[3, 1]), "test-token");
        let old = keys().issue([7; 32]);
        assert_eq!(both.open(&old), Some([7; 32]));
        let new = both.issue([7; 32]);
        assert_ne!(old, new);
        assert_eq!(keys().open(&new), None);
        // What is kept of a key opens what the key has issued, without its secret.
        let kept: Vec<_> = both.others().iter().map(KeptKey::to_secret).collect();
        let kept: Vec<_> = kept
            .iter()
            .map(|kept| KeptKey::from_secret(kept).unwrap())
            .collect();
        assert_eq!(open(kept.iter(), &old), Some([7; 32]));
        assert_eq!(open::<32>(kept.iter(), &new), None);
        for other in [
            "",
            "AAAA",
            &"A".repeat(47),
            &"A".repeat(49),
            &"A".repeat(52),
        ] {
            assert!(KeptKey::from_secret(&other.into()).is_none(), "{other}");
        }
        assert_eq!(
            format!("{:?}", kept[1]),
            format!("KeptKey {{ id: \"{}\", .. }}", kept[1].id())
        );
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_refused(said: [u8; 32], byte in 0..53_usize, bit in 0..8) {
            let mut token = URL_SAFE_NO_PAD.decode(keys().issue(said)).unwrap();
            token[byte] ^= 1u8 << bit;
            prop_assert_eq!(keys().open(&URL_SAFE_NO_PAD.encode(token)), None);
        }

        #[test]
        fn any_changed_character_is_refused(at in 0..71_usize, with in "[A-Za-z0-9_=+/ -]") {
            let mut token = keys().issue([7; 32]);
            prop_assume!(token[at..=at] != with);
            token.replace_range(at..=at, &with);
            prop_assert_eq!(keys().open(&token), None);
        }

        #[test]
        fn arbitrary_strings_are_refused(text in ".*", sized in "[A-Za-z0-9_-]{71}") {
            prop_assert_eq!(keys().open(&text), None);
            prop_assert_eq!(keys().open(&sized), None);
        }
    }
}
