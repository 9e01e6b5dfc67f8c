//! How often something may be done: what others could guess at, passwords and tokens, and whatever else costs.

mod allowances;

pub(crate) use allowances::{Allowances, Flooding};

use crate::{Error, Result, Service};
use db::{LoginLimits, RateLimit, Whose};
use std::net::IpAddr;
use uuid::Uuid;

/// How often somebody may take another name: each time is a row of the audit log.
const RENAMES_PER_MINUTE: u32 = 10;

/// How many passwords the administrators of one tenant may set: each takes a hasher from those who log in.
const PASSWORDS_PER_MINUTE: u32 = 30;

impl Service {
    /// Counts an attempt to log in as `email` where `slug` says. Asked before anything is looked up or hashed, and for addresses that
    /// nobody has as well, so that it tells nothing; and for a stranger whatever tenant is named, so that naming another
    /// one is no further try. Who is asked first is the client: one that tries too often takes nothing from any account.
    ///
    /// The key for [`db::NewLogin::client`].
    ///
    /// # Errors
    /// 429 when it was tried too often: with this address by strangers, or by this client.
    pub async fn count_login(
        &self,
        slug: &str,
        email: &str,
        client: Option<IpAddr>,
    ) -> Result<Option<String>> {
        let limits = LoginLimits {
            client: self.by_address("logins_by_client", client),
            account: RateLimit::new(
                "logins_by_account",
                email,
                self.config.logins_per_minute_by_email,
            ),
            both: client.map(|ip| format!("login\0{slug}\0{email}\0{}", network(ip))),
        };
        if let Some(limit) = &limits.client {
            self.flooding.check(limit)?;
        }
        let taken = self.db.take_login(&limits, Whose::client(client)).await;
        match (taken.map_err(uncounted)?, &limits.client) {
            (None, _) => Ok(limits.both),
            (Some((exhausted, true)), Some(client)) => {
                self.flooding.is(client, exhausted);
                Err(Error::TooMany(exhausted))
            }
            (Some((exhausted, _)), _) => Err(Error::TooMany(exhausted)),
        }
    }

    /// Counts an attempt to renew a login.
    ///
    /// # Errors
    /// 429 when this client has tried too often.
    pub async fn count_refresh(&self, client: Option<IpAddr>) -> Result<()> {
        self.count_client("refreshes_by_client", client).await
    }

    /// Counts an attempt to accept an invitation.
    ///
    /// # Errors
    /// 429 when this client has tried too often.
    pub async fn count_invitation(&self, client: Option<IpAddr>) -> Result<()> {
        self.count_client("invitations_by_client", client).await
    }

    /// Counts an attempt to tell a password of somebody who is logged in.
    ///
    /// # Errors
    /// 429 when it was tried too often.
    pub async fn count_password(&self, caller: &db::Caller) -> Result<()> {
        let most = self.config.logins_per_minute_by_email;
        let limit = RateLimit::new("passwords_by_user", &user(caller), most);
        self.count(&limit, caller.whose()).await
    }

    /// Counts a change of the caller's name.
    ///
    /// # Errors
    /// 429 when it was changed too often.
    pub async fn count_rename(&self, caller: &db::Caller) -> Result<()> {
        let limit = RateLimit::new("renames_by_user", &user(caller), RENAMES_PER_MINUTE);
        self.count(&limit, caller.whose()).await
    }

    /// Counts a password that an administrator of the tenant sets for somebody.
    ///
    /// # Errors
    /// 429 when too many were set.
    pub async fn count_set_password(&self, tenant: Uuid) -> Result<()> {
        let tenants = tenant.to_string();
        let limit = RateLimit::new("passwords_by_tenant", &tenants, PASSWORDS_PER_MINUTE);
        self.count(&limit, Whose::tenant(tenant)).await
    }

    /// Counts a request that changes something, or that only an administrator may make, for a user.
    ///
    /// # Errors
    /// 429 when the user made too many.
    pub async fn count_change(&self, tenant: Uuid, user: Uuid) -> Result<()> {
        let most = self.config.rate_limits.changes_by_user;
        let limit = RateLimit::new("changes_by_user", &format!("{tenant}\0{user}"), most);
        self.spend(&limit, Whose::user(tenant, user)).await
    }

