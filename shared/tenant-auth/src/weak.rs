//! Refusal of secrets that are empty, short, copied from an example or barely varied.

use std::collections::HashSet;
use zeroize::Zeroizing;

/// Fewest bytes in a secret: the output of SHA-256, as RFC 7518 section 3.2 asks of an HS256 key.
const MIN_BYTES: usize = 32;

/// Fewest different bytes. 32 random bytes, even written in hexadecimal, show more than this.
const MIN_DISTINCT: usize = 8;

/// What examples, tutorials and templates put where a secret belongs.
const PLACEHOLDERS: [&str; 11] = [
    // The key printed in FastAPI's security tutorial.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "changeme",
    "changethis",
    "changeit",
    "example",
    "insecure",
    "password",
    "placeholder",
    "replaceme",
    "secret",
    "yourkey",
];

/// What they put around it.
const FILLERS: [&str; 26] = [
    "application",
    "change",
    "character",
    "default",
    "development",
    "production",
    "testing",
    "string",
    "please",
    "random",
    "strong",
    "least",
    "super",
    "token",
    "value",
    "bytes",
    "bits",
    "here",
    "long",
    "must",
    "test",
    "this",
    "your",
    "app",
    "jwt",
    "key",
];

/// Letters and digits that must be left once placeholders and fillers are gone, and how many of them
/// must differ. A generated secret that spells a word by chance has many more.
const MIN_REST: usize = 20;
const MIN_REST_DISTINCT: usize = 12;

/// What is asked of a secret that another service has made, and that only checks what that has signed: fewest bytes, and
/// likewise what must be left of it.
const MIN_LEGACY_BYTES: usize = 16;
const MIN_LEGACY_REST: usize = 8;
const MIN_LEGACY_REST_DISTINCT: usize = 4;

/// Why a secret is refused. A sentence to follow the setting's name; it never shows the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// Nothing but whitespace.
    #[error("must not be empty; make one with `openssl rand -base64 48`")]
    Empty,
    /// Too few bytes.
    #[error("must be at least {min} bytes; make one with `openssl rand -base64 48`")]
    TooShort {
        /// The fewest bytes accepted.
        min: usize,
    },
    /// A value from an example, or one built from such words.
    #[error("must not be a sample value; make one with `openssl rand -base64 48`")]
    Sample,
    /// Fewer than eight different bytes.
    #[error("must not repeat a few characters; make one with `openssl rand -base64 48`")]
    Monotonous,
}

/// Refuses a secret that can be guessed. Surrounding whitespace does not count towards its length.
///
/// # Errors
/// The first reason that applies. Source: OWASP ASVS 5.0 sections 11.2 and 13.3, RFC 8725 section 3.5.
pub fn check_secret(secret: &str) -> Result<(), WeakSecret> {
    let secret = secret.trim();
    if secret.is_empty() {
        return Err(WeakSecret::Empty);
    }
    if is_sample(secret, MIN_REST, MIN_REST_DISTINCT) {
        return Err(WeakSecret::Sample);
    }
    if secret.len() < MIN_BYTES {
        return Err(WeakSecret::TooShort { min: MIN_BYTES });
    }
    if secret.bytes().collect::<HashSet<_>>().len() < MIN_DISTINCT {
        return Err(WeakSecret::Monotonous);
    }
    Ok(())
}

/// Refuses a secret of another service that everybody could know.
///
/// # Errors
/// The first reason that applies.
pub(crate) fn check_legacy_secret(secret: &str) -> Result<(), WeakSecret> {
    let secret = secret.trim();
    if secret.is_empty() {
        return Err(WeakSecret::Empty);
    }
    if is_sample(secret, MIN_LEGACY_REST, MIN_LEGACY_REST_DISTINCT) {
        return Err(WeakSecret::Sample);
    }
    if secret.len() < MIN_LEGACY_BYTES {
        let min = MIN_LEGACY_BYTES;
        return Err(WeakSecret::TooShort { min });
    }
    Ok(())
}

/// Whether little but well-known words remains, however they are joined, padded or repeated.
fn is_sample(secret: &str, min_rest: usize, min_distinct: usize) -> bool {
    let letters = secret.chars().filter(char::is_ascii_alphanumeric);
    // Large enough from the start: growing would leave pieces of the secret behind.
    let mut rest = Zeroizing::new(String::with_capacity(secret.len()));
    rest.extend(letters.map(|c| c.to_ascii_lowercase()));
    if !PLACEHOLDERS.iter().any(|word| rest.contains(word)) {
        return false;
    }
    for word in PLACEHOLDERS.iter().chain(&FILLERS) {
        rest = Zeroizing::new(rest.replace(word, ""));
    }
    rest.len() < min_rest || rest.bytes().collect::<HashSet<_>>().len() < min_distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    const FASTAPI: &str = PLACEHOLDERS[0];

    // R11
    #[test]
    fn samples_are_refused_joined_padded_and_repeated() {
        for sample in [
            "secret",
            "Secret ",
            "changeme",
            "change-me-in-production-please-use-32-bytes",
            "change_me_change_me_change_me_change_me",
            "changethis",
            "your-secret-key",
            "your_secret_key_here",
            "your-256-bit-secret",
            "a-string-secret-at-least-256-bits-long",
            "supersecret",
            "supersecretsupersecretsupersecretsupersecret",
            "secret00000000000000000000000000000000000000",
            "secret123456789012345678901234567890",
            FASTAPI,
            &FASTAPI.to_uppercase(),
            &format!("{FASTAPI}{FASTAPI}"),
            &format!("{FASTAPI}="),
        ] {
            assert_eq!(check_secret(sample), Err(WeakSecret::Sample), "{sample}");
        }
    }

    // R11
    #[test]
    fn empty_short_and_monotonous_secrets_are_refused() {
        assert_eq!(check_secret(""), Err(WeakSecret::Empty));
        assert_eq!(check_secret(" \n\t"), Err(WeakSecret::Empty));
        let letters = "q7Rk2vXw9LmZ4bTn8YcF3hJd6GpS5aQe";
        assert_eq!(letters.len(), 32);
        assert_eq!(check_secret(letters), Ok(()));
        let short = Err(WeakSecret::TooShort { min: 32 });
        assert_eq!(check_secret(&letters[..31]), short);
        assert_eq!(check_secret(&format!("{}\n", &letters[..31])), short);
        assert_eq!(
            check_secret(&"abcdefg".repeat(10)),
            Err(WeakSecret::Monotonous)
        );
        assert_eq!(check_secret(&"0".repeat(64)), Err(WeakSecret::Monotonous));
    }

    #[test]
    fn generated_secrets_pass_even_when_they_spell_a_word() {
        let base64 = "kq3v9ZtYw1xP0uJmR8sLhN4bQe7cDf2gAiWoVyTzXjKrMnSdHpGlFaCEBUIO6+5/";
        let hex = "7f3a9c1e5b2d8046af17c3e9d2b60584917e0a3c6d5f82b4";
        for secret in [
            base64,
            hex,
            &format!("secret-{hex}"),
            &format!("{base64}test"),
        ] {
            assert_eq!(check_secret(secret), Ok(()), "{secret}");
        }
    }

    #[test]
    fn the_sentence_says_what_to_do() {
        assert_eq!(
            WeakSecret::TooShort { min: 32 }.to_string(),
            "must be at least 32 bytes; make one with `openssl rand -base64 48`"
        );
    }
}
