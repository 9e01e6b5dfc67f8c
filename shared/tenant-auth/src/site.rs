//! Site keys: what a web page shows so that its visitors may ask without an account. They are public.

use crate::{
    opaque::{self, KeptKey, OpaqueKeys},
    secret::RootSecret,
};
use std::fmt;
use uuid::Uuid;

/// How every key begins, so that people know one.
const PREFIX: &str = "site_";

/// What a site key says. Only [`SiteKeys::open`] makes one.
///
/// ```
/// fn tenant(claim: &tenant_auth::SiteClaim) -> uuid::Uuid { claim.tenant_id() }
/// ```
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::SiteClaim {
///     tenant_auth::SiteClaim { tenant_id: id, site_id: id } // private
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteClaim {
    tenant_id: Uuid,
    site_id: Uuid,
}

impl SiteClaim {
    /// Whose site it is.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The site.
    pub fn site_id(&self) -> Uuid {
        self.site_id
    }
}

/// Makes and opens site keys. Nobody is kept from reading one; the MAC keeps made-up ones from the database.
// tenant 16 | site 16
pub struct SiteKeys(OpaqueKeys<32>);

impl SiteKeys {
    /// The keys that follow from `root`.
    pub fn new(root: &RootSecret) -> Self {
        Self(OpaqueKeys::new(root, "site-key"))
    }

    /// Writes the key of a site; the same input gives the same 76 characters.
    pub fn issue(&self, tenant_id: Uuid, site_id: Uuid) -> String {
        let mut said = [0; 32];
        said[..16].copy_from_slice(tenant_id.as_bytes());
        said[16..].copy_from_slice(site_id.as_bytes());
        format!("{PREFIX}{}", self.0.issue(said))
    }

    /// Reads a key that these have made; `None` for anything else.
    ///
    /// A claim says that we made the key, not that its site is still there.
    pub fn open(&self, key: &str) -> Option<SiteClaim> {
        claim(self.0.open(key.strip_prefix(PREFIX)?)?)
    }

    /// As [`SiteKeys::open`], for a key that was made with a secret of which this is kept.
    pub fn open_kept(kept: &[KeptKey], key: &str) -> Option<SiteClaim> {
        claim(opaque::open(kept.iter(), key.strip_prefix(PREFIX)?)?)
    }

    /// What is to be kept of other secrets, so that keys made with them stay good without these.
    pub fn to_keep(&self) -> &[KeptKey] {
        self.0.others()
    }
}

fn claim(said: [u8; 32]) -> Option<SiteClaim> {
    let (tenant_id, rest) = opaque::id(&said)?;
    let (site_id, _) = opaque::id(rest)?;
    Some(SiteClaim { tenant_id, site_id })
}

impl fmt::Debug for SiteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SiteKeys([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InvitationKeys, secret::tests::root};

    const TENANT: Uuid = Uuid::from_u128(0x11);
    const SITE: Uuid = Uuid::from_u128(0x22);

    #[test]
    fn opens_what_it_made_and_only_that() {
        let keys = SiteKeys::new(&root(1));
        let key = keys.issue(TENANT, SITE);
        assert!(key.starts_with("site_") && key.len() == 76, "{key}");
        let claim = keys.open(&key).unwrap();
        assert_eq!((claim.tenant_id(), claim.site_id()), (TENANT, SITE));
        assert_eq!(SiteKeys::new(&root(2)).open(&key), None);
        let invitation = InvitationKeys::new(&root(1)).issue(TENANT, SITE);
        for other in [
            "",
            PREFIX,
            &key[PREFIX.len()..],
            &format!("{PREFIX}{invitation}"),
        ] {
            assert_eq!(keys.open(other), None, "{other}");
        }
    }
}
