//! Invitations as people get them: a token, and the page that asks for the password.

use crate::{Error, Result, Service};
use db::{Caller, Invitation};
use tenant_auth::InvitationClaim;
use url::Url;

/// The longest address of a page, in bytes.
const MAX_PAGE: usize = 2000;

impl Service {
    /// Writes the token of an invitation.
    pub fn invitation_token(&self, invitation: &Invitation) -> String {
        let keys = &self.keyring.invitations;
        keys.issue(invitation.user().tenant_id, invitation.id())
    }

    /// What an invitation's token claims, if we made it.
    pub fn invitation_claim(&self, token: &str) -> Option<InvitationClaim> {
        self.keyring.invitations.open(token)
    }

    /// The frontend's page that asks an invited user for a password. It is sent a token, so it must be one of those that
    /// may call for the caller's tenant, and the way to it must be safe.
    ///
    /// # Errors
    /// 422: it is not.
    pub fn invitation_page(&self, caller: &Caller, page: &str) -> Result<Url> {
        let refuse = |message| Err(Error::field("page", message));
        let url = Url::parse(page).ok().filter(|_| page.len() <= MAX_PAGE);
        let Some(url) = url else {
            return refuse("must be a whole URL of at most 2000 bytes");
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && ai::is_loopback(&url)) {
            return refuse(
                "must use https, also for an app, which can be opened by such a link; http is only for a page on this machine",
            );
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return refuse("must have no user, no password and no fragment");
        }
        let origin = url.origin().ascii_serialization();
        let tenants = &caller.account().tenant.allowed_origins;
        if !self.is_deployments_origin(&origin) && !tenants.contains(&origin) {
            return refuse(
                "must be a page of an origin that this tenant allows: see allowed_origins",
            );
        }
        Ok(url)
    }
}
