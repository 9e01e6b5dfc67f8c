//! Browser origins: scheme, host and port, and nothing else (RFC 6454).

use url::{Position, Url};

/// A browser origin, written as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// Not an origin that can be allowed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "must be origins such as https://app.example.com: scheme and host, a port if it is not the usual one, no path and no *"
)]
pub struct BadOrigin;

/// Schemes without a host of their own: browsers send `null` for their pages, so `javascript://a` is a mistake.
const NO_PAGES: [&str; 7] = [
    "about",
    "blob",
    "data",
    "filesystem",
    "javascript",
    "null",
    "view-source",
];

impl Origin {
    /// In bytes: a host has at most 253. The database's index takes no more than some 2700.
    pub const MAX_LENGTH: usize = 300;

    /// Reads an origin as a person writes it; a trailing slash is forgiven.
    ///
    /// # Errors
    /// It is `*`, `null`, has a path or no host, or is of a scheme that pages do not have.
    pub fn parse(text: &str) -> Result<Self, BadOrigin> {
        let text = text.trim();
        let url = Url::parse(text).map_err(|_| BadOrigin)?;
        // Apps and extensions have schemes of their own, such as capacitor://localhost and chrome-extension://<id>; of
        // those that the web has, only two are of pages.
        let web = matches!(url.scheme(), "http" | "https");
        let app = !url.is_special() && !NO_PAGES.contains(&url.scheme());
        let page = url.has_host() && (web || app);
        let bare =
            matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !page || !bare || !anonymous || text.contains('*') {
            return Err(BadOrigin);
        }
        let origin = match web {
            true => url.origin().ascii_serialization(),
            // To the standard it is opaque; browsers send it like this all the same.
            false => {
                let authority = &url[Position::BeforeHost..Position::AfterPort];
                format!("{}://{authority}", url.scheme())
            }
        };
        match origin.len() <= Self::MAX_LENGTH {
            true => Ok(Self(origin)),
            false => Err(BadOrigin),
        }
    }

    /// Reads a list as the environment holds it: JSON (`["https://a.example"]`) or separated by commas.
    ///
    /// # Errors
    /// One of them is no origin.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, BadOrigin> {
        let text = text.trim();
        if text.starts_with('[') {
            let list: Vec<String> = serde_json::from_str(text).map_err(|_| BadOrigin)?;
            return list.iter().map(|o| Self::parse(o)).collect();
        }
        let named = text.split(',').filter(|o| !o.trim().is_empty());
        named.map(Self::parse).collect()
    }

    /// Whether a browser says so of a page that this machine serves without TLS, on whatever port.
    pub(crate) fn is_local(origin: &str) -> bool {
        let Ok(Self(origin)) = Self::parse(origin) else {
            return false;
        };
        let authority = origin.strip_prefix("http://").unwrap_or_default();
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        };
        ["localhost", "127.0.0.1", "[::1]"].contains(&host)
    }

    /// As browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_told_from_others() {
        for local in [
            "http://localhost:5173",
            "http://localhost",
            "http://127.0.0.1:4173",
            "http://[::1]:3000",
        ] {
            assert!(Origin::is_local(local), "{local}");
        }
        for other in [
            "https://localhost:5173",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com:80",
            "http://localhost:5173@example.com",
            "http://192.168.0.1:5173",
            "http://[::2]",
            "null",
            "",
        ] {
            assert!(!Origin::is_local(other), "{other}");
        }
    }

    #[test]
    fn reads_both_spellings_of_a_list() {
        let both = [
            "https://a.example, http://b.example:8080/",
            r#"["https://a.example/","http://b.example:8080"]"#,
        ];
        for text in both {
            let list = Origin::parse_list(text).unwrap();
            let list: Vec<_> = list.iter().map(Origin::as_str).collect();
            assert_eq!(list, ["https://a.example", "http://b.example:8080"]);
        }
        assert_eq!(Origin::parse_list("  ").unwrap(), []);
    }

    #[test]
    fn refuses_what_is_no_origin() {
        for text in [
            "*",
            "null",
            "https://*.example",
            "https://a.example/path",
            "ftp://a.example",
            "a.example",
            "https://u@a.example",
            "[1]",
            "wss://a.example",
            "file:///a",
            "capacitor:localhost",
            "capacitor://",
            "capacitor://localhost/index.html",
            "javascript:alert(1)",
            "data:text/html,a",
            "javascript://a",
            "data://a",
            "blob://a",
            "blob:https://a.example/1",
            "null://",
            "capacitor://*",
            "capacitor://u:p@localhost",
            "capacitor://localhost?a",
            "capacitor://localhost#a",
            "chrome-extension://a b",
            "://localhost",
            "1app://localhost",
        ] {
            assert!(Origin::parse_list(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_an_origin_as_browsers_do() {
        assert_eq!(
            Origin::parse("HTTPS://A.Example:443/").unwrap().as_str(),
            "https://a.example"
        );
        for app in [
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
            "moz-extension://5f9f2c0e-8a6b-4f0a-9a53-2e1f0c7b1d11",
            "app://host:8080",
        ] {
            assert_eq!(Origin::parse(app).unwrap().as_str(), app);
            assert_eq!(Origin::parse(&format!("{app}/")).unwrap().as_str(), app);
        }
    }
}
