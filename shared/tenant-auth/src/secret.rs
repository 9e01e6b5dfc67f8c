//! The root secret and the keys derived from it, each under its own label.

use crate::weak::{WeakSecret, check_secret};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Separates our derivations from another program's that was given the same secret.
const SALT: &[u8] = b"parlance/secret-key/v1";

/// `SECRET_KEY`, reduced to a 256-bit key that derives the others (HKDF-SHA256, RFC 5869).
///
/// Knowing a derived key tells nothing about the root or the other derived keys.
///
/// What is made follows from this secret alone. What is opened and known again may follow from others, too, while one takes
/// the place of another.
pub struct RootSecret {
    prk: Zeroizing<[u8; 32]>,
    others: Vec<RootSecret>,
}

impl RootSecret {
    /// Takes the secret if it is strong enough.
    ///
    /// # Errors
    /// [`WeakSecret`] says what to change.
    pub fn new(secret: &SecretString) -> Result<Self, WeakSecret> {
        let secret = secret.expose_secret();
        check_secret(secret)?;
        let (mut extracted, _) = Hkdf::<Sha256>::extract(Some(SALT), secret.as_bytes());
        let mut prk = Zeroizing::new([0; 32]);
        prk.copy_from_slice(&extracted);
        extracted.as_mut_slice().zeroize();
        let others = Vec::new();
        Ok(Self { prk, others })
    }

    /// Also opens and knows again what was made with `secret`: the one before this, or the next.
    ///
    /// # Errors
    /// [`WeakSecret`] says what to change.
    pub fn accept(&mut self, secret: &SecretString) -> Result<(), WeakSecret> {
        self.others.push(Self::new(secret)?);
        Ok(())
    }

    /// Those that are accepted besides.
    pub(crate) fn others(&self) -> &[RootSecret] {
        &self.others
    }

    /// This secret, and those that are accepted besides.
    pub(crate) fn all(&self) -> impl Iterator<Item = &RootSecret> {
        std::iter::once(self).chain(&self.others)
    }

    /// The password of a Postgres role: 43 URL-safe characters carrying 256 bits.
    ///
    /// The same root and role give the same password, so no role password is ever configured or stored.
    pub fn role_password(&self, role: &str) -> SecretString {
        let bytes = self.expand::<32>(b"role-password/v1", role.as_bytes());
        URL_SAFE_NO_PAD.encode(*bytes).into()
    }

    /// The passwords that the role may have while one secret takes the place of another; first the one that it should.
    pub fn role_passwords(&self, role: &str) -> Vec<SecretString> {
        self.all().map(|root| root.role_password(role)).collect()
    }

    /// What Postgres stores of that password: a SCRAM-SHA-256 verifier (RFC 5802, RFC 7677).
    ///
    /// Its salt follows from root and role as well. A pooler logs in with what it kept of the last verifier; a
    /// random salt would lock it out whenever the same password is set again.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn role_verifier(&self, role: &str) -> String {
        const ROUNDS: u32 = 4096;
        let password = self.role_password(role);
        let salt = self.expand::<16>(b"role-salt/v1", role.as_bytes());
        let mut salted = Zeroizing::new([0; 32]);
        let password = password.expose_secret().as_bytes();
        pbkdf2::pbkdf2_hmac::<Sha256>(password, &*salt, ROUNDS, &mut *salted);
        let key = |name: &[u8]| {
            let mac = Hmac::<Sha256>::new_from_slice(&*salted).expect("HMAC takes any key length");
            mac.chain_update(name).finalize().into_bytes()
        };
        let salt = STANDARD.encode(*salt);
        let stored = STANDARD.encode(Sha256::digest(key(b"Client Key")));
        let server = STANDARD.encode(key(b"Server Key"));
        format!("SCRAM-SHA-256${ROUNDS}:{salt}${stored}:{server}")
    }

    /// Authenticates a pagination cursor: HMAC-SHA256 (RFC 2104) cut to 128 bits.
    ///
    /// `context` says what the cursor is for (list, tenant); a cursor made for one context does not fit
    /// another.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn cursor_mac(&self, context: &[u8], data: &[u8]) -> [u8; 16] {
        let tag = self.mac(b"cursor/v1", context, data);
        let mut short = [0; 16];
        short.copy_from_slice(&tag[..16]);
        short
    }

    /// Whether [`RootSecret::cursor_mac`] has made `mac`. It guards no secret, only against a cursor put together by hand.
    pub fn is_cursor_mac(&self, context: &[u8], data: &[u8], mac: &[u8]) -> bool {
        self.all().any(|root| root.cursor_mac(context, data) == mac)
    }

    /// What tells a request from others: HMAC-SHA256 (RFC 2104) of where it was sent to and its body. Without the root,
    /// nobody who reads it can try bodies against it: some hold a password.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn request_mac(&self, path: &[u8], body: &[u8]) -> [u8; 32] {
        self.mac(b"request/v1", path, body)
    }

    /// What the others made of the same request. To none of these roots a repeat looks like another request, and is refused.
    pub fn other_request_macs(&self, path: &[u8], body: &[u8]) -> Vec<[u8; 32]> {
        let others = self.others.iter();
        others.map(|root| root.request_mac(path, body)).collect()
    }

    fn mac(&self, label: &[u8], context: &[u8], data: &[u8]) -> [u8; 32] {
        let key = self.expand::<32>(label, b"");
        let mac = Hmac::<Sha256>::new_from_slice(&*key).expect("HMAC takes any key length");
        // The length in front keeps (ab, c) apart from (a, bc).
        let length = (context.len() as u64).to_be_bytes();
        mac.chain_update(length)
            .chain_update(context)
            .chain_update(data)
            .finalize()
            .into_bytes()
            .into()
    }

    /// `N` bytes for one purpose. Labels hold no zero byte, so the one after it keeps label and data apart.
    pub(crate) fn expand<const N: usize>(&self, label: &[u8], data: &[u8]) -> Zeroizing<[u8; N]> {
        expand(&self.prk, &[label, &[0], data])
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootSecret([REDACTED])")
    }
}

