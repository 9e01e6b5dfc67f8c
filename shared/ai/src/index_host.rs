//! The names and hosts of vector indexes that a tenant's key may be sent to.

use std::{fmt, str::FromStr};

use secrecy::SecretString;
use serde::{Deserialize, de::IgnoredAny};
use url::{Host, Url};

use crate::{
    Client, Error,
    base_url::{has_user, is_loopback},
};

/// Pinecone's limit.
const MAX_NAME: usize = 45;

/// The name of an index: lower-case letters, digits and hyphens, at most 45.
///
/// Nothing else is accepted, so that a name cannot change the address it becomes a part of. Parsed
/// with [`FromStr`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexName(String);

/// Why an index name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("An index name has 1 to 45 lower-case letters, digits and hyphens.")]
pub struct IndexNameError;

impl FromStr for IndexName {
    type Err = IndexNameError;

    fn from_str(name: &str) -> Result<Self, IndexNameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        match (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain) {
            true => Ok(IndexName(name.to_owned())),
            false => Err(IndexNameError),
        }
    }
}

impl fmt::Display for IndexName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest host that is looked at, in bytes: names have at most 253.
const MAX_HOST: usize = 300;

/// Whose key a request carries, and so whose word it is where the request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOwner {
    /// The deployment's: its hosts may be in its own network.
    Deployment,
    /// A tenant's: its hosts must be on the public internet.
    Tenant,
}

/// A host of an index that passed [`Client::check_host`]; displayed as a URL, which passes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexHost {
    url: Url,
    chosen_by: KeyOwner,
}

impl IndexHost {
    /// The address.
    pub fn as_url(&self) -> &Url {
        &self.url
    }

    /// `path` on this host.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }
}

impl fmt::Display for IndexHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

/// A vector index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Where it is.
    pub host: IndexHost,
    /// How many numbers each of its vectors has, if that is known.
    pub dimensions: Option<u32>,
}

/// What Pinecone says of an index.
#[derive(Deserialize)]
struct Described {
    host: String,
    dimension: Option<u32>,
    vector_type: Option<String>,
    status: Option<Status>,
    /// There is one if texts are stored and their vectors made there.
    embed: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Status {
    ready: bool,
}

/// Why an index host is refused. The sentence does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("An index host must be the one Pinecone shows, ending in .pinecone.io.")]
pub struct HostError;

impl Client {
    /// Checks an index host that a tenant named, with or without `https://`.
    ///
    /// It must end in `.pinecone.io` and is reached by `https` on the usual port. Only if the
    /// deployment's Pinecone address is on a loopback host may it also be a loopback host, with any
    /// port and then by `http`.
    ///
    /// # Errors
    /// [`HostError`] for anything else, and for a host with a user, path, query or fragment or of more
    /// than 300 bytes.
    pub fn check_host(&self, host: &str) -> Result<IndexHost, HostError> {
        let chosen_by = KeyOwner::Tenant;
        let url = self.host_url(host)?;
        Ok(IndexHost { url, chosen_by })
    }

    fn host_url(&self, host: &str) -> Result<Url, HostError> {
        if host.len() > MAX_HOST {
            return Err(HostError);
        }
        let text = match host.contains("://") {
            true => host.to_owned(),
            false => format!("https://{host}"),
        };
        let mut url = Url::parse(&text).map_err(|_| HostError)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if has_user(&url) || !bare {
            return Err(HostError);
        }
        if self.endpoints.pinecone.is_loopback() && is_loopback(&url) {
            // Parsed again because `https` hides the port that it takes for granted.
            let text = match host.contains("://") {
                true => text,
                false => format!("http://{host}"),
            };
            url = Url::parse(&text).map_err(|_| HostError)?;
            return match url.scheme() {
                "http" => Ok(url),
                _ => Err(HostError),
            };
        }
        let ours = matches!(url.host(), Some(Host::Domain(name)) if name.ends_with(".pinecone.io"));
        match ours && url.scheme() == "https" && url.port().is_none() {
            true => Ok(url),
            false => Err(HostError),
        }
    }

    /// Asks Pinecone about the index `name` of this key, whose owner so chose the host.
    ///
    /// # Errors
    /// [`Error::Rejected`] if there is none, or it makes its vectors itself and takes none of ours; [`Error::Unavailable`] if
    /// it is not ready; [`Error::Invalid`] if the answer names a host that [`check_host`](Client::check_host) refuses;
    /// otherwise as the call fails.
    pub async fn index(
        &self,
        key: &SecretString,
        owner: KeyOwner,
        name: &IndexName,
    ) -> Result<Index, Error> {
        let url = self.endpoints.pinecone.at(&format!("indexes/{name}"));
        let described: Described = self.ask_index(key, self.http.get(url)).await?;
        if described.vector_type.as_deref() == Some("sparse") || described.embed.is_some() {
            return Err(Error::Rejected);
        }
        if described.status.is_some_and(|status| !status.ready) {
            return Err(Error::Unavailable);
        }
        let url = self.host_url(&described.host).map_err(|_| Error::Invalid)?;
        Ok(Index {
            host: IndexHost {
                url,
                chosen_by: owner,
            },
            dimensions: described.dimension,
        })
    }

    /// Confirms that Pinecone knows the key, whichever indexes it opens.
    ///
    /// # Errors
    /// As the request fails.
    pub async fn knows_key(&self, key: &SecretString) -> Result<(), Error> {
        let url = self.endpoints.pinecone.at("indexes");
        let listed: Result<IgnoredAny, _> = self.ask_index(key, self.http.get(url)).await;
        Ok(listed.map(drop)?)
    }

    /// The client for calls to `host`.
    pub(crate) fn toward(&self, host: &IndexHost) -> &reqwest::Client {
        match host.chosen_by {
            KeyOwner::Deployment => &self.http,
            KeyOwner::Tenant => &self.public,
        }
    }
}

#[cfg(test)]
mod tests;
