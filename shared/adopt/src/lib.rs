//! Moves a deployment of the FastAPI service before this one (PostgreSQL, Alembic, SQLAlchemy) into this one: `parlance adopt`.
//!
//! The database there is read in one snapshot, as streams, and never written. What is written here is written in batches, each
//! with the fingerprints of what it copied in the same transaction: whoever copies again, after whatever end, writes what is
//! missing or has changed, and nothing else.

mod back;
mod chats;
mod cipher;
mod compare;
mod error;
mod follow;
mod ids;
mod json;
mod keys;
mod mapping;
mod metadata;
mod moved;
mod people;
mod plan;
mod pump;
mod report;
mod returned;
mod run;
mod sink;
mod slug;
mod source;
mod tenants;
mod verify;

pub use back::{Back, back};
pub use cipher::OldKey;
pub use compare::Differences;
pub use error::AdoptError;
pub use follow::{Look, follow};
pub use mapping::Mapping;
pub use pump::Progress;
pub use report::{Done, Report, Rule, TenantReport};
pub use run::copy;
pub use slug::MadeOf;
pub use source::rows::{Counts, Seen};
pub use tenants::MissingTenants;
pub use verify::verify;

use db::{Adoption, Asked};
use secrecy::SecretString;
use tenant_auth::RootSecret;

/// What the operator says.
#[derive(Default)]
pub struct Options {
    /// The database of the service before.
    pub from: SecretString,
    /// Its `SECRET_KEY`, or several.
    pub keys: Vec<OldKey>,
    /// What `--map` says.
    pub mapping: Mapping,
    /// The slug of the tenant for users who have none.
    pub default_tenant: Option<String>,
    /// Slugs for some tenants, by their ids there.
    pub slugs: Vec<(String, String)>,
    /// What becomes of users whose tenant has no row.
    pub missing_tenants: Option<MissingTenants>,
    /// Whether conversations and messages that name another tenant than their user's go into their user's.
    pub tenant_of_user: bool,
    /// The time zone of times without one; UTC without it.
    pub time_zone: Option<String>,
    /// Columns whose values are provider keys although they are not encrypted.
    pub plain_keys: Vec<String>,
    /// Whether nothing is to be written.
    pub dry_run: bool,
}

/// Into what it is copied.
pub struct Target<'a> {
    /// The database.
    pub adoption: &'a mut Adoption,
    /// What seals provider keys.
    pub root: &'a RootSecret,
    /// When, and as what in the audit log.
    pub asked: &'a Asked,
}
