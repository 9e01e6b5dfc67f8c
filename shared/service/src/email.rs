//! Email addresses, as they are compared.

/// The address in the spelling that is compared: lower case, no space around it. `None` if it is none.
pub fn email(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@')?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    let fits = !local.is_empty() && !domain.is_empty() && email.chars().count() <= 254;
    (fits && local.chars().all(plain) && domain.chars().all(plain)).then_some(email)
}

#[cfg(test)]
mod tests {
    use super::email;

    #[test]
    fn compares_addresses_in_one_spelling() {
        assert_eq!(
            email(" Ana@Example.COM ").as_deref(),
            Some("ana@example.com")
        );
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b@c",
            "a@b\0",
            &("a".repeat(250) + "@b.example"),
        ] {
            assert_eq!(email(text), None, "{text}");
        }
    }
}
