//! Invitations: what lets somebody choose a first password.

use crate::{
    opaque::{self, OpaqueKeys},
    secret::RootSecret,
};
use std::fmt;
use uuid::Uuid;

/// What an invitation's token says. Only [`InvitationKeys::open`] makes one.
///
/// ```
/// fn tenant(claim: &tenant_auth::InvitationClaim) -> uuid::Uuid { claim.tenant_id() }
/// ```
/// ```compile_fail,E0451
/// fn forge(id: uuid::Uuid) -> tenant_auth::InvitationClaim {
///     tenant_auth::InvitationClaim { tenant_id: id, invitation_id: id } // private
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationClaim {
    tenant_id: Uuid,
    invitation_id: Uuid,
}

impl InvitationClaim {
    /// The tenant that invites.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The invitation.
    pub fn invitation_id(&self) -> Uuid {
        self.invitation_id
    }
}

/// Makes and opens the tokens of invitations.
// tenant 16 | invitation 16
pub struct InvitationKeys(OpaqueKeys<32>);

impl InvitationKeys {
    /// The keys that follow from `root`.
    pub fn new(root: &RootSecret) -> Self {
        Self(OpaqueKeys::new(root, "invitation-token"))
    }

    /// Writes the token of an invitation; the same input gives the same 71 characters, which a URL can hold as they are.
    pub fn issue(&self, tenant_id: Uuid, invitation_id: Uuid) -> String {
        let mut said = [0; 32];
        said[..16].copy_from_slice(tenant_id.as_bytes());
        said[16..].copy_from_slice(invitation_id.as_bytes());
        self.0.issue(said)
    }

    /// Reads a token that these keys have issued; `None` for anything else.
    ///
    /// A claim says that we issued the token, not that its invitation is still open.
    pub fn open(&self, token: &str) -> Option<InvitationClaim> {
        let said = self.0.open(token)?;
        let (tenant_id, rest) = opaque::id(&said)?;
        let (invitation_id, _) = opaque::id(rest)?;
        Some(InvitationClaim {
            tenant_id,
            invitation_id,
        })
    }
}

impl fmt::Debug for InvitationKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationKeys([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::root;

    const TENANT: Uuid = Uuid::from_u128(0x11);
    const INVITATION: Uuid = Uuid::from_u128(0x22);

    #[test]
    fn opens_what_it_issued_and_only_that() {
        let keys = InvitationKeys::new(&root(1));
        let token = keys.issue(TENANT, INVITATION);
        assert_eq!(token.len(), 71);
        let claim = keys.open(&token).unwrap();
        assert_eq!(
            (claim.tenant_id(), claim.invitation_id()),
            (TENANT, INVITATION)
        );
        assert_eq!(InvitationKeys::new(&root(2)).open(&token), None);
    }

    #[test]
    fn a_refresh_token_is_no_invitation_nor_the_other_way_round() {
        let (refresh, invitations) = (
            crate::RefreshKeys::new(&root(1)),
            InvitationKeys::new(&root(1)),
        );
        assert_eq!(
            invitations.open(&refresh.issue(TENANT, INVITATION, 0)),
            None
        );
        assert_eq!(refresh.open(&invitations.issue(TENANT, INVITATION)), None);
    }
}
