//! The part of a vector index that belongs to one tenant.

use std::fmt;

use uuid::Uuid;

/// A tenant's namespace: `t_` and the tenant's id without hyphens. Where it has vectors of several models in one index, those of
/// the others have one each, with `_` and an id of theirs behind.
///
/// It can only be made from a tenant, so the empty default namespace, which tenants sharing an index
/// would share, cannot be expressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Namespace {
    tenant: Uuid,
    set: Option<Uuid>,
}

impl Namespace {
    /// The namespace of `tenant`.
    pub fn of(tenant: Uuid) -> Self {
        Namespace { tenant, set: None }
    }

    /// The namespace of `tenant` for the vectors of that id.
    pub fn of_set(tenant: Uuid, set: Uuid) -> Self {
        let set = Some(set);
        Namespace { tenant, set }
    }

    /// Whose namespace it is.
    pub fn tenant(self) -> Uuid {
        self.tenant
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t_{}", self.tenant.simple())?;
        match self.set {
            Some(set) => write!(f, "_{}", set.simple()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_the_nil_tenant_has_a_name() {
        let name = Namespace::of(Uuid::nil()).to_string();
        assert_eq!(name, "t_00000000000000000000000000000000");
        let name = Namespace::of_set(Uuid::nil(), Uuid::max()).to_string();
        assert_eq!(
            name,
            "t_00000000000000000000000000000000_ffffffffffffffffffffffffffffffff"
        );
    }
}
