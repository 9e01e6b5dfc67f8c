//! Reading what tenants name on the web: addresses of the public internet alone, whatever a name leads to, and never more than was
//! asked for.

mod address;
mod bucket;
mod outside;
mod public;
mod refusal;
mod repository;
mod robots;
mod wait;
mod wishes;

pub use address::{MAX_URL, address};
pub use bucket::{Bucket, BucketAt, Listing, Object};
pub use outside::{Answer, Known, Outside, Page, SetupError};
pub use public::{PrivateOnly, PublicOnly, is_own_network};
pub use refusal::Refusal;
pub use repository::{File, Files, GitServer, Repository, RepositoryAt};
pub use robots::Robots;
pub use wait::retry_after;
pub use wishes::Wishes;

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::sync::Arc;

/// TLS with Mozilla's certificate authorities.
///
/// The provider is named rather than installed for the process, so that no other crate's choice of a default can change it.
///
/// # Errors
/// Not expected of a correct build.
pub fn tls() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