    /// Counts the same for all of the caller's tenant, once it is known that the caller may make it: who may not takes nothing
    /// from others.
    ///
    /// # Errors
    /// 429 when the tenant made too many.
    pub async fn count_change_in_tenant(&self, caller: &db::Caller) -> Result<()> {
        let most = self.config.rate_limits.changes_by_tenant;
        let limit = RateLimit::new("changes_by_tenant", &all_of(caller), most);
        self.spend(&limit, caller.whose()).await
    }

    /// Counts a search.
    ///
    /// # Errors
    /// 429 when the user or the tenant made too many.
    pub async fn count_search(&self, caller: &db::Caller) -> Result<()> {
        let of = &self.config.rate_limits;
        // The user's first, so that nobody takes from its tenant what it may not have itself.
        let limit = RateLimit::new("searches_by_user", &user(caller), of.searches_by_user);
        self.spend(&limit, caller.whose()).await?;
        let all = all_of(caller);
        let limit = RateLimit::new("searches_by_tenant", &all, of.searches_by_tenant);
        self.spend(&limit, caller.whose()).await
    }

    /// Counts here, and asks the database now and then.
    pub(crate) async fn spend(&self, limit: &RateLimit, whose: Whose) -> Result<()> {
        self.flooding.check(limit)?;
        let Some(tokens) = self.allowances.spend(limit) else {
            return Ok(());
        };
        let spent = self.db.spend(limit, tokens, whose).await;
        match spent.map_err(uncounted)? {
            Ok(left) => {
                self.allowances.remain(limit, left);
                Ok(())
            }
            Err(exhausted) => {
                self.flooding.is(limit, exhausted);
                Err(Error::TooMany(exhausted))
            }
        }
    }

    fn by_address(&self, name: &'static str, client: Option<IpAddr>) -> Option<RateLimit> {
        let network = network(client?);
        let most = self.config.logins_per_minute_by_address;
        Some(RateLimit::new(name, &network, most))
    }

    async fn count_client(&self, name: &'static str, client: Option<IpAddr>) -> Result<()> {
        match self.by_address(name, client) {
            Some(limit) => self.count(&limit, Whose::client(client)).await,
            None => Ok(()),
        }
    }

    /// Counts in the database each time: what is guessed at is let through nowhere without.
    pub(crate) async fn count(&self, limit: &RateLimit, whose: Whose) -> Result<()> {
        self.count_and_left(limit, whose).await.map(drop)
    }

    /// The same, and how many are left.
    pub(crate) async fn count_and_left(&self, limit: &RateLimit, whose: Whose) -> Result<u32> {
        self.flooding.check(limit)?;
        let spent = self.db.spend(limit, 1, whose).await;
        spent.map_err(uncounted)?.map_err(|exhausted| {
            self.flooding.is(limit, exhausted);
            Error::TooMany(exhausted)
        })
    }

    /// How many are left of what may be counted. Takes none.
    pub(crate) async fn left_of(&self, limit: &RateLimit, whose: Whose) -> Result<u32> {
        let left = self.db.spend(limit, 0, whose).await;
        Ok(left.map_err(uncounted)?.unwrap_or(0))
    }
}

fn user(caller: &db::Caller) -> String {
    format!("{}\0{}", caller.tenant_id(), caller.user_id())
}

/// With whom the caller shares what its tenant may do: visitors with one another, so that they take nothing from its people.
fn all_of(caller: &db::Caller) -> String {
    match caller.site() {
        None => caller.tenant_id().to_string(),
        Some(_) => format!("{}\0visitors", caller.tenant_id()),
    }
}

/// Whatever ails the counter, uncounted attempts are not let through (OWASP ASVS 5.0, 6.3.1).
fn uncounted(e: db::Error) -> Error {
    match e {
        db::Error::Overloaded => e.into(),
        e => Error::Unavailable(e.into()),
    }
}

/// What one client has to itself: an address, or with IPv6 the network that a household is given (RFC 6177).
pub fn network(ip: IpAddr) -> String {
    match db::network(ip) {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("{ip}/64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // R8
    fn a_client_cannot_change_its_network() {
        let of = |ip: &str| network(ip.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::4"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
    }
}
