//! Email addresses, as they are compared.

use crate::name::is_plain;
use unicode_normalization::UnicodeNormalization;

/// The most characters of an address (RFC 5321).
const LONGEST: usize = 254;

/// The address in the spelling that is compared: lower case, no space around it, its accented letters composed (NFC), its
/// domain as the DNS has it (IDNA). `None` if it is none, or holds what nobody sees.
pub fn email(text: &str) -> Option<String> {
    let (local, domain) = parts(text)?;
    let local: String = local.nfc().collect();
    let domain = idna::domain_to_ascii(&domain).ok()?;
    let email = format!("{local}@{domain}");
    let fits = !domain.is_empty() && email.chars().count() <= LONGEST;
    // What is stored must not change once more.
    (fits && email.to_lowercase() == email).then_some(email)
}

/// The address as earlier releases stored it, if that is another spelling than [`email`] gives.
pub fn email_as_before(text: &str) -> Option<String> {
    let (local, domain) = parts(text)?;
    let before = format!("{local}@{domain}");
    (before.chars().count() <= LONGEST && email(text).as_ref() != Some(&before)).then_some(before)
}

fn parts(text: &str) -> Option<(String, String)> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@')?;
    let seen = |c: char| is_plain(c) && !c.is_whitespace() && c != '@';
    let whole = !local.is_empty() && !domain.is_empty();
    let plain = whole && local.chars().all(seen) && domain.chars().all(seen);
    plain.then(|| (local.to_owned(), domain.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_addresses_in_one_spelling() {
        for (text, email) in [
            (" Ana@Example.COM ", "ana@example.com"),
            ("jose\u{301}@a.example", "jos\u{e9}@a.example"),
            ("a@B\u{fc}cher.example", "a@xn--bcher-kva.example"),
            ("a@bu\u{308}cher.example", "a@xn--bcher-kva.example"),
            ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
            ("a@localhost", "a@localhost"),
        ] {
            assert_eq!(super::email(text).as_deref(), Some(email), "{text}");
            assert_eq!(super::email(email).as_deref(), Some(email), "{email}");
        }
    }

    #[test]
    fn refuses_what_is_no_address_or_looks_like_another() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b@c",
            "a@b\0",
            "a\u{200b}@b.example",
            "a\u{200d}@b.example",
            "\u{202e}a@b.example",
            "a\u{ad}@b.example",
            "a@b\u{2060}.example",
            "\u{feff}a@b.example",
            &("a".repeat(250) + "@b.example"),
        ] {
            assert_eq!(email(text), None, "{text}");
        }
    }

    #[test]
    fn knows_what_was_stored_before() {
        assert_eq!(email_as_before("Ana@Example.com"), None);
        let before = email_as_before("a@B\u{fc}cher.example");
        assert_eq!(before.as_deref(), Some("a@b\u{fc}cher.example"));
    }
}
