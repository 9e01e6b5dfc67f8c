//! Which passwords are accepted, and passwords made for people.

use crate::{
    blocklist::{PasswordOwner, is_blocked},
    random,
};
use secrecy::SecretString;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;

/// Longest password, in characters. Enough for any passphrase (NIST SP 800-63B asks for 64 or more).
pub const MAX_PASSWORD_CHARS: usize = 128;

/// Longest password that is tried at all: services before this one had no bound.
const MAX_TYPED_CHARS: usize = 1024;

/// Without 0, 1, l and o, so that a password can be read out. 32 letters make five bits each.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

const GENERATED_CHARS: usize = 24;

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too few characters.
    #[error("the password must have at least {min} characters")]
    TooShort {
        /// The fewest characters accepted.
        min: usize,
    },
    /// Too many characters.
    #[error("the password must have at most {max} characters")]
    TooLong {
        /// The most characters accepted.
        max: usize,
    },
    /// Has a zero character, which some clients cut a password at.
    #[error("the password must not contain a NUL character; type it again")]
    Nul,
    /// Among the first that are tried: widely used, a pattern, or made of what is known of the user.
    #[error(
        "the password is easy to guess: many people use it, or it is little more than a pattern or the names of the user, \
         the tenant or this service; take four words that have nothing to do with each other"
    )]
    Blocked,
}

/// Accepts a new password of `min_len` to [`MAX_PASSWORD_CHARS`] characters that is not among the first to be tried for
/// its owner.
///
/// Characters are Unicode scalar values, of any kind, in the form that is hashed; no mixture is demanded and nothing is
/// cut (OWASP ASVS 5.0 section 6.2, NIST SP 800-63B section 3.1.1).
///
/// # Errors
/// [`PasswordFault`] says what to change.
pub fn check_new_password(
    password: &str,
    min_len: usize,
    owner: &PasswordOwner<'_>,
) -> Result<(), PasswordFault> {
    check_form(password, 1)?;
    let password = normal(password);
    check_form(&password, min_len)?;
    if is_blocked(&password, owner) {
        return Err(PasswordFault::Blocked);
    }
    Ok(())
}

/// Length and characters: what decides whether a password can be used at all.
pub(crate) fn check_form(password: &str, min_len: usize) -> Result<(), PasswordFault> {
    let chars = password.chars().count();
    if chars < min_len {
        return Err(PasswordFault::TooShort { min: min_len });
    }
    if !is_short_enough(password) {
        return Err(PasswordFault::TooLong {
            max: MAX_PASSWORD_CHARS,
        });
    }
    if password.contains('\0') {
        return Err(PasswordFault::Nul);
    }
    Ok(())
}

/// A password in the form that is hashed, whichever its keyboard makes of an accented letter (NFC, RFC 8265).
pub(crate) fn normal(password: &str) -> Zeroizing<String> {
    // Large enough from the start: growing would leave pieces of the password behind.
    let mut normal = Zeroizing::new(String::with_capacity(3 * password.len()));
    match is_nfc(password) {
        true => normal.push_str(password),
        false => normal.extend(password.nfc()),
    }
    normal
}

/// Whether a password has at most [`MAX_PASSWORD_CHARS`] characters; counts no further than needed.
pub(crate) fn is_short_enough(password: &str) -> bool {
    password.chars().nth(MAX_PASSWORD_CHARS).is_none()
}

/// Whether a password may be one that was set somewhere; counts no further than needed.
pub(crate) fn can_be_typed(password: &str) -> bool {
    password.chars().nth(MAX_TYPED_CHARS).is_none()
}

/// A password of 24 easily told characters, with 120 bits from the operating system.
///
/// # Panics
/// The operating system gives no random bytes.
pub fn generate_password() -> SecretString {
    let bytes = Zeroizing::new(random::bytes::<GENERATED_CHARS>());
    // 32 divides 256, so every character is equally likely.
    let mut password = String::with_capacity(GENERATED_CHARS);
    password.extend(
        bytes
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)])),
    );
    password.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::collections::HashSet;

    #[test]
    fn length_is_counted_in_characters() {
        let too_short = Err(PasswordFault::TooShort { min: 12 });
        let too_long = Err(PasswordFault::TooLong { max: 128 });
        assert_eq!(check_form("", 12), too_short);
        assert_eq!(check_form(&"é".repeat(11), 12), too_short);
        assert_eq!(check_form(&"🦀".repeat(12), 12), Ok(()));
        assert_eq!(check_form(&"🦀".repeat(128), 12), Ok(()));
        assert_eq!(check_form(&"a".repeat(129), 12), too_long);
    }

    #[test]
    fn any_composition_will_do_except_nul() {
        for password in [
            "aaaaaaaaaaaa",
            "            ",
            "correct horse battery",
            "пароль-пароль",
        ] {
            assert_eq!(check_form(password, 12), Ok(()), "{password}");
        }
        assert_eq!(check_form("correct\0horse", 12), Err(PasswordFault::Nul));
    }

    #[test]
    fn generated_passwords_are_long_readable_and_different() {
        let passwords: HashSet<String> = (0..1000)
            .map(|_| generate_password().expose_secret().to_owned())
            .collect();
        assert_eq!(passwords.len(), 1000);
        for password in &passwords {
            assert_eq!(password.len(), 24);
            assert!(!password.contains(['0', '1', 'l', 'o', 'O', 'I']));
            let owner = PasswordOwner::default();
            assert_eq!(check_new_password(password, 15, &owner), Ok(()));
        }
        let used: HashSet<char> = passwords
            .iter()
            .flat_map(|password| password.chars())
            .collect();
        assert_eq!(used.len(), 32);
    }
}
