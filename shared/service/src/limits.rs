//! How often a client may try what others could guess at: passwords and tokens.

use crate::{Error, Result, Service};
use db::{Exhausted, LoginLimits, RateLimit, Whose};
use moka::sync::Cache;
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How often somebody may take another name: each time is a row of the audit log.
const RENAMES_PER_MINUTE: u32 = 10;

/// How many passwords the administrators of one tenant may set: each takes a hasher from those who log in.
const PASSWORDS_PER_MINUTE: u32 = 30;

/// The clients that have tried too often, until when: whatever else they send costs the database nothing. Forgets some
/// where they are very many, and then the database says it again.
#[derive(Clone)]
pub(crate) struct Flooding(Cache<String, (Instant, u32)>);

impl Flooding {
    pub(crate) fn nobody() -> Self {
        let longest = Duration::from_secs(60);
        let cache = Cache::builder().max_capacity(10_000).time_to_live(longest);
        Self(cache.build())
    }

    fn check(&self, limit: &RateLimit) -> Result<()> {
        let Some((until, per_minute)) = self.0.get(&limit.key) else {
            return Ok(());
        };
        let wait = until.saturating_duration_since(Instant::now());
        match wait.is_zero() {
            true => Ok(()),
            false => Err(Error::TooMany(Exhausted { per_minute, wait })),
        }
    }

    fn is(&self, limit: &RateLimit, exhausted: Exhausted) {
        let until = Instant::now() + exhausted.wait;
        self.0
            .insert(limit.key.clone(), (until, exhausted.per_minute));
    }
}

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
            client: self.by_address("login", client),
            account: RateLimit {
                key: format!("login\0{email}"),
                per_minute: self.config.logins_per_minute_by_email,
            },
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
        self.count_client("refresh", client).await
    }

    /// Counts an attempt to accept an invitation.
    ///
    /// # Errors
    /// 429 when this client has tried too often.
    pub async fn count_invitation(&self, client: Option<IpAddr>) -> Result<()> {
        self.count_client("invitation", client).await
    }

    /// Counts an attempt to tell a password of somebody who is logged in.
    ///
    /// # Errors
    /// 429 when it was tried too often.
    pub async fn count_password(&self, caller: &db::Caller) -> Result<()> {
        let limit = RateLimit {
            key: format!("password\0{}\0{}", caller.tenant_id(), caller.user_id()),
            per_minute: self.config.logins_per_minute_by_email,
        };
        self.count(&limit, caller.whose()).await
    }

    /// Counts a change of the caller's name.
    ///
    /// # Errors
    /// 429 when it was changed too often.
    pub async fn count_rename(&self, caller: &db::Caller) -> Result<()> {
        let limit = RateLimit {
            key: format!("rename\0{}\0{}", caller.tenant_id(), caller.user_id()),
            per_minute: RENAMES_PER_MINUTE,
        };
        self.count(&limit, caller.whose()).await
    }

    /// Counts a password that an administrator of the tenant sets for somebody.
    ///
    /// # Errors
    /// 429 when too many were set.
    pub async fn count_set_password(&self, tenant: Uuid) -> Result<()> {
        let limit = RateLimit {
            key: format!("set password\0{tenant}"),
            per_minute: PASSWORDS_PER_MINUTE,
        };
        self.count(&limit, Whose::tenant(tenant)).await
    }

    fn by_address(&self, what: &str, client: Option<IpAddr>) -> Option<RateLimit> {
        let network = network(client?);
        Some(RateLimit {
            key: format!("{what}\0{network}"),
            per_minute: self.config.logins_per_minute_by_address,
        })
    }

    async fn count_client(&self, what: &str, client: Option<IpAddr>) -> Result<()> {
        let Some(limit) = self.by_address(what, client) else {
            return Ok(());
        };
        self.flooding.check(&limit)?;
        let counted = self.count(&limit, Whose::client(client)).await;
        if let Err(Error::TooMany(exhausted)) = &counted {
            self.flooding.is(&limit, *exhausted);
        }
        counted
    }

    async fn count(&self, limit: &RateLimit, whose: Whose) -> Result<()> {
        let taken = self.db.take(std::slice::from_ref(limit), whose).await;
        match taken.map_err(uncounted)? {
            None => Ok(()),
            Some(exhausted) => Err(Error::TooMany(exhausted)),
        }
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
