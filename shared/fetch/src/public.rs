//! Keeping calls to hosts that a tenant chose away from the deployment's own network.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Finds the addresses of a host, and only those that are on the public internet: whoever names a host also says where
/// that name leads, and may say otherwise after the name was checked.
pub struct PublicOnly {
    /// Whether this machine's own addresses count as well; for a deployment whose providers are there.
    pub or_loopback: bool,
    /// Names of hosts whose addresses of this machine and of private networks count as well.
    pub own: Arc<[String]>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let (or_loopback, own) = (self.or_loopback, self.own.clone());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let may = |ip: IpAddr| {
                may_be_called(ip, name.as_str(), &own) || or_loopback && ip.is_loopback()
            };
            let may_be_called: Vec<_> = found.filter(|address| may(address.ip())).collect();
            match may_be_called.is_empty() {
                true => Err(NotPublic.into()),
                false => Ok(Box::new(may_be_called.into_iter()) as Addrs),
            }
        })
    }
}

/// Finds the addresses of a host, and only those that are of this machine or of a private network: what is not encrypted
/// must not leave it, wherever its name leads.
pub struct PrivateOnly;

impl Resolve for PrivateOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let private: Vec<_> = found.filter(|found| is_own_network(found.ip())).collect();
            match private.is_empty() {
                true => Err(NotPrivate.into()),
                false => Ok(Box::new(private.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether a host may be called at `ip`: `own` are those that may be called on this machine and on private networks.
pub(crate) fn may_be_called(ip: IpAddr, host: &str, own: &[String]) -> bool {
    is_public(ip) || is_own_network(ip) && own.iter().any(|own| own.eq_ignore_ascii_case(host))
}

/// Whether `ip` is of this machine or of a private network. A link's own addresses are not: clouds have their metadata
/// there.
pub fn is_own_network(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

/// A name leads out of the private network.
#[derive(Debug, thiserror::Error)]
#[error("The host has no address on a private network, and is to be called without encryption.")]
struct NotPrivate;

/// A name leads nowhere that may be called.
#[derive(Debug, thiserror::Error)]
#[error("The host has no address on the public internet.")]
pub(crate) struct NotPublic;

/// Whether `ip` is an address of the public internet: in no block that is set aside for something else (IANA's
/// special-purpose address registries).
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let set_aside = match (a, b, c) {
        // This network, carriers' own, protocols', 6to4 relays, tests of devices, and all from 240 on.
        (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) => true,
        (240.., ..) => true,
        _ => false,
    };
    let local = ip.is_private() || ip.is_loopback() || ip.is_link_local();
    !(set_aside || local || ip.is_multicast() || ip.is_documentation())
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    match (a, b) {
        // How an IPv6-only network names an IPv4 address (RFC 6052).
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => {
            let [[a, b], [c, d]] = [g.to_be_bytes(), h.to_be_bytes()];
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocols', tunnels through IPv4 addresses of any kind, and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff) => false,
        // All that has been given out.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // R60
    fn only_the_internet_is_public() {
        for ip in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[tokio::test] // R60
    async fn a_name_that_leads_to_this_machine_leads_nowhere() {
        let localhost = || "localhost".parse::<Name>().unwrap();
        let [never, here] = [false, true].map(|or_loopback| PublicOnly {
            or_loopback,
            own: [].into(),
        });
        let refused = never.resolve(localhost()).await.err().unwrap();
        assert!(refused.is::<NotPublic>());
        let found = here.resolve(localhost()).await.ok().unwrap();
        assert!(found.into_iter().all(|address| address.ip().is_loopback()));
    }
}
