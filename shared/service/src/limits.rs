//! How often a client may try what others could guess at: passwords and tokens.

use crate::{Error, Result, Service};
use db::RateLimit;
use std::net::IpAddr;

impl Service {
    /// Counts an attempt to log in as `email` in `tenant`. Asked before anything is looked up or hashed, and for
    /// addresses that nobody has as well, so that it tells nothing.
    ///
    /// # Errors
    /// 429 when it was tried too often: with this address by anybody, or by this client.
    pub async fn count_login(
        &self,
        tenant: &str,
        email: &str,
        client: Option<IpAddr>,
    ) -> Result<()> {
        let per_minute = self.config.logins_per_minute_by_email;
        let by_email = RateLimit {
            key: format!("login\0{tenant}\0{email}"),
            per_minute,
        };
        self.count([Some(by_email), self.by_address("login", client)])
            .await
    }

    /// Counts an attempt to renew a login.
    ///
    /// # Errors
    /// 429 when this client has tried too often.
    pub async fn count_refresh(&self, client: Option<IpAddr>) -> Result<()> {
        self.count([self.by_address("refresh", client), None]).await
    }

    /// Counts an attempt to accept an invitation.
    ///
    /// # Errors
    /// 429 when this client has tried too often.
    pub async fn count_invitation(&self, client: Option<IpAddr>) -> Result<()> {
        self.count([self.by_address("invitation", client), None])
            .await
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
        self.count([Some(limit), None]).await
    }

    fn by_address(&self, what: &str, client: Option<IpAddr>) -> Option<RateLimit> {
        let network = network(client?);
        Some(RateLimit {
            key: format!("{what}\0{network}"),
            per_minute: self.config.logins_per_minute_by_address,
        })
    }

    async fn count(&self, limits: [Option<RateLimit>; 2]) -> Result<()> {
        let limits: Vec<_> = limits.into_iter().flatten().collect();
        if limits.is_empty() {
            return Ok(());
        }
        // Whatever ails the counter, uncounted attempts are not let through (OWASP ASVS 5.0, 6.3.1).
        let taken = self.db.take(&limits).await;
        match taken.map_err(|e| Error::Unavailable(e.into()))? {
            None => Ok(()),
            Some(exhausted) => Err(Error::TooMany(exhausted)),
        }
    }
}

/// What one client has to itself: an address, or with IPv6 the network that a household is given (RFC 6177).
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
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
