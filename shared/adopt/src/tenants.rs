//! Which tenant there is which one here.

use crate::people::Users;
use db::{LegacySecret, LegacyTenant};
use std::collections::HashMap;
use uuid::Uuid;

mod planning;
mod renewing;

pub(crate) use planning::Planning;
pub(crate) use renewing::put;

/// A tenant, and whether it is still to be made.
pub(crate) struct Planned {
    pub(crate) tenant: LegacyTenant,
    pub(crate) secrets: Vec<LegacySecret>,
    pub(crate) is_new: bool,
}

/// All of them.
pub(crate) struct Tenants {
    pub(crate) planned: Vec<Planned>,
    by_id: HashMap<String, Uuid>,
    /// For those who have none there.
    default: Option<Uuid>,
    missing_to_default: bool,
    /// Known once users are copied.
    pub(crate) users: Users,
}

impl Tenants {
    /// The tenant here of somebody who has this one there.
    pub(crate) fn of(&self, legacy_id: Option<&str>) -> Option<Uuid> {
        match legacy_id.map(|id| self.by_id.get(id)) {
            Some(Some(id)) => Some(*id),
            Some(None) if !self.missing_to_default => None,
            _ => self.default,
        }
    }

    /// The ids of all of them here.
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        let ids = self.planned.iter().map(|planned| planned.tenant.id);
        ids.collect()
    }

    /// Those that were here before.
    pub(crate) fn known(&self) -> impl Iterator<Item = &LegacyTenant> {
        let known = self.planned.iter().filter(|planned| !planned.is_new);
        known.map(|planned| &planned.tenant)
    }
}

/// What becomes of users whose tenant has no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingTenants {
    /// It is made.
    Create,
    /// They are put into the default tenant.
    Default,
}
