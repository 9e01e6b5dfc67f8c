//! The base address of a provider, which only the operator of a deployment chooses.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use fetch::is_own_network;

/// A base address that requests with keys may be sent to.
///
/// It is `https`, or `http` to a host that is not on the public internet: this machine, a private
/// network's, or a name that public DNS does not have, such as `ollama.railway.internal`. It has no user,
/// password, query or fragment, and its path ends with a slash. Parsed with [`FromStr`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The address.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// Whether the address is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// `path` below this base. `path` must be of this crate's making: plain segments, no leading slash.
    pub(crate) fn at(&self, path: &str) -> Url {
        self.0
            .join(path)
            .expect("a relative path of plain segments joins any base")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        let mut url = Url::parse(text).map_err(|_| BaseUrlError::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_private(&url) => {}
            _ => return Err(BaseUrlError::Scheme),
        }
        if has_user(&url) {
            return Err(BaseUrlError::User);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Query);
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(BaseUrl(url))
    }
}

/// Whether the host of `url` can only be this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the host of `url` is none of the public internet, as far as its name tells. A name without a dot is a
/// neighbour; the listed endings are never in the public DNS (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`).
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.rsplit_once('.').is_none_or(|(_, last)| {
                ["internal", "local", "localhost", "lan", "arpa", "test"].contains(&last)
            })
        }
        Some(Host::Ipv4(ip)) => is_own_network(ip.into()),
        Some(Host::Ipv6(ip)) => is_own_network(ip.into()),
        None => false,
    }
}

/// Whether `url` names a user or a password.
pub(crate) fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Why an address is refused. The sentences never repeat it, because it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It does not parse as an absolute URL.
    #[error("A provider address must be a full URL such as https://api.example.com/v1/.")]
    NotAUrl,
    /// It is neither `https` nor `http` to a private host.
    #[error(
        "A provider address must use https; http is only for a server on this machine or a private network."
    )]
    Scheme,
    /// It carries a user or a password.
    #[error("A provider address must not contain a user name or a password.")]
    User,
    /// It carries a query or a fragment.
    #[error("A provider address must not contain a query or a fragment.")]
    Query,
}

#[cfg(test)]
mod tests {
    use super::*;

    // R59
    #[test]
    fn refuses_whatever_is_neither_https_nor_private() {
        for (text, expected) in [
            ("http://api.openai.com/v1/", BaseUrlError::Scheme),
            ("http://169.254.169.254/latest/", BaseUrlError::Scheme),
            ("http://[fe80::1]/", BaseUrlError::Scheme),
            ("http://8.8.8.8/", BaseUrlError::Scheme),
            ("http://100.64.0.1/", BaseUrlError::Scheme),
            ("http://0x7f.1.example.com/", BaseUrlError::Scheme),
            ("http://internal.example.com/", BaseUrlError::Scheme),
            ("http://0.0.0.0/", BaseUrlError::Scheme),
            ("http://localhost.example.com/", BaseUrlError::Scheme),
            ("http://127.0.0.1.example.com/", BaseUrlError::Scheme),
            ("http://127.0.0.1@example.com/", BaseUrlError::Scheme),
            ("file:///etc/passwd", BaseUrlError::Scheme),
            ("ftp://127.0.0.1/", BaseUrlError::Scheme),
            ("https://key@api.openai.com/", BaseUrlError::User),
            ("https://:secret@api.openai.com/", BaseUrlError::User),
            ("https://api.openai.com/?a=b", BaseUrlError::Query),
            ("https://api.openai.com/#a", BaseUrlError::Query),
            ("api.openai.com", BaseUrlError::NotAUrl),
            ("/v1", BaseUrlError::NotAUrl),
            ("", BaseUrlError::NotAUrl),
        ] {
            let error = text.parse::<BaseUrl>().expect_err(text);
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    // R59
    #[test]
    fn accepts_https_and_private_hosts() {
        for text in [
            "https://api.openai.com/v1/",
            "http://127.0.0.1:8080/v1/",
            "http://127.9.9.9/",
            "http://[::1]:1/",
            "http://localhost:11434/v1/",
            "http://ollama.railway.internal:11434/v1/",
            "http://litellm:4000/",
            "http://10.0.0.5/v1/",
            "http://192.168.1.2:8000/",
            "http://[fd12::1]:8000/v1/",
            "http://gpu.local/",
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_missing_slash_does_not_lose_the_last_segment() {
        let base: BaseUrl = "https://api.openai.com/v1".parse().unwrap();
        assert_eq!(
            base.at("chat/completions").as_str(),
            "https://api.openai.com/v1/chat/completions"
        );
    }
}
