//! bcrypt, for the passwords of people who come from another service: checked, and never made.

use bcrypt::HashParts;
use std::str::FromStr;

/// What a stored hash may cost at most, as a power of two: some seconds. Whoever can write a hash to the database
/// could otherwise stop the service with it.
const MAX_COST: u32 = 14;

/// A hash that can be compared with.
pub(crate) struct Bcrypt {
    hash: String,
    cost: u32,
}

impl Bcrypt {
    /// Reads a hash as `bcrypt` and `passlib` of Python write it; `None` if it is none or costs too much.
    pub(crate) fn parse(hash: &str) -> Option<Self> {
        let known = ["$2a$", "$2b$", "$2y$"].iter().any(|v| hash.starts_with(v));
        let parts = HashParts::from_str(hash).ok()?;
        let cost = parts.get_cost();
        (known && cost <= MAX_COST).then(|| Self {
            hash: hash.to_owned(),
            cost,
        })
    }

    /// A hash of no password that anybody knows, at this cost; `None` if no stored hash may have it.
    pub(crate) fn dummy(cost: u32) -> Option<Self> {
        Self::parse(&format!(
            "$2b${cost:02}$r3ft5FtJZXw2luIVJuX8ouKo48r4rEjoR5qRmHDMSy/8xt/tmPlWK"
        ))
    }

    /// The power of two that says how much work it takes.
    pub(crate) fn cost(&self) -> u32 {
        self.cost
    }

    /// Whether a password is the one that was hashed. As everywhere, bytes after the 72nd do not count.
    pub(crate) fn matches(&self, password: &[u8]) -> bool {
        // An error is a password that it never takes.
        bcrypt::verify(password, &self.hash).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with Python's bcrypt 4.0 and passlib 1.7.
    const HASHES: [(&str, &str); 5] = [
        (
            "correct horse battery staple",
            "$2b$04$r3ft5FtJZXw2luIVJuX8ouKo48r4rEjoR5qRmHDMSy/8xt/tmPlWK",
        ),
        (
            "grün & blau",
            "$2b$04$5v/t/gddnMCaaIrYctPoQ.ubPifdhPxCl8uKP7Aam/R8WIwbdiHgm",
        ),
        (
            "correct horse battery staple",
            "$2a$04$crbadupKkmQQzs5JBnlo/uBFefhzQbGFrB7MZDh9VH9yhh1QZcmTC",
        ),
        (
            "correct horse battery staple",
            "$2y$04$ciMFiUo15.cjYUzNx35ZHOguq/ayU731h.NMsaXsO62fqkfG.0Lq6",
        ),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "$2b$04$6jUszv08rC0JFXRBrzRc8uLYt.EAc1cbNWG2fssuDURypkfcYKXrG",
        ),
    ];

    #[test]
    fn agrees_with_pythons() {
        for (password, hash) in HASHES {
            let stored = Bcrypt::parse(hash).unwrap();
            assert!(stored.matches(password.as_bytes()), "{hash}");
            for wrong in ["", "wrong", &password.to_uppercase(), "NUL\0"] {
                assert!(!stored.matches(wrong.as_bytes()), "{hash} {wrong}");
            }
        }
    }

    #[test]
    fn only_affordable_hashes_are_read() {
        let (_, good) = HASHES[0];
        assert!(Bcrypt::parse(&good.replace("$04$", "$14$")).is_some());
        for refused in [
            good.replace("$04$", "$15$"),
            good.replace("$04$", "$31$"),
            good.replace("$2b$", "$2x$"),
            good[..59].to_owned(),
            format!("{good}x"),
            "$2b$".to_owned(),
        ] {
            assert!(Bcrypt::parse(&refused).is_none(), "{refused}");
        }
    }
}
