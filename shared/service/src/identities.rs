//! Who a visitor is, as the tenant's own server says: the keys of a site, and the tokens signed by them.

use crate::{Error, FieldError, Result, Service, check_full_name, group_faults};
use anyhow::Context;
use chrono::TimeDelta;
use db::{Arrival, Asked, Recognition, StoredIdentityKey};
use secrecy::SecretString;
use tenant_auth::{Identity, IdentityAlgorithm, IdentityFault, IdentityKey, SiteClaim};
use uuid::Uuid;

/// A login by an identity ends at the latest after so many hours: then the page says again who it is.
const LOGIN_LIFE: TimeDelta = TimeDelta::hours(24);
/// The field that faults of a token are told of.
const FIELD: &str = "identity_token";

impl Service {
    /// Seals the secret of a site's key for its row.
    pub fn seal_identity_secret(
        &self,
        (tenant, site): (Uuid, Uuid),
        id: Uuid,
        secret: &SecretString,
    ) -> Vec<u8> {
        self.seal_key(tenant, &place(site), id, secret)
    }

    /// Whether a stored key can be used: a secret that cannot be opened cannot.
    pub fn can_use_identity_key(
        &self,
        (tenant, site): (Uuid, Uuid),
        key: &StoredIdentityKey,
    ) -> bool {
        self.identity_key((tenant, site), key).is_ok()
    }

    /// Who comes, by a token that the tenant's server has signed. It has not been used up by that.
    ///
    /// # Errors
    /// 401: no key of the site has signed it, or it has expired; 422: what it says does not fit.
    pub async fn identify(&self, site: &SiteClaim, token: &str, asked: &Asked) -> Result<Identity> {
        let stored = self.db.site_identity_keys(site, asked).await?;
        if stored.is_empty() {
            return Err(Error::Unauthorized(
                "invalid_identity_token",
                "This site has no identity key yet. Its administrator can add one.",
            ));
        }
        let of = (site.tenant_id(), site.site_id());
        let mut unusable = None;
        let keys: Vec<IdentityKey> = stored
            .iter()
            .filter_map(|key| match self.identity_key(of, key) {
                Ok(key) => Some(key),
                Err(e) => {
                    unusable = Some(e);
                    None
                }
            })
            .collect();
        let now = self.clock.now().timestamp();
        match Identity::verify(token, site, &keys, now) {
            Ok(identity) => self.check(identity),
            // It may have been that one.
            Err(IdentityFault::Unsigned) if unusable.is_some() => Err(Error::KeyUnavailable(
                "identity".to_owned(),
                unusable.unwrap_or_else(|| anyhow::anyhow!("no cause")),
            )),
            Err(fault) => Err(refusal(fault)),
        }
    }

    /// Lets a visitor in who is known, with the conversations of the login that `before` renews, if it is an anonymous one.
    /// The proof of the login; `None` if the site was closed meanwhile.
    ///
    /// # Errors
    /// 401: the token was used before; 422: `before` is no refresh token of an anonymous visitor of the site.
    pub async fn recognise(
        &self,
        identity: &Identity,
        before: Option<&str>,
        asked: &Asked,
    ) -> Result<Option<Box<db::Login>>> {
        let claim = match before {
            None => None,
            Some(token) => Some(self.refresh_claim(token).ok_or_else(not_anonymous)?),
        };
        let arrival = Arrival {
            identity,
            before: claim.as_ref(),
            asked,
            expires_at: self.clock.now() + LOGIN_LIFE,
            idle: self.idle_life(),
        };
        match self.db.recognise(&arrival).await? {
            Recognition::Begun(login) => Ok(Some(login)),
            Recognition::Closed => Ok(None),
            Recognition::NotAnonymous => Err(not_anonymous()),
            Recognition::UsedToken => Err(Error::Unauthorized(
                "identity_token_used",
                "This identity token was used before. Sign another one, with a `jti` of its own, for each visit.",
            )),
        }
    }

    fn check(&self, identity: Identity) -> Result<Identity> {
        let mut faults = group_faults("identity_token.groups", identity.groups());
        if let Err(Error::Invalid(name)) = check_full_name(identity.name()) {
            faults.extend(name.into_iter().map(|fault| FieldError {
                field: "identity_token.name".to_owned(),
                ..fault
            }));
        }
        if identity.name().contains(char::is_control) {
            faults.push(fault("name", "must be without control characters"));
        }
        Error::if_any(faults)?;
        Ok(identity)
    }

    fn identity_key(
        &self,
        (tenant, site): (Uuid, Uuid),
        stored: &StoredIdentityKey,
    ) -> anyhow::Result<IdentityKey> {
        if let Some(sealed) = &stored.sealed {
            let secret = self.open_key(tenant, &place(site), stored.id, sealed)?;
            return Ok(IdentityKey::secret(stored.id, &secret));
        }
        let algorithm: IdentityAlgorithm = stored.algorithm.parse()?;
        let key = stored.public_key.as_deref().unwrap_or_default();
        IdentityKey::public(stored.id, algorithm, key).context("a key without its secret")
    }
}

/// What a secret is sealed for, besides its tenant and row: one that is moved to another site does not open.
fn place(site: Uuid) -> String {
    format!("site-identity/{site}")
}

fn fault(claim: &str, message: impl Into<String>) -> FieldError {
    FieldError {
        field: format!("{FIELD}.{claim}"),
        message: message.into(),
    }
}

/// Whoever has no key of the site learns nothing but that.
fn refusal(of: IdentityFault) -> Error {
    match of {
        IdentityFault::TooLong => Error::field(
            FIELD,
            "must be at most 16 KiB: leave out what is not asked for, and groups that no document is limited to",
        ),
        IdentityFault::Unsigned => Error::Unauthorized(
            "invalid_identity_token",
            "No identity key of this site has signed this token, or by another algorithm than the key's. Sign it on your server with a key of this site.",
        ),
        IdentityFault::Expired => Error::Unauthorized(
            "identity_token_expired",
            "This identity token has expired. Sign a new one for each visit, and look at the clock of your server.",
        ),
        IdentityFault::Claims(faults) => {
            let faults = faults.into_iter();
            Error::Invalid(faults.map(|(claim, what)| fault(claim, what)).collect())
        }
    }
}

fn not_anonymous() -> Error {
    Error::field(
        "anonymous_refresh_token",
        "must be the refresh token of a visitor of this site who was not identified: leave it out",
    )
}
