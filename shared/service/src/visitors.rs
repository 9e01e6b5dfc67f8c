//! Visitors of a tenant's web pages: their site's key, and how often they may come and ask.

use crate::{Error, Result, Service, limit_words::after};
use db::{Caller, LimitScope, LimitState, RateLimit, Whose};
use std::net::IpAddr;
use tenant_auth::{SiteClaim, SiteKeys};
use uuid::Uuid;

impl Service {
    /// The public key of a site.
    pub fn site_key(&self, tenant: Uuid, site: Uuid) -> String {
        self.keyring.sites.issue(tenant, site)
    }

    /// What a site key says, if we made it. What we did not make is told from that without a look at its site.
    ///
    /// # Errors
    /// It may have been made with a secret that is gone, and the database does not answer.
    pub async fn site_claim(&self, key: &str) -> Result<Option<SiteClaim>> {
        if let Some(claim) = self.keyring.sites.open(key) {
            return Ok(Some(claim));
        }
        let kept = self.kept_keys().await?;
        Ok(SiteKeys::open_kept(&kept.site_keys, key))
    }

    /// How many may come in at a site from somebody's network.
    pub(crate) fn visitors_of_network(
        &self,
        site: &SiteClaim,
        client: Option<IpAddr>,
    ) -> RateLimit {
        let most = self.config.rate_limits.visitors_by_network;
        let network = prefix(client);
        let of = format!("{}\0{}\0{network}", site.tenant_id(), site.site_id());
        RateLimit::new("visitors_by_network", &of, most)
    }

    /// Counts a new visitor of a site, wherever it comes from.
    ///
    /// # Errors
    /// 429 when too many came.
    pub async fn count_new_visitor(
        &self,
        site: &SiteClaim,
        most: i32,
        client: Option<IpAddr>,
    ) -> Result<()> {
        let limit = new_visitors(site, most);
        self.count(&limit, Whose::client(client)).await
    }

    /// Counts a question of a visitor, by the network that it comes from; nothing of whoever has an account.
    ///
    /// # Errors
    /// 429 when too many were asked from there.
    pub async fn count_visitors_question(&self, caller: &Caller) -> Result<()> {
        let Some(site) = caller.site() else {
            return Ok(());
        };
        let most = self.config.rate_limits.visitor_questions_by_network;
        let network = prefix(caller.asked().client_ip);
        let of = format!("{}\0{}\0{network}", caller.tenant_id(), site.id);
        let limit = RateLimit::new("visitor_questions_by_network", &of, most);
        self.spend(&limit, caller.whose()).await
    }
}

/// How many new visitors may come to a site.
pub(crate) fn new_visitors(site: &SiteClaim, most: i32) -> RateLimit {
    let of = format!("{}\0{}", site.tenant_id(), site.site_id());
    RateLimit::new("visitors_by_site", &of, u32::try_from(most).unwrap_or(1))
}

/// Why a limit refuses a caller. A visitor is told neither what the tenant may spend nor that it is about money.
pub fn limited(caller: &Caller, limit: LimitState) -> Error {
    let limit = Box::new(limit);
    match caller.site() {
        None => Error::Limit(limit),
        Some(_) => Error::VisitorLimit(limit),
    }
}

/// What a visitor is told of a limit.
pub(crate) fn sentence(limit: &LimitState) -> String {
    let wait = after(limit.reset);
    match (limit.scope, &*limit.name) {
        (LimitScope::User, "requests_per_minute") => {
            let most = limit.most;
            format!("You may ask {most} questions a minute. Try again in {wait}.")
        }
        (LimitScope::User, "concurrent_answers") => {
            "Wait until the answer is done, or stop it, before you ask again.".to_owned()
        }
        (LimitScope::User, _) => {
            format!("You have asked as much as one may here for now. Try again in {wait}.")
        }
        (_, "requests_per_minute" | "concurrent_answers") => {
            "Many are asking at this moment. Try again in a minute.".to_owned()
        }
        _ => format!("This chat is closed for now. It opens again in {wait}."),
    }
}

/// The network that somebody comes from: the first 24 bits of IPv4, which many small providers share, and what a household is
/// given with IPv6.
fn prefix(client: Option<IpAddr>) -> String {
    match client.map(db::network) {
        None => String::new(),
        Some(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(ip)) => format!("{ip}/64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_network() {
        let of = |ip: &str| prefix(Some(ip.parse().unwrap()));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.200"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::4"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
    }

    #[test]
    fn a_visitor_is_not_told_what_a_tenant_spends() {
        for scope in [LimitScope::Tenant, LimitScope::Key, LimitScope::User] {
            for name in ["cost_per_day", "tokens_per_month", "requests_per_minute"] {
                let limit = LimitState {
                    name: name.to_owned(),
                    scope,
                    most: 4711,
                    left: 4,
                    reset: 7200,
                };
                let told = sentence(&limit);
                let own = scope == LimitScope::User && name == "requests_per_minute";
                assert_eq!(told.contains("4711"), own, "{told}");
                assert!(!told.contains("tenant") && !told.contains("key"), "{told}");
            }
        }
    }
}