/// HKDF-Expand from a 256-bit key (RFC 5869 section 2.3).
pub(crate) fn expand<const N: usize>(key: &[u8; 32], info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let hkdf = Hkdf::<Sha256>::from_prk(key).expect("32 bytes are enough for SHA-256");
    let mut output = Zeroizing::new([0; N]);
    hkdf.expand_multi_info(info, &mut *output)
        .expect("no key here is longer than 8160 bytes");
    output
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A root that differs for every `seed`.
    pub(crate) fn root(seed: u8) -> RootSecret {
        RootSecret::new(&secret(seed)).unwrap()
    }

    /// As [`root`], where others are accepted.
    pub(crate) fn roots(seed: u8, others: &[u8]) -> RootSecret {
        let mut root = root(seed);
        for other in others {
            root.accept(&secret(*other)).unwrap();
        }
        root
    }

    fn secret(seed: u8) -> SecretString {
        format!("{seed:03}-q7Rk2vXw9LmZ4bTn8YcF3hJd6GpS5aQe").into()
    }

    #[test]
    fn what_others_made_is_known_again_and_never_made() {
        let both = roots(2, &[3, 1]);
        let passwords = both.role_passwords("parlance_app");
        let passwords: Vec<&str> = passwords.iter().map(ExposeSecret::expose_secret).collect();
        let own = [2, 3, 1].map(|seed| root(seed).role_password("parlance_app"));
        assert_eq!(passwords, own.each_ref().map(ExposeSecret::expose_secret));
        assert_eq!(
            both.cursor_mac(b"ab", b"c"),
            root(2).cursor_mac(b"ab", b"c")
        );
        for seed in [1, 2, 3] {
            let mac = root(seed).cursor_mac(b"ab", b"c");
            assert!(both.is_cursor_mac(b"ab", b"c", &mac));
            assert!(!both.is_cursor_mac(b"ab", b"d", &mac));
        }
        assert!(!both.is_cursor_mac(b"ab", b"c", &root(4).cursor_mac(b"ab", b"c")));
        assert!(!both.is_cursor_mac(b"ab", b"c", b""));
        assert_eq!(
            both.other_request_macs(b"/ab", b"c"),
            [3, 1].map(|seed| root(seed).request_mac(b"/ab", b"c"))
        );
    }

    #[test]
    fn role_passwords_are_stable_distinct_and_url_safe() {
        let password = root(1).role_password("parlance_app");
        let text = password.expose_secret();
        assert_eq!(text.len(), 43);
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_eq!(text, root(1).role_password("parlance_app").expose_secret());
        assert_ne!(
            text,
            root(1).role_password("parlance_platform").expose_secret()
        );
        assert_ne!(text, root(2).role_password("parlance_app").expose_secret());
    }

    // Fixed values: a change here locks every deployment out of its database and its sealed keys.
    #[test]
    fn derivations_do_not_drift() {
        let password = root(1).role_password("parlance_app");
        assert_eq!(
            password.expose_secret(),
            "WC9DKDMtEImd_H0c1r3yIvWSgZtYFXOkCfQRksr16Ic"
        );
        assert_eq!(crate::Sealer::new(&root(1)).key_id(), "9f7d03c8");
    }

    #[test]
    fn role_verifiers_are_stable_and_distinct() {
        let verifier = root(1).role_verifier("parlance_app");
        assert_eq!(verifier, root(1).role_verifier("parlance_app"));
        assert_ne!(verifier, root(1).role_verifier("parlance_platform"));
        assert_ne!(verifier, root(2).role_verifier("parlance_app"));
    }

    #[test]
    fn cursor_macs_depend_on_root_context_and_data() {
        let mac = root(1).cursor_mac(b"ab", b"c");
        assert_eq!(mac, root(1).cursor_mac(b"ab", b"c"));
        assert_ne!(mac, root(1).cursor_mac(b"a", b"bc"));
        assert_ne!(mac, root(1).cursor_mac(b"ab", b"d"));
        assert_ne!(mac, root(2).cursor_mac(b"ab", b"c"));
    }

    #[test]
    fn request_macs_depend_on_root_path_and_body() {
        let mac = root(1).request_mac(b"/ab", b"c");
        assert_eq!(mac, root(1).request_mac(b"/ab", b"c"));
        assert_ne!(mac, root(1).request_mac(b"/a", b"bc"));
        assert_ne!(mac, root(1).request_mac(b"/ab", b"d"));
        assert_ne!(mac, root(2).request_mac(b"/ab", b"c"));
        assert_ne!(mac[..16], root(1).cursor_mac(b"/ab", b"c"));
    }

    #[test]
    fn debug_is_redacted_and_weak_roots_are_refused() {
        assert_eq!(format!("{:?}", root(1)), "RootSecret([REDACTED])");
        assert_eq!(
            RootSecret::new(&"changeme".into()).unwrap_err(),
            WeakSecret::Sample
        );
    }
}
